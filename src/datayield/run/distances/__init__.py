"""Distances between datasets: the networks, cached features, and the measurement."""
