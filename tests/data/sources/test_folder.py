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


def test_a_folder_around_all_classes_is_no_part_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "a", {"set/cat/1.png": png(0), "set/dog/1.png": png(1)})
    assert Folder(tmp_path / "a").classes == {"label": ["cat", "dog"]}
    write(tmp_path / "b", {"train/im/cat/1.png": png(0), "test/im/dog/1.png": png(1)})
    assert [s.classes["label"] for s in splits(tmp_path / "b").values()] == [["cat", "dog"]] * 2


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"Train/a/1.png": png(0), "train/a/2.png": png(1)})
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("names are the same in capitals here")
    with pytest.raises(DataError, match="the same split"):
        splits(tmp_path)


def test_splits_below_the_classes_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {f"{c}/{s}/1.png": png(0) for c in ("cat", "dog") for s in ("train", "test")})
    with pytest.raises(DataError, match="not the class folders in the splits"):
        splits(tmp_path)


def test_a_second_link_to_a_class_is_told_and_takes_no_image(tmp_path: Path) -> None:
    write(tmp_path, {"apple/1.png": png(0), "berry/1.png": png(1)})
    (tmp_path / "zebra").symlink_to(tmp_path / "apple")
    source = Folder(tmp_path)
    assert source.classes == {"label": ["apple", "berry"]}
    assert source.census.lines() == ["skipped 1: link to a folder that is used (zebra)"]


def test_thumbnails_and_deleted_files_of_a_system_are_no_images(tmp_path: Path) -> None:
    names = ("a/@eaDir/1.png/SYNO_THUMB.jpg", "$RECYCLE.BIN/2.png", "__MACOSX/3.png", "a/1.png")
    assert [f.name for f in Folder(write(tmp_path, {n: png(0) for n in names})).files] == [
        "a/1.png"
    ]


def test_images_beside_folders_of_images_in_a_class_are_told(tmp_path: Path) -> None:
    source = Folder(write(tmp_path, {"a/1.png": png(0), "a/b/2.png": png(1), "c/3.png": png(2)}))
    assert source.classes == {"label": ["a", "a/b", "c"]}
    assert "a: a class of its own is each folder in it (a/b)" in " ".join(source.census.lines())


def test_a_split_in_a_folder_of_its_name(tmp_path: Path) -> None:
    write(
        tmp_path / "a",
        {
            f"{s}_set/{s}_set/{c}/1.png": png(0)
            for s in ("training", "test")
            for c in ("cat", "dog")
        },
    )
    assert [s.classes["label"] for s in splits(tmp_path / "a").values()] == [["cat", "dog"]] * 2
    write(tmp_path / "b", {f"{s}/{s}/{i}.png": png(i) for s in ("train", "test") for i in (0, 1)})
    assert [(len(s), s.labels) for s in splits(tmp_path / "b").values()] == [(2, {})] * 2


def test_folders_of_masks_are_told(tmp_path: Path) -> None:
    source = Folder(write(tmp_path, {"images/1.png": png(0), "masks/1.png": png(1)}))
    assert "masks as images (masks)" in " ".join(source.census.lines())
