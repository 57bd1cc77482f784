"""What the table of `python -m tests.distances` shows, held to its limits."""

import pytest

from tests.distances import __main__ as table
from tests.distances import golden
from tests.distances.cases import CASES, SIZES

LIMIT = 1e-9
PACKAGES = 1e-6


@pytest.mark.parametrize("row", table.rows(), ids=lambda row: f"{row['figure']} {row['n']}")
def test_figures_are_those_of_loops_and_packages(row: dict[str, float]) -> None:
    assert row["loops"] < LIMIT
    assert all(row[key] < PACKAGES for key in table.PACKAGES if key in row)


def test_the_golden_values_are_the_packages() -> None:
    if not golden.has_packages():
        pytest.skip("torch-fidelity, clean-fid and vdna are not installed")
    for made, kept in zip(golden.make()["samples"], golden.read()["samples"], strict=True):
        assert made["figures"] == pytest.approx(kept["figures"], rel=1e-9)


def test_the_table_names_every_package() -> None:
    text = table.markdown(table.rows())
    assert all(name in text for name in table.PACKAGES.values())
    assert text.count("\n| ") == 2 + len(CASES) * len(SIZES)
