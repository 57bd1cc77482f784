"""Classes choose which images are drawn from; what is wrong with a choice is told."""

import numpy as np
import pytest

from datayield.data.selection.classes import among, missing_classes, numbers
from datayield.data.selection.subset import Among, indices
from datayield.spec.errors import DataError
from datayield.spec.run.subset import Classes, Part

NAMES = [f"c{i}" for i in range(10)]
LABELS = np.random.default_rng(0).integers(0, 10, 500)


def _classes(value: object) -> Classes:
    return Classes.model_validate(value)


@pytest.mark.parametrize(
    ("value", "want"),
    [("[:3]", [0, 1, 2]), ("[7:]", [7, 8, 9]), ("[-2:]", [8, 9]), ([5, "c2", 5], [2, 5])],
)
def test_numbers(value: object, want: list[int]) -> None:
    assert numbers(_classes(value), NAMES, "x").tolist() == want


def test_halves_are_the_two_halves() -> None:
    for seed in range(5):
        one = numbers(_classes({"share": 0.5, "seed": seed}), NAMES, "x")
        rest = numbers(_classes({"share": 0.5, "seed": seed, "rest": True}), NAMES, "x")
        assert len(one) == 5
        assert sorted([*one, *rest]) == list(range(10))
    drawn = [tuple(numbers(_classes({"share": 0.3, "seed": s}), NAMES, "x")) for s in range(9)]
    assert len(set(drawn)) > 5


def test_a_draw_never_changes() -> None:
    assert numbers(_classes({"share": 0.3}), NAMES, "x").tolist() == [0, 5, 6]


def test_images_are_those_of_the_classes_and_nest() -> None:
    part = {"dataset": "d", "classes": {"some": (2, 5)}, "seed": 3}
    wanted, of = among(_classes([2, 5]), "label", {"label": LABELS}, {"label": NAMES}, "x")
    assert wanted.tolist() == [2, 5]
    assert of.tolist() == [i for i, c in enumerate(LABELS) if c in (2, 5)]
    large = np.asarray(indices(Part(**part, count=50), 500, of=of))
    assert set(LABELS[large]) == {2, 5}
    assert len(set(large)) == 50
    small = np.asarray(indices(Part(**part, count=20), 500, of=of))
    after = np.asarray(indices(Part(**part, count=30, skip=20), 500, of=of))
    np.testing.assert_array_equal(np.concatenate([small, after]), large)


def test_many_images_are_drawn_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datayield.data.selection.subset.WHOLE", 10)
    _, of = among(_classes("[:5]"), "label", {"label": LABELS}, {}, "x")
    part = Part(dataset="d", classes=_classes("[:5]"), count=40, skip=5)
    drawn = indices(part, 500, of=of)
    assert isinstance(drawn, Among)
    first = drawn[np.arange(40)]
    assert len(set(first)) == 40
    assert set(LABELS[first]) <= set(range(5))
    np.testing.assert_array_equal(indices(part.model_copy(update={"skip": 7}), 500, of=of)[
        np.arange(38)], first[2:])  # fmt: skip


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([10], "0 to 9"),
        (["c11"], "did you mean 'c1"),
        ("[10:]", "none of the 10 classes"),
    ],
)
def test_classes_that_are_not_there(value: object, says: str) -> None:
    with pytest.raises(DataError, match="class") as caught:
        numbers(_classes(value), NAMES, "data.parts.A.classes")
    assert says in str(caught.value)
    assert "data.parts.A.classes" in str(caught.value)


def test_labels_that_are_not_there() -> None:
    with pytest.raises(DataError, match="'label', which do not exist") as caught:
        among(_classes("[:2]"), "label", {"shape": LABELS}, {}, "x")
    assert "shape" in str(caught.value)


def test_more_than_the_classes_have() -> None:
    _, of = among(_classes([1]), "label", {"label": LABELS}, {}, "x")
    part = Part(dataset="d", classes=_classes([1]), count=80)
    with pytest.raises(DataError, match=f"{len(of)} usable images of 1 classes"):
        indices(part, 500, of=of)


def test_a_plan_knows_without_decoding() -> None:
    fine = Part(dataset="digits", classes=_classes("[:5]"), label="digit", count=100)
    assert missing_classes([("B", fine), ("A", fine)]) == []
    many = fine.model_copy(update={"count": 100_000})
    (error,) = missing_classes([("B", fine), ("A", many)])
    assert "data.parts.A.count" in str(error)
    assert "usable images of [:5]" in str(error)
    (error,) = missing_classes([("", fine.model_copy(update={"label": None}))])
    assert "digit, ink" in str(error)


@pytest.mark.parametrize(
    "value", ["[:x]", [], {"share": 1.0}, {"seed": 3}, {"share": 0.5, "slice": "[:3]"}, {}]
)
def test_what_is_no_choice(value: object) -> None:
    with pytest.raises(ValueError, match=r"class|some|share"):
        _classes(value)
