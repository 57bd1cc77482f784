"""With labels drawn at random nothing can be learned: what each protocol then reports.

`python -m tests.evals.test_null` prints it: the reported score is chance, within its interval,
and what choosing on the test items would have claimed lies above.
"""

from functools import cache
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


@cache
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
        result = evals.evaluate(spec, *sets)
        low, high = result.intervals["accuracy"]
        reported.append(result.metrics["accuracy"])
        covered.append(low <= CHANCE <= high)
        best.append(result.metrics.get("accuracy_best_on_test", result.metrics["accuracy"]))
    values = torch.tensor(reported)
    return Null(
        float(values.mean()),
        sum(covered) / studies,
        sum(best) / studies,
        float(values.std()) / studies**0.5,
    )


@pytest.mark.parametrize("protocol", ["linear@1", "knn@1"])
def test_random_labels_score_chance(protocol: str) -> None:
    of_chance = null(protocol)
    assert abs(of_chance.reported - CHANCE) < 4 * of_chance.standard_error
    assert of_chance.covered >= 0.85  # 95% of 60 less four standard errors


def test_choosing_on_test_would_have_claimed_more() -> None:
    of_chance = null("linear@1")
    assert of_chance.best_on_test > of_chance.reported + 4 * of_chance.standard_error
    assert of_chance.best_on_test > CHANCE + 4 * of_chance.standard_error


if __name__ == "__main__":
    print(f"{CLASSES} classes drawn at random, chance {CHANCE:.1%}, {STUDIES} studies")  # noqa: T201
    for name in ("linear@1", "knn@1"):
        n = null(name)
        print(  # noqa: T201
            f"{name:9} reported {n.reported:.2%} (standard error {n.standard_error:.2%}), "
            f"95% interval covers chance in {n.covered:.0%}, best on test {n.best_on_test:.2%}"
        )
