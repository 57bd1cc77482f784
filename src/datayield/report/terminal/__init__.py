"""What the terminal shows: plans, lists, distances."""

from datayield.report.terminal.lists import protocols

__all__ = ["protocols"]
