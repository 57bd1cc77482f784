"""Each protocol has a row of conditions, and labels that cannot be learned from are refused."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from datayield.data.requirements import REQUIREMENTS, examined
from datayield.spec.evaluation import EvalSpec
from datayield.spec.evaluation.protocols import PROTOCOLS


class OfLabels(NamedTuple):
    numbers: list[int]
    names: tuple[str, ...] = ("ant", "bee", "cow")

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
        return {"label": list(self.names)}


def _refused(train: list[int], test: list[int], **asked: Any) -> list[str]:
    ev = EvalSpec(**{"name": "e", "protocol": "linear@1", "dataset": "./x"} | asked)
    return [
        e.message for e in examined(ev, {"train": OfLabels(train), "test": OfLabels(test)}).refusals
    ]


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


@pytest.mark.parametrize("protocol", [p for p in PROTOCOLS if not PROTOCOLS[p].reads_masks])
def test_a_common_task_is_not_refused(protocol: str) -> None:
    assert _refused([0, 1] * 20, [0, 1] * 20, protocol=protocol) == []


def test_rare_and_missing_classes_are_noted() -> None:
    ev = EvalSpec(name="e", protocol="linear@1", dataset="./x")
    splits = {"train": OfLabels([0] * 5 + [1]), "test": OfLabels([0, 2, 2])}
    missing, single = examined(ev, splits).notes
    assert "1 class (cow)" in missing
    assert "2 of 3 test images" in missing
    assert "1 class (bee)" in single


NAMED = (
    (("ant", "bee"), ("Ant", "bee"), "class 'Ant' is ambiguous"),
    (("ant", "bee"), ("cow", "dog"), "no class in common"),
    (("ant", "bee"), ("0", "1"), "another only numbers them"),
    (("ant", "bee"), ("bee", "ant"), None),
)


@pytest.mark.parametrize(("train", "test", "said"), NAMED)
def test_classes_that_cannot_be_matched_are_refused(
    train: tuple[str, ...], test: tuple[str, ...], said: str | None
) -> None:
    splits = {"train": OfLabels([0, 1] * 8, train), "test": OfLabels([0, 1] * 4, test)}
    for more in ({}, {"classes": {"some": (train[0],)}, "protocol": "spectrum@1"}):
        ev = EvalSpec(**{"name": "e", "protocol": "knn@1", "dataset": "./x"} | more)
        messages = [e.message for e in examined(ev, splits).refusals]
        assert len(messages) == (said is not None)
        assert said is None or said in messages[0]


def test_classes_are_missing_by_name() -> None:
    ev = EvalSpec(name="e", protocol="knn@1", dataset="./x")
    train = OfLabels([0, 1] * 8, ("ant", "bee"))
    assert examined(ev, {"train": train, "test": OfLabels([0, 1] * 4, ("bee", "ant"))}).notes == ()
    (note,) = examined(ev, {"train": train, "test": OfLabels([0, 1, 1], ("ant", "cow"))}).notes
    assert "1 class (cow)" in note
    assert "2 of 3 test images" in note


def test_images_without_a_label_do_not_count() -> None:
    ev = EvalSpec(name="e", protocol="knn@1", dataset="./x", train_count=9)
    train = OfLabels([0, 1] * 4 + [-1] * 4)
    (error,) = examined(ev, {"train": train, "test": OfLabels([0, 1])}).refusals
    assert "8 labelled images" in error.message
    assert error.allowed == "2 to 8"


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        ([0, 1] * 8, [2, 3], "no test image is of a class"),
        ([0, 1] * 8, [0, 4], "class 'Bee' is ambiguous: is it 'bee'?"),
        ([0, 1] * 8, [0, 2], None),
        ([0, 1, 4] * 8, [1, 4], None),  # both are there, so they are two classes
    ],
)
def test_classes_listed_for_all_splits_are_compared_where_they_occur(
    train: list[int], test: list[int], said: str | None
) -> None:
    names = ("ant", "bee", "cow", "dog", "Bee")
    splits = {"train": OfLabels(train, names), "test": OfLabels(test, names)}
    for protocol in ("knn@1", "linear@1", "linear_sgd@1", "vtab@1", "finetune@1"):
        ev = EvalSpec(name="e", protocol=protocol, dataset="./x")
        messages = [e.message for e in examined(ev, splits).refusals]
        assert len(messages) == (said is not None)
        assert said is None or said in messages[0]


def test_the_only_label_there_is_is_named() -> None:
    ev = EvalSpec(name="e", protocol="linear@1", dataset="./x", label="species")
    split = OfLabels([0, 1] * 5)
    (first, *_) = examined(ev, {"train": split, "test": split}).refusals
    assert first.hint == "use label: label"
