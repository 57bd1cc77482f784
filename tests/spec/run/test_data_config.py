"""Mixtures as written, as resolved, and what is wrong with them, in words."""

from typing import Any

import pytest
import yaml

from datayield.spec.errors import ConfigError
from datayield.spec.run.split_listing import Listing
from datayield.spec.run.subset import Mixture, Subset
from datayield.spec.study.cell import Cell
from datayield.spec.study.confounds import confounds
from datayield.spec.study.shortages import shortages
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import BASE

HERE = {("one", "train"): Listing("f1", 1000), ("two", "train"): Listing("f2", 500)}
TEXT = (
    BASE
    + """  batch: 64
  budget: {images: 64000}
axes: {seed: [0, 1]}
evaluations: [{name: category, protocol: linear@1, dataset: sprites, test_count: 2000}]
"""
)
B = {"dataset": "one", "count": 300}
A = {"dataset": "two", "count": 200}


def _study(data: dict[str, Any], /, **axes: Any) -> Study:
    raw = yaml.safe_load(TEXT)
    raw["base"]["data"] = {"size": 32, **data}
    raw["axes"] = {"seed": [0, 1], **axes}
    return validated(Study, raw, where="test")


def _cells(data: dict[str, Any], **axes: Any) -> list[Cell]:
    return _study(data, **axes).cells(HERE)


def test_parts_know_their_counts_files_and_seeds() -> None:
    for cell in _cells({"parts": {"B": B, "A": {"dataset": "two"}}}):
        data = cell.run.data
        assert isinstance(data, Mixture)
        assert data.count == 800
        assert [name for name, _ in data.members] == ["A", "B"]
        assert {p.fingerprint for p in data.parts.values()} == {"f1", "f2"}
        assert {p.seed for p in data.parts.values()} == {cell.axes["seed"]}


def test_a_seed_of_the_mixture_is_that_of_each_part() -> None:
    for cell in _cells({"seed": 5, "parts": {"B": B, "A": {**A, "seed": 6}}}):
        assert [part.seed for _, part in cell.run.data.members] == [6, 5]


def test_counts_are_an_axis_and_none_is_no_part() -> None:
    cells = _cells({"parts": {"B": B, "A": A}}, **{"data.parts.A.count": [0, 100, 200]})
    assert [cell.run.data.count for cell in cells] == [300, 400, 500] * 2
    alone = _cells({"dataset": "one", "count": 300})
    assert [c.run.id for c in cells if c.run.data.count == 300] == [c.run.id for c in alone]
    assert isinstance(cells[0].run.data, Subset)


def test_a_part_is_added_or_taken_away_by_an_axis() -> None:
    cells = _cells(
        {"parts": {"B": B}},
        run=[{"name": "B"}, {"name": "B + A", "data": {"parts": {"A": A}}},
             {"name": "A", "data": {"parts": {"B": None, "A": A}}}],
    )  # fmt: skip
    assert [cell.run.data.words for cell in cells[:3]] == ["one", "two + one", "two"]
    assert cells[1].run.data.count == 500


def test_a_set_laid_over_a_mixture_takes_its_place_and_back() -> None:
    cells = _cells(
        {"parts": {"B": B, "A": A}},
        run=[{"name": "mix"}, {"name": "one", "data": B}],
    )
    assert isinstance(cells[1].run.data, Subset)
    cells = _cells({"dataset": "one", "rule": "first", "size": 16, "count": 10},
                   run=[{"name": "mix", "data": {"parts": {"B": B, "A": A}}}])  # fmt: skip
    assert isinstance(cells[0].run.data, Mixture)
    assert cells[0].run.data.size == 16


def test_the_sets_of_parts_are_looked_for() -> None:
    study = _study(
        {"parts": {"B": B}},
        run=[{"name": "B"}, {"name": "x", "data": {"parts": {"A": {**A, "split": "extra"}}}}],
    )
    assert study.splits() >= {("one", "train"), ("two", "extra")}
    study = _study({"parts": {"B": B, "A": A}}, **{"data.parts.A.dataset": ["three", "four"]})
    assert {name for name, _ in study.splits()} == {"one", "three", "four", "sprites"}


