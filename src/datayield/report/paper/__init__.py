"""The same figures for papers: SVG and PDF by matplotlib."""

from datayield.report.paper.figures import write_static

__all__ = ["write_static"]
