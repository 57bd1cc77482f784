"""What the table of `python -m tests.maths.measures` shows, held to its limits."""

import pytest

from tests.maths.measures import Row, rows

LIMITS = {"loops": 1e-9, "torchmetrics": 1e-6}  # torchmetrics divides in float32


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: f"{row.metric} {row.oracle}")
def test_metrics_are_those_of_direct_computations(row: Row) -> None:
    assert row.apart < LIMITS[row.oracle]
