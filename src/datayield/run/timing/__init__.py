"""Timing this machine: one run of each kind for a plan, and CPU settings."""

from datayield.run.timing.cpu_rates import NETS, train_rates

__all__ = ["NETS", "train_rates"]
