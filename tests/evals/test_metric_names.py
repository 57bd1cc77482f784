"""The names of metrics that are known before anything runs are those that are measured."""

from collections.abc import Mapping
from typing import Any

import pytest

from datayield.evals import OF_FEATURES, OF_VIEWS, evaluate, evaluate_views
from datayield.spec.evaluation import PROTOCOLS, metric_names
from datayield.spec.evaluation.eval_spec import EvalSpec
from tests.evals.made import mixture
from tests.evals.test_state import space

ON_TEST = "_on_test"


CASES = [
    (protocol, more)
    for protocol in OF_FEATURES
    for more in ({}, {"metric": "balanced_accuracy"}, {"per_class": 8})
    if (PROTOCOLS[protocol].needs_labels or not more)
    and (PROTOCOLS[protocol].takes_fractions or "per_class" not in more)
]


def _spec(protocol: str, **more: Any) -> EvalSpec:
    return EvalSpec(name="task", protocol=protocol, dataset="made", **more)


def _not_as_measured(asked: EvalSpec, got: Mapping[str, float]) -> set[str]:
    """Names that are measured and not known before, or known and not measured."""
    known = set(metric_names(asked.model_dump()))
    measured = {name for name in got if ON_TEST not in name}
    if asked.uses_label_fraction:  # its draws need more labels than there are
        return measured - known
    return measured ^ known


@pytest.mark.parametrize(("protocol", "more"), CASES, ids=str)
def test_of_features(protocol: str, more: dict[str, Any]) -> None:
    asked, (x, y) = _spec(protocol, **more), mixture(80, 6, 2)
    measured = evaluate(asked, test=(x, y), train=(x, y), views=lambda _: x).metrics
    assert _not_as_measured(asked, measured) == set()
    assert metric_names(asked.model_dump())[0] == asked.main_metric or not asked.traits.needs_labels


@pytest.mark.parametrize("protocol", OF_VIEWS)
def test_of_views(protocol: str) -> None:
    asked, (features, projections) = _spec(protocol), (space(q=10), space(q=10, d=20, seed=1))
    assert _not_as_measured(asked, evaluate_views(asked, features, projections).metrics) == set()
