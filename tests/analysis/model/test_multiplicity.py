"""Claims that are read together, against Holm's procedure step by step."""

import pytest
from scipy import stats

from datayield.analysis.model.difference import Difference
from datayield.analysis.model.multiplicity import most_p


def _with_p(p: float, decides: bool = True) -> Difference:
    t = float(stats.t.isf(p / 2, 10))
    return Difference(t, t - 1, t + 1, 3, "seeds" if decides else "test images only", 1.0, 10.0)


@pytest.mark.parametrize(
    ("ps", "last"),
    [
        ([0.01, 0.04, 0.03], 0.01),  # 0.03 is above 0.05 / 2
        ([0.001, 0.02, 0.04], 0.04),  # each is below 0.05 / (3 - place)
        ([0.02, 0.5, 0.6], 0.0),  # 0.02 is above 0.05 / 3
        ([], 0.0),
    ],
)
def test_the_largest_p_that_counts(ps: list[float], last: float) -> None:
    assert most_p(map(_with_p, ps)) == pytest.approx(last, rel=1e-6)


def test_one_contrast_under_two_names_counts_once() -> None:
    one = _with_p(0.03)
    assert most_p([one, one.per(3), _with_p(0.9)]) == 0.0  # 0.03 is above 0.05 / 2
    assert most_p([one, one.per(3)]) == pytest.approx(0.03)


def test_what_decides_nothing_is_not_counted() -> None:
    many = [_with_p(1e-9, decides=False)] * 20
    assert most_p([_with_p(0.04), *many]) == pytest.approx(0.04)
