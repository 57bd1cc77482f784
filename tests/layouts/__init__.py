"""Makers of odd dataset layouts that know their truth; see `tests.generated_layouts`."""
