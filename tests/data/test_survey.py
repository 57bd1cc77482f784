"""What a dataset offers a study: its splits, sides, labels, and how they are tested."""

from pathlib import Path

import pytest

from datayield.data.catalog import find
from datayield.data.content import content_of, remember_undecodable
from datayield.data.folds import folds_of
from datayield.data.survey import ProbeDesign, probe_design, surveyed, usual_side
from datayield.spec.evaluation import EvalSpec
from tests.data.made import png, write


def _classes(root: Path, each: int = 10, split: str = "") -> Path:
    seed = 1000 * len(split)
    files = {
        f"{split}{name}/{i}.png": png(seed + 100 * k + i)
        for k, name in enumerate("abc")
        for i in range(each)
    }
    return write(root, files)


def _design(root: Path, percent: int = 100) -> ProbeDesign | None:
    return probe_design(str(root), surveyed(str(root), find), percent)


def test_class_folders_are_tested_by_folds(tmp_path: Path) -> None:
    made = _design(_classes(tmp_path / "p"))
    assert made is not None
    assert (made.images, dict(made.classes)) == (30, {"a": 10, "b": 10, "c": 10})
    assert (made.train, made.test, made.folds) == ("train", None, 5)
    assert (made.train_items, made.test_items) == (24, 30)


def test_as_many_labels_as_every_fold_leaves(tmp_path: Path) -> None:
    """Copies are in one fold, which is then the largest."""
    root = _classes(tmp_path / "p")
    write(root, {f"a/copy{i}.png": png(0) for i in range(20)})
    made = _design(root)
    assert made is not None
    ev = EvalSpec(
        name="x", protocol="linear@1", dataset=str(root), train="train", test="train", folds=5,
        train_count=made.train_items,
    )  # fmt: skip
    assert folds_of(ev, {"train": find(str(root), "train")}).chosen.size == 50
    more = ev.model_copy(update={"train_count": made.train_items + 1})
    with pytest.raises(Exception, match="has"):
        folds_of(more, {"train": find(str(root), "train")})


def test_a_test_split_is_used_unless_it_shares_images(tmp_path: Path) -> None:
    root = _classes(_classes(tmp_path / "p", split="train/"), each=4, split="test/")
    made = _design(root)
    assert made is not None
    assert (made.train, made.test, made.folds, made.overlap) == ("train", "test", None, 0)
    assert (made.train_items, made.test_items) == (30, 12)
    write(root, {"test/a/copy.png": (root / "train/a/0.png").read_bytes()})
    made = _design(root)
    assert made is not None
    assert (made.test, made.folds, made.overlap) == (None, 5, 1)


def test_many_labelled_images_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datayield.data.survey.PLENTY_TO_TEST", 20)
    root = _classes(tmp_path / "p")
    for percent, train, test in (
        (100, "train[:80%]", "train[80%:]"),
        (70, "train[:56%]", "train[86%:]"),
    ):
        made = _design(root, percent)
        assert made is not None
        assert (made.train, made.test) == (train, test)
        assert made.train_items <= len(find(str(root), train))
    made = _design(root, 30)
    assert made is not None
    assert made.folds == 5


def test_no_labels_and_one_class_have_no_design(tmp_path: Path) -> None:
    flat = write(tmp_path / "flat", {f"{i}.png": png(i) for i in range(8)})
    assert _design(flat) is None
    write(flat, {"labels.csv": b"file,label\n" + b"".join(b"%d.png,a\n" % i for i in range(8))})
    assert _design(flat) is None


def test_other_labels_and_groups_are_named(tmp_path: Path) -> None:
    rows = "file,label,site,patient\n" + "".join(
        f"{i}.png,{i % 2},{i // 4},p{i}\n" for i in range(8)
    )
    root = write(tmp_path / "p", {f"{i}.png": png(i) for i in range(8)} | {"t.csv": rows.encode()})
    made = _design(root)
    assert made is not None
    assert (made.label, made.others, made.groups) == ("label", ("site",), ("patient",))
    assert made.grouped == ""  # each image is of another patient


def test_images_of_one_patient_are_in_one_part_and_no_patient_is_a_class(tmp_path: Path) -> None:
    rows = "file,diagnosis,patient\n" + "".join(f"{i}.png,{i % 2},p{i // 4}\n" for i in range(24))
    root = write(tmp_path / "p", {f"{i}.png": png(i) for i in range(24)} | {"t.csv": rows.encode()})
    made = _design(root)
    assert made is not None
    assert (made.column, made.others, made.grouped) == ("diagnosis", (), "patient")
    assert (made.train, made.folds) == ("train[: by patient]", 5)
    assert made.train_items == 16  # six patients in five parts: all but two of them
    (root / "t.csv").write_text(rows.replace(",p3\n", ",\n", 1))
    made = _design(root)
    assert made is not None
    assert (made.others, made.grouped, made.ungrouped, made.train) == ((), "patient", 1, "train")


def test_uneven_classes_are_told(tmp_path: Path) -> None:
    for rare, uneven in ((2, True), (5, False)):
        kinds = ["b"] * rare + ["a"] * (12 - rare)
        rows = "file,label\n" + "".join(f"{i}.png,{kind}\n" for i, kind in enumerate(kinds))
        files = {f"{i}.png": png(i) for i in range(12)} | {"t.csv": rows.encode()}
        made = _design(write(tmp_path / str(rare), files))
        assert made is not None
        assert made.most_common == ("a", pytest.approx(1 - rare / 12))
        assert made.uneven == uneven


def test_a_label_by_two_names_is_one(tmp_path: Path) -> None:
    """`label` is the second name of a single column of labels: it is not another one."""
    rows = "file,site,category\n" + "".join(f"{i}.png,{i // 4},{i % 2}\n" for i in range(8))
    root = write(tmp_path / "p", {f"{i}.png": png(i) for i in range(8)} | {"t.csv": rows.encode()})
    made = _design(root)
    assert made is not None
    assert (made.label, made.column, made.others) == ("label", "category", ("site",))


def test_damaged_images_do_not_count(tmp_path: Path) -> None:
    root = _classes(tmp_path / "p")
    digests = content_of(find(str(root), "train"))
    assert digests is not None
    remember_undecodable(digests[:2])
    made = surveyed(str(root), find)["train"]
    assert (made.damaged, made.listing.images, made.distinct) == (2, 28, 28)
    design = _design(root)
    assert design is not None
    assert (design.classes["a"], design.images) == (8, 28)


def test_the_usual_side_is_read_from_headers(tmp_path: Path) -> None:
    files = {f"{i}.png": png(i, 30 + i, 60) for i in range(9)} | {"bad.png": b"no image"}
    root = write(tmp_path / "p", files)
    assert usual_side(find(str(root), "train")) == 34
    assert usual_side(find(str(write(tmp_path / "q", {"bad.png": b"x"})), "train")) == 32
