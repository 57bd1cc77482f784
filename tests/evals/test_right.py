"""Every classifier says which test items it got right: their share is its accuracy."""

from statistics import fmean

import pytest
import torch

from datayield.evals import EvalResult, evaluate
from datayield.spec.evaluation.eval_spec import EvalSpec
from tests.evals.made import mixture

TRAIN, TEST = mixture(120, 8, 3, seed=1), mixture(50, 8, 3, seed=2)


def _measured(protocol: str, **more: object) -> EvalResult:
    made = {"name": "task", "protocol": protocol, "dataset": "made", **more}
    return evaluate(EvalSpec.model_validate(made), TRAIN, TEST, views=lambda _: TRAIN[0])


@pytest.mark.parametrize("protocol", ["linear@1", "knn@1", "vtab@1", "linear_sgd@1"])
def test_of_all_labels(protocol: str) -> None:
    measured = _measured(protocol)
    assert measured.right is not None
    assert measured.right.shape == (1, 50)
    (right,) = measured.right
    assert float(right.double().mean()) == measured.metrics["accuracy"]
    recalls = [float(right[TEST[1] == c].double().mean()) for c in range(3)]
    assert measured.metrics["balanced_accuracy"] == pytest.approx(fmean(recalls))


def test_of_each_draw_of_the_labels() -> None:
    measured = _measured("knn@1", per_class=5, draws=4)
    assert measured.right is not None
    each = measured.right.double().mean(dim=1)
    assert [measured.metrics[f"accuracy_draw{i}"] for i in range(4)] == each.tolist()
    assert not torch.equal(measured.right[0], measured.right[1])


def test_not_of_what_has_no_right_and_wrong() -> None:
    spec = EvalSpec(name="rank", protocol="spectrum@1", dataset="made")
    assert evaluate(spec, None, TEST).right is None
