import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score

from datayield.maths.metrics import accuracy, balanced_accuracy, wilson


def test_accuracy() -> None:
    assert accuracy(torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 1, 2])) == 0.75


def test_balanced_accuracy_against_scikit_learn() -> None:
    noise = np.random.default_rng(0)
    target = noise.choice(5, size=300, p=[0.6, 0.2, 0.1, 0.06, 0.04])
    pred = np.where(noise.random(300) < 0.5, target, noise.integers(0, 5, 300))
    got = balanced_accuracy(torch.from_numpy(pred), torch.from_numpy(target))
    assert got == pytest.approx(balanced_accuracy_score(target, pred), rel=1e-12)
    assert got != accuracy(torch.from_numpy(pred), torch.from_numpy(target))


def test_balanced_accuracy_leaves_absent_classes_out() -> None:
    # Classes 0 and 3 are present, with recalls 1/2 and 1; class 7 is only predicted.
    assert balanced_accuracy(torch.tensor([0, 7, 3]), torch.tensor([0, 0, 3])) == 0.75


@pytest.mark.parametrize("score", [accuracy, balanced_accuracy])
@pytest.mark.parametrize("sizes", [(3, 4), (0, 0)])
def test_scores_refuse_unequal_or_no_rows(score: object, sizes: tuple[int, int]) -> None:
    pred, target = (torch.zeros(n, dtype=torch.long) for n in sizes)
    with pytest.raises(ValueError, match="two"):
        score(pred, target)  # type: ignore[operator]


@pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 10), (3, 10), (812, 1000)])
@pytest.mark.parametrize("level", [0.68, 0.95])
def test_wilson_against_scipy(k: int, n: int, level: float) -> None:
    want = binomtest(k, n).proportion_ci(level, method="wilson")
    assert wilson(k, n, level) == pytest.approx((want.low, want.high), abs=1e-12)


def test_wilson_at_its_edges() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 5).low == 0.0
    assert wilson(5, 5).high == 1.0
    for bad in ((6, 5, 0.95), (-1, 5, 0.95), (1, 5, 1.0)):
        with pytest.raises(ValueError, match="successes"):
            wilson(*bad)


def test_the_paper_wing_can_have_wilson_without_torch() -> None:
    code = (
        "import sys, datayield.maths.metrics as m; m.wilson(1, 2); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