def test_shortages_are_of_parts() -> None:
    study = _study({"parts": {"B": B, "A": {**A, "skip": 400}}})
    (error,) = shortages(study, study.cells(HERE), HERE)
    assert "'two' split 'train' holds 500 images here, fewer than n=600" in str(error)
    assert error.where == "base.data.parts.A.count"
    assert error.hint.startswith("write 100, or fewer")
    assert error.allowed == "1 to 100"


@pytest.mark.parametrize(
    ("data", "axes", "where", "write"),
    [
        ({**B, "count": 1001}, {}, "base.data.count", "write 1000, or fewer"),
        (B, {"data.count": [10, 1001]}, "axes.data.count", "write 1000, or fewer"),
        (B, {"data": [{"count": 10}, {"count": 1001}]}, "axes.data", "write 1000, or fewer"),
        (B, {"arm": [{"name": "a", "data": {"count": 1001}}]}, "axes.arm", "write 1000, or fewer"),
        ({**B, "skip": 1000}, {}, "base.data.count", "add images, or skip fewer"),
    ],
)
def test_a_shortage_names_the_key_and_what_to_write(
    data: dict[str, Any], axes: dict[str, Any], where: str, write: str
) -> None:
    study = _study(data, **axes)
    (error,) = shortages(study, study.cells(HERE), HERE)
    assert error.where == where
    assert error.hint.startswith(write)


@pytest.mark.parametrize(
    ("data", "axes", "says"),
    [
        ({"parts": {"B": B}}, {"data.parts.C.count": [10]}, ["part 'C' does not exist", "B"]),
        ({"parts": {"B": B}, "count": 3}, {}, ["count belongs to a part", "data.parts (B)"]),
        ({"parts": [B]}, {}, ["named mappings"]),
        ({"parts": {"B": None}}, {}, ["every part is empty"]),
        ({"parts": {"B": B, "A": {**A, "cuont": 3}}}, {}, ["'data.parts.A.cuont'", "'count'"]),
        ({"parts": {"B": B, "A 2": A}}, {}, ["'A 2' is not a valid name"]),
        ({"parts": {"B": B, "A": {"dataset": "gone"}}}, {}, ["data.parts.A.count is not stated"]),
        ({"dataset": "one", "classes": "[:3]"}, {}, ["needs an explicit count"]),
        ({"dataset": "one", "count": 3, "classes": "3"}, {}, ['written "[:100]"']),
        ({"dataset": "one", "count": 3, "label": "x"}, {}, ["label applies only with classes"]),
        ({"dataset": "one", "sizee": 3}, {}, ["'data.sizee'; did you mean 'size'"]),
        (
            {"parts": {"B": B, "A": A}},
            {"run": [{"name": "s", "method": {"name": "supervised", "classes": 3},
                      "views": [{"count": 1}]}]},
            ["a mixture of A, B: name one dataset"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(data: Any, axes: Any, says: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        _cells(data, **axes)
    for words in says:
        assert words in str(caught.value)


def _warned(study: Study) -> str:
    return "\n".join(confounds(study, study.cells(HERE)))


def test_a_mixture_is_compared_at_both_budgets() -> None:
    mix = {"name": "B + A", "data": {"parts": {"A": A}}}
    images = {"name": "B"}
    epochs = {"name": "B epochs", "budget": {"images": 38400}}
    base = {"parts": {"B": {**B, "seed": 0}}}
    assert "seen 128 times in the mixture and 213" in _warned(_study(base, run=[images, mix]))
    assert "in the mixture" in _warned(_study(base, run=[epochs, mix]))
    assert "in the mixture" not in _warned(_study(base, run=[images, epochs, mix]))
    assert "in the mixture" not in _warned(_study(base, run=[mix]))


def test_labels_that_choose_images_are_said_to() -> None:
    chosen = {"dataset": "one", "count": 100, "classes": "[:3]"}
    assert "labels select the images of one [:3]" in _warned(_study(chosen))
    assert "labels select" not in _warned(_study({"parts": {"B": B, "A": A}}))


def test_encoders_that_read_alike_are_refused() -> None:
    pair = [{"name": "convnet", "size": 16, "width": width} for width in (4, 8)]
    with pytest.raises(ConfigError, match=r"axes\.encoder have the same label") as caught:
        _cells(B, encoder=pair)
    assert "encoder.width" in str(caught.value)
