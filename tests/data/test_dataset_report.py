"""A dataset is told as it is: classes, copies, damage, and what its splits share."""

from pathlib import Path

import numpy as np
import pytest

from datayield.data.dataset_report import SharedImages, dataset_report
from tests.conftest import Call
from tests.data.made import encoded, png, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {f"train/cat/{i}.png": png(i) for i in range(4)}
    files |= {f"train/dog/{i}.png": png(10 + i) for i in range(3)}
    files |= {f"test/cat/{i}.png": png(20 + i) for i in range(2)}
    files["test/dog/leaked.png"] = png(11)
    files["train/dog/copy.png"] = png(10)
    files["train/dog/cut.png"] = png(30)[:200]
    files["train/notes.txt"] = b"hello"
    return write(tmp_path / "pets", files)


def test_all_is_counted(root: Path) -> None:
    told = dataset_report(str(root))
    train, test = told.splits
    assert (train.split, train.images, train.distinct) == ("train", 8, 7)
    assert train.classes == {"label": {"cat": 4, "dog": 4}}
    ((reason, damaged),) = train.damaged.items()
    assert "truncated" in reason
    assert damaged == (1, ("dog/cut.png",))
    assert [n.number for n in train.census.ignored.values()] == [1]
    assert (test.split, test.images, test.distinct, test.damaged) == ("test", 3, 3, {})
    assert told.shared == (SharedImages("train", "test", 1),)
    assert told.alike is None


def test_it_is_told_in_words_and_as_json(root: Path, datayield: Call) -> None:
    said = datayield("doctor", "--data", str(root)).out
    assert "train: 8 images, 7 of them distinct (1 is a copy)" in said
    assert "1 image is in both train and test" in said
    assert datayield("doctor", "--data", str(root / "no")).code == 2
    assert datayield("doctor", "--data", "digits", "--json").code == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [(0, "13 classes: 1 image each"), (1, "13 classes: 1 (c00) to 2 (c12) images each")],
)
def test_many_classes_are_told_by_their_sizes(tmp_path: Path, more: int, says: str) -> None:
    files = {f"c{k:02}/{k}.png": png(k) for k in range(13)}
    files |= {f"c12/more{k}.png": png(20 + k) for k in range(more)}
    told = dataset_report(str(write(tmp_path / "p", files)))
    assert says in "\n".join(told.lines())


def test_near_copies_are_told(tmp_path: Path) -> None:
    pytest.importorskip("imagehash")
    small = np.random.default_rng(0).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    large = np.kron(small, np.ones((8, 8, 1), np.uint8)).astype(np.uint8)
    files = {"train/a.png": encoded(large), "test/b.png": encoded(large[:, ::-1])}
    files |= {f"train/{i}.png": png(i) for i in range(5)}
    (alike,) = dataset_report(str(write(tmp_path, files)), near=True).alike or ()
    assert alike == ("test", "train", 1, ("b.png and a.png mirrored",))


def test_classes_add_up_and_what_is_odd_about_labels_is_told(tmp_path: Path) -> None:
    files = {f"{c}/{i}.png": png(100 * k + i) for k, c in enumerate("ab") for i in range(4)}
    files |= {"A/5.png": png(0), "b/cut.png": png(7)[:60], "a/twin.png": png(100)}
    report = dataset_report(str(write(tmp_path / "images", files)))
    split = report.splits[0]
    assert split.images == sum(split.classes["label"].values()) == 10
    twins, alike, single = split.label_notes
    assert twins.startswith("2 images are each in two classes of 'label': ")
    assert "A/5.png and a/0.png" in twins
    assert "'A' and 'a'" in alike
    assert single == "1 class of 'label' with a single image: 'A'"


def test_classes_of_one_image_are_told_with_the_nearest_other(tmp_path: Path) -> None:
    classes = {"melanoma": 3, "other": 3, "othr": 1, "naevus": 1, "grade 2": 3, "grade 3": 1}
    names = [name for name, n in classes.items() for _ in range(n)]
    rows = "".join(f"{i}.png,{name},{'xxxyyyzw'[i % 8]}\n" for i, name in enumerate(names))
    files = {f"{i}.png": png(i) for i in range(len(names))}
    root = write(tmp_path / "p", files | {"kinds.csv": f"file,kind,site\n{rows}".encode()})
    (note,) = dataset_report(str(root)).splits[0].label_notes
    assert note == (
        "3 classes of 'kind' with a single image: 'grade 3', 'naevus', 'othr' (is it 'other'?)"
    )
    every = {f"{c}/{i}.png": png(i) for i, c in enumerate("abc")}
    assert dataset_report(str(write(tmp_path / "every", every))).splits[0].label_notes == ()
