"""Folds: every image tested once; copies, groups and classes where they belong."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from datayield.data.catalog import find
from datayield.data.decoded import prepare
from datayield.data.evaluated import LabelledSplits
from datayield.data.folds import folds_of, labelled_parts
from datayield.data.requirements import examined
from datayield.data.selection import dealt
from datayield.data.split_content import split_listing
from datayield.spec.errors import DataError
from datayield.spec.evaluation.eval_spec import EvalSpec, content_of

RNG = np.random.default_rng(0)


def test_units_are_dealt_class_by_class() -> None:
    units = RNG.permutation(np.arange(230, dtype=np.uint64) * 977)
    classes = np.repeat([0, 1, 2], [150, 73, 7])
    fold = dealt(units, classes, 5, seed=1)
    assert np.ptp(np.bincount(fold)) <= 1
    for k in range(3):
        assert np.ptp(np.bincount(fold[classes == k], minlength=5)) <= 1
    order = RNG.permutation(230)
    assert np.array_equal(dealt(units[order], classes[order], 5, 1), fold[order])
    assert not np.array_equal(dealt(units, classes, 5, 2), fold)


def test_copies_are_in_one_fold() -> None:
    units = RNG.integers(0, 60, 200).astype(np.uint64)
    fold = dealt(units, (units % 3).astype(np.int64), 4, seed=0)
    assert all(len(set(fold[units == u])) == 1 for u in units)
    with pytest.raises(DataError, match="cannot be divided into 61 folds"):
        dealt(units, (units % 3).astype(np.int64), 61, seed=0)


def _ev(**more: object) -> EvalSpec:
    made: dict[str, object] = {
        "name": "c",
        "protocol": "knn@1",
        "dataset": "digits",
        "label": "digit",
        "folds": 4,
    }
    made["test"] = more.get("train", "train")
    return EvalSpec.model_validate(made | more)


def test_every_image_is_tested_once_and_never_trained_on() -> None:
    ev = _ev()
    splits: LabelledSplits = {"train": find("digits", "train")}
    folds = folds_of(ev, splits)
    tested = []
    for train, test in folds.parts(None):
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(folds.chosen)
        tested += test.tolist()
    assert sorted(tested) == list(range(len(folds.chosen)))
    few = labelled_parts(_ev(train_count=50), splits)
    assert [len(part.train) for part in few] == [50] * 4
    decoded = {"train": prepare("digits", "train", 8)}
    assert np.array_equal(folds_of(ev, decoded).fold, folds.fold)
    refused = examined(_ev(train_count=5000), splits).refusals
    assert "images to train on" in str(refused[0])


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """60 images of 12 patients; the first image of the first two is the same file."""
    from PIL import Image

    folder = tmp_path / "mine"
    folder.mkdir()
    lines = ["file_name,label,patient"]
    for i in range(60):
        pixels = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
        lines.append(f"{i}.png,{'ab'[i % 2]},p{i // 5}")
    (folder / "5.png").write_bytes((folder / "0.png").read_bytes())
    (folder / "metadata.csv").write_text("\n".join(lines))
    return folder


def test_groups_are_in_one_fold_and_so_are_those_that_share_an_image(patients: Path) -> None:
    ev = _ev(dataset=str(patients), label="label", train="train[: by patient]")
    source = find(ev.dataset, ev.test)
    folds = folds_of(ev, {ev.test: source})
    names = [source.names(i) for i in folds.chosen]
    of_patient = defaultdict(set)
    for name, k in zip(names, folds.fold.tolist(), strict=True):
        of_patient[int(name.split(".")[0]) // 5].add(k)
    assert len(of_patient) == 12
    assert all(len(of) == 1 for of in of_patient.values())
    assert of_patient[0] == of_patient[1]
    assert np.array_equal(folds_of(ev, {ev.test: prepare(ev.dataset, ev.test, 8)}).fold, folds.fold)
    assert not examined(ev, {ev.test: source}).refusals


def test_who_belongs_to_which_group_is_part_of_the_identity(patients: Path) -> None:
    ev = _ev(dataset=str(patients), label="label", train="train[: by patient]")

    def content() -> str | None:
        return content_of(ev, {(ev.dataset, ev.test): split_listing(find(ev.dataset, ev.test))})

    before = content()
    table = patients / "metadata.csv"
    table.write_text(table.read_text().replace("59.png,b,p11", "59.png,b,p10"))
    assert before is not None
    assert content() != before
