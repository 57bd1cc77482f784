"""With labels drawn at random nothing can be learned: what each protocol then reports.

`python -m tests.evals.test_null` prints it: the reported score is chance, within its interval,
and what choosing on the test items would have claimed lies above.
"""

from typing import NamedTuple

import pytest
import torch

from datayield import evals
from datayield.spec.evaluation.eval_spec import EvalSpec

CLASSES, DIM, TRAIN, TEST, STUDIES = 10, 32, 300, 400, 60
CHANCE = 1 / CLASSES


class Null(NamedTuple):
    """Means over studies of labels drawn at random; `covered`: intervals that hold chance."""

    reported: float
    covered: float
    best_on_test: float
    standard_error: float  # of `reported`


def null(protocol: str, studies: int = STUDIES) -> Null:
    reported, covered, best = [], [], []
    for number in range(studies):
        noise = torch.Generator().manual_seed(number)
        sets = [
            (
                torch.randn(n, DIM, generator=noise),
                torch.randint(CLASSES, (n,), generator=noise),
            )
            for n in (TRAIN, TEST)
        ]
        spec = EvalSpec.model_validate(
            {"name": "null", "protocol": protocol, "dataset": "noise", "seed": number}
        )
        found = evals.evaluate(spec, *sets)
        low, high = found.intervals["accuracy"]
        reported.append(found.metrics["accuracy"])
        covered.append(low <= CHANCE <= high)
        best.append(found.metrics.get("accuracy_best_on_test", found.metrics["accuracy"]))
    values = torch.tensor(reported)
    return Null(
        float(values.mean()),
        sum(covered) / studies,
        sum(best) / studies,
        float(values.std()) / studies**0.5,
    )


@pytest.mark.parametrize("protocol", ["linear@1", "knn@1"])
def test_random_labels_score_chance(protocol: str) -> None:
    found = null(protocol)
    assert abs(found.reported - CHANCE) < 4 * found.standard_error
    assert found.covered >= 0.85  # 95% of 60 less four standard errors


def test_choosing_on_test_would_have_claimed_more() -> None:
    found = null("linear@1")
    assert found.best_on_test > found.reported + 4 * found.standard_error
    assert found.best_on_test > CHANCE + 4 * found.standard_error


if __name__ == "__main__":
    print(f"{CLASSES} classes drawn at random, chance {CHANCE:.1%}, {STUDIES} studies")  # noqa: T201
    for name in ("linear@1", "knn@1"):
        n = null(name)
        print(  # noqa: T201
            f"{name:9} reported {n.reported:.2%} (standard error {n.standard_error:.2%}), "
            f"95% interval covers chance in {n.covered:.0%}, best on test {n.best_on_test:.2%}"
        )
