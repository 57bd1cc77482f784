"""Folders of image files in all their shapes."""

import os
from pathlib import Path

import pytest

from datayield.data.sources.folder import Folder
from datayield.data.sources.folder_splits import splits
from datayield.spec.errors import DataError
from tests.data.made import png, write


def test_nested_classes_and_files_that_are_no_images(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "animal/cat/1.png": png(0),
            "animal/dog/2.jpeg": png(1),
            "plant/3.JPG": png(2),
            "plant/notes.txt": b"no",
            ".hidden/4.png": png(3),
            "plant/._3.JPG": b"left by macOS",
        },
    )
    source = Folder(tmp_path)
    assert [f.name for f in source.files] == [
        "animal/cat/1.png",
        "animal/dog/2.jpeg",
        "plant/3.JPG",
    ]
    assert source.classes == {"label": ["animal/cat", "animal/dog", "plant"]}
    assert source.labels["label"].tolist() == [0, 1, 2]
    assert source.read(2) == png(2)


def test_flat_or_mixed_is_unlabeled(tmp_path: Path) -> None:
    flat = Folder(write(tmp_path / "flat", {"b.png": png(0), "a.png": png(1)}))
    assert (flat.labels, flat.classes) == ({}, {})
    assert flat.names(0) == "a.png"
    mixed = Folder(write(tmp_path / "mixed", {"b.png": png(0), "c/a.png": png(1)}))
    assert mixed.labels == {}
    assert len(mixed) == 2


def test_classes_missing_from_one_split_keep_the_indices(tmp_path: Path) -> None:
    write(tmp_path, {"train/a/1.png": png(0), "train/b/1.png": png(1), "test/b/1.png": png(2)})
    folders = splits(tmp_path)
    test = folders["test"]
    assert test.labels["label"].tolist() == [1]


def test_a_class_called_train_is_a_class(tmp_path: Path) -> None:
    write(tmp_path, {"bus/1.png": png(0), "train/1.png": png(1)})
    assert {k: v.root for k, v in splits(tmp_path).items()} == {"train": tmp_path}
    assert Folder(tmp_path).classes == {"label": ["bus", "train"]}


def test_links_in_a_circle_and_to_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"a/1.png": png(0)})
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "a" / "2.png").symlink_to(tmp_path / "gone.png")
    source = Folder(tmp_path)
    assert [f.name for f in source.files] == ["a/1.png", "a/2.png"]
    with pytest.raises(FileNotFoundError):
        source.read(1)


def test_stamp_notices_a_change_that_the_fingerprint_does_not(tmp_path: Path) -> None:
    before = Folder(write(tmp_path, {"a.png": png(0)}))
    old = (before.stamp, before.listing())
    os.utime(tmp_path / "a.png", (1, 1))
    after = Folder(tmp_path)
    assert after.listing() == old[1]
    assert after.stamp != old[0]


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot list a folder"):
        splits(tmp_path / "none")
