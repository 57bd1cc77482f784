"""Distances between samples against formulas in loops, and against the packages of the field."""
