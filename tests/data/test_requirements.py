"""Each protocol has a row of conditions, and labels that cannot be learned from are refused."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from datayield.data.requirements import REQUIREMENTS, notes, refusals
from datayield.spec.evaluation import EvalSpec
from datayield.spec.evaluation.protocols import PROTOCOLS


class OfLabels(NamedTuple):
    numbers: list[int]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def content(self) -> Any:
        return np.arange(len(self), dtype=np.uint64)

    @property
    def labels(self) -> dict[str, Any]:
        return {"label": np.array(self.numbers, np.int64)}

    @property
    def classes(self) -> dict[str, list[str]]:
        return {"label": ["ant", "bee", "cow"]}


def _refused(train: list[int], test: list[int], **asked: Any) -> list[str]:
    ev = EvalSpec(**{"name": "e", "protocol": "linear@1", "dataset": "./x"} | asked)
    return [e.message for e in refusals(ev, {"train": OfLabels(train), "test": OfLabels(test)})]


def test_every_protocol_has_a_row() -> None:
    assert set(REQUIREMENTS) == set(PROTOCOLS)


@pytest.mark.parametrize(
    ("train", "asked", "says"),
    [
        ([0] * 9, {}, "at least two classes"),
        ([0] * 9, {"protocol": "knn@1"}, "at least two classes"),
        ([0, 1, 2], {}, "no class has two"),
        ([0] * 9 + [1] * 9, {"label_fraction": 0.1}, "no class has two"),
        ([0] * 9 + [1] * 2, {"per_class": 3}, "fewer than per_class"),
        ([0, 1, 2, 0], {"protocol": "vtab@1"}, "too few training items"),
        ([0, 1] * 5, {"train_count": 11}, "has 10 usable images"),
        ([0, 1] * 5, {"test_count": 5}, "has 4 usable images"),
        ([0, 1] * 5, {"label": "kind"}, "no labels called 'kind'"),
        ([0, 1] * 5, {"protocol": "segment@1"}, "has no masks"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    train: list[int], asked: dict[str, Any], says: str
) -> None:
    assert says in _refused(train, [0, 1, 0, 1], **asked)[0]


@pytest.mark.parametrize("protocol", [p for p in PROTOCOLS if p != "segment@1"])
def test_a_common_task_is_not_refused(protocol: str) -> None:
    assert _refused([0, 1] * 20, [0, 1] * 20, protocol=protocol) == []


def test_rare_and_missing_classes_are_noted() -> None:
    ev = EvalSpec(name="e", protocol="linear@1", dataset="./x")
    splits = {"train": OfLabels([0] * 5 + [1]), "test": OfLabels([0, 2, 2])}
    missing, single = notes(ev, splits)
    assert "1 class (cow)" in missing
    assert "2 of 3 test images" in missing
    assert "1 class (bee)" in single
