"""The VTAB-1k pack, made in a folder."""

from pathlib import Path

import numpy as np
import pytest

from datayield.data.catalog import find, present
from datayield.data.decoded.arrays import prepare
from datayield.spec.errors import DataError
from tests.data.made import encoded, pixels, write


def make_task(root: Path, train: int = 8, val: int = 2, test: int = 5, classes: int = 3) -> Path:
    """A task with `train`, `val` and `test` images, class after class."""
    counts = {"train800": ("train", train), "val200": ("val", val), "test": ("test", test)}
    lines: dict[str, list[str]] = {}
    for name, (folder, count) in counts.items():
        rows = []
        for i in range(count):
            file = f"images/{folder}/{i:05d}.jpg"
            write(root, {file: encoded(pixels(100 * len(lines) + i), "JPEG")})
            rows.append(f"{file} {i % classes}")
        lines[name] = rows
    lines["train800val200"] = lines["train800"] + lines["val200"]
    write(root, {f"{name}.txt": "\n".join(rows).encode() for name, rows in lines.items()})
    return root


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATAYIELD_DATA", str(tmp_path / "data"))
    return make_task(tmp_path / "data" / "vtab-1k" / "caltech101")


def test_lists_are_splits_in_their_order(task: Path) -> None:
    for split, count in (("train800", 8), ("val200", 2), ("train800val200", 10), ("test", 5)):
        source = find("vtab-1k/caltech101", split)
        assert len(source) == source.listing().images == count
        assert source.labels["label"].tolist() == [
            int(line.split()[1]) for line in (task / f"{split}.txt").read_text().splitlines()
        ]
    train = find("vtab-1k/caltech101", "train800")
    assert train.names(3) == "images/train/00003.jpg"
    assert train.read(3) == (task / "images/train/00003.jpg").read_bytes()
    assert train.classes == {"label": ["0", "1", "2"]}
    arrays = prepare("vtab-1k/caltech101", "train800", 8, "squash")
    assert np.array_equal(arrays.labels["label"], train.labels["label"])


def test_a_missing_image_is_named(task: Path) -> None:
    (task / "images/test/00002.jpg").unlink()
    arrays = prepare("vtab-1k/caltech101", "test", 8)
    assert [tuple(item) for item in arrays.skipped] == [("images/test/00002.jpg", "missing file")]


def test_a_task_with_no_test_split(task: Path) -> None:
    (task / "test.txt").unlink()
    with pytest.raises(DataError, match="has no split 'test'") as caught:
        present("vtab-1k/caltech101", "test")
    assert "train800" in caught.value.allowed
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "line",
    ["images/a.jpg", "images/a.jpg one", "/etc/passwd 1", "images/../../a.jpg 1", "a.jpg -1"],
)
def test_a_bad_line_is_named(task: Path, line: str) -> None:
    path = task / "train800.txt"
    path.write_text(path.read_text() + "\n" + line + "\n")
    with pytest.raises(DataError, match="line 9") as caught:
        find("vtab-1k/caltech101", "train800").listing()
    assert line in str(caught.value)


def test_a_changed_image_changes_the_stamp(task: Path) -> None:
    before = find("vtab-1k/caltech101", "val200").stamp
    (task / "images/val/00000.jpg").write_bytes(encoded(pixels(999), "JPEG"))
    assert find("vtab-1k/caltech101", "val200").stamp != before
