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


def _same(asked: EvalSpec, got: Mapping[str, float]) -> None:
    names = metric_names(asked.model_dump())
    assert names[0] == asked.main_metric or not asked.traits.needs_labels
    assert {name for name in got if ON_TEST not in name} <= set(names)
    if not asked.uses_label_fraction:  # which name more draws than all labels have
        assert set(names) <= set(got)


def _spec(protocol: str, **more: Any) -> EvalSpec:
    return EvalSpec(name="task", protocol=protocol, dataset="made", **more)


@pytest.mark.parametrize("protocol", OF_FEATURES)
@pytest.mark.parametrize("more", [{}, {"metric": "balanced_accuracy"}, {"per_class": 8}], ids=str)
def test_of_features(protocol: str, more: dict[str, Any]) -> None:
    traits = PROTOCOLS[protocol]
    if (more and not traits.needs_labels) or ("per_class" in more and not traits.takes_fractions):
        return
    asked, (x, y) = _spec(protocol, **more), mixture(80, 6, 2)
    _same(asked, evaluate(asked, test=(x, y), train=(x, y), views=lambda _: x).metrics)


@pytest.mark.parametrize("protocol", OF_VIEWS)
def test_of_views(protocol: str) -> None:
    asked, (features, projections) = _spec(protocol), (space(q=10), space(q=10, d=20, seed=1))
    _same(asked, evaluate_views(asked, features, projections).metrics)
