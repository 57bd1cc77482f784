"""Planted confounds are warned of; a clean study is not."""

from typing import Any

import pytest
import yaml

from datayield.spec.study.confounds import confounds
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import BASE

CLEAN = (
    BASE
    + """  batch: 64
  budget: {images: 64000}
axes: {data.count: [100, 1000], seed: [0, 1]}
evaluations: [{name: category, protocol: linear@1, dataset: sprites, test_count: 2000}]
"""
)


def _warnings(**changes: Any) -> list[str]:
    raw = yaml.safe_load(CLEAN)
    for dotted, value in changes.items():
        *parents, last = dotted.split("__")
        at = raw
        for parent in parents:
            at = at[parent]
        at[last] = value
    study = validated(Study, raw, where="test")
    return confounds(study, study.cells({}))


def test_a_clean_study_is_not_warned_of() -> None:
    assert _warnings() == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"base__budget": {"epochs": 100}}, "C grows with N"),
        ({"base__budget": {"images": 3200}}, "optimizer steps"),
        ({"base__batch": 128}, "less than a batch"),
        ({"axes": {"data.count": [100, 1000]}}, "single seed"),
        ({"base__data": {"dataset": "sprites", "size": 32, "seed": 0}}, "data.seed is fixed"),
        ({"evaluations": [{"name": "c", "protocol": "knn@1", "dataset": "sprites",
                           "test_count": 100}]}, "test images imply an error of about"),
        ({"recipes": {"simclr": {"batch": 32}},
          "axes": {"data.count": [1000], "method": ["simclr", "vicreg"], "seed": [0, 1]},
          "base__method": {"projector": [64, 64]}}, "methods differ"),
        ({"axes": {"run": [{"name": "two", "data": {"count": 1000}},
                           {"name": "four", "data": {"count": 1000},
                            "views": [{"count": 4, "size": 32, "hue": 0.0}]}], "seed": [0, 1]}},
         "2 and with 4 views differs in scale, brightness, contrast, hue, grey too"),
        ({"base__optim": {"lr": 0.001, "warmup": 0.001}}, "optim.warmup"),
        ({"base__optim": {"lr": 0.001, "warmup": {"epochs": 10}}},
         "optim.warmup: a duration in epochs is 0.016 to 0.16 of the run"),
    ],
)  # fmt: skip
def test_a_planted_confound_is_named(changes: dict[str, Any], says: str) -> None:
    assert any(says in warning for warning in _warnings(**changes))


def test_few_images_cost_a_spectrum_no_points() -> None:
    few = {"name": "c", "protocol": "state@1", "dataset": "sprites", "test_count": 100}
    assert not any("points in every score" in warning for warning in _warnings(evaluations=[few]))


def test_epochs_of_a_budget_in_epochs_do_not_move() -> None:
    changes = {"base__optim": {"lr": 0.001, "warmup": {"epochs": 10}},
               "base__budget": {"epochs": 100}}  # fmt: skip
    assert not any("duration" in warning for warning in _warnings(**changes))


def test_fixed_epochs_beside_fixed_compute_are_told_apart() -> None:
    axes = {"data.count": [100, 1000], "seed": [0, 1],
            "budget": [{"epochs": 100}, {"images": 64000}]}  # fmt: skip
    assert not any("C grows with N" in warning for warning in _warnings(axes=axes))
