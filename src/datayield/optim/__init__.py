"""Optimizers, and which parameters they decay."""
