"""Tar shards of samples."""

import json
from pathlib import Path

import pytest

from datayield.data.catalog import find
from datayield.data.sources.layouts import splits
from datayield.spec.errors import DataError
from tests.data.made import png, write, write_tar


def test_samples_are_grouped_by_key_across_shards(tmp_path: Path) -> None:
    for shard in range(2):
        members = {}
        for i in range(3):
            key = f"{shard}{i}"
            members |= {f"{key}.cls": str(i).encode(), f"./{key}.png": png(10 * shard + i)}
        members["readme.txt"] = b"no image, no sample"
        write_tar(tmp_path / f"train-00000{shard}.tar", members)
    source = find(str(tmp_path), "train")
    assert len(source) == 6
    assert [source.read(i) for i in range(6)] == [png(k) for k in (0, 1, 2, 10, 11, 12)]
    assert source.labels["label"].tolist() == [0, 1, 2, 0, 1, 2]
    assert source.classes["label"] == ["0", "1", "2"]
    assert source.names(4) == "train-000001.tar/11"


def test_json_labels(tmp_path: Path) -> None:
    told = [{"label": "dog", "size": 3, "caption": "x"}, {"label": "cat", "size": 1, "odd": 1}]
    members = {}
    for i, row in enumerate(told):
        members |= {f"{i}.jpg": png(i), f"{i}.json": json.dumps(row).encode()}
    write_tar(tmp_path / "shard.tar", members)
    source = find(str(tmp_path), "train")
    assert {k: v.tolist() for k, v in source.labels.items()} == {"label": [1, 0], "size": [3, 1]}
    assert source.classes["label"] == ["cat", "dog"]


def test_unlabeled_and_half_labeled(tmp_path: Path) -> None:
    write_tar(tmp_path / "a.tar", {"0.png": png(0), "1.png": png(1), "1.cls": b"4"})
    assert find(str(tmp_path), "train").labels == {}


def test_splits_by_name_and_by_folder(tmp_path: Path) -> None:
    for name in ("train-000", "val-000", "val-001"):
        write_tar(tmp_path / "names" / f"{name}.tar", {"0.png": png(0)})
    assert {k: len(v) for k, v in splits(tmp_path / "names").items()} == {"train": 1, "val": 2}
    for name in ("train/0", "test/0"):
        write_tar(tmp_path / "folders" / f"{name}.tar", {"0.png": png(0)})
    assert set(splits(tmp_path / "folders")) == {"train", "test"}


def test_damaged(tmp_path: Path) -> None:
    write(tmp_path, {"x/a.tar": b"no tar file" * 100})
    with pytest.raises(DataError, match="not a readable tar"):
        len(find(str(tmp_path / "x"), "train"))
    write_tar(tmp_path / "y" / "a.tar", {"0.png": png(0), "0.cls": b"one\ntwo"})
    with pytest.raises(DataError, match=r"annotation.*\n.*sample 0"):
        _ = find(str(tmp_path / "y"), "train").labels


def test_a_mask_beside_an_image_is_counted_as_unused(tmp_path: Path) -> None:
    write_tar(tmp_path / "a.tar", {"0.png": png(0), "0.seg.png": png(1), "1.png": png(2)})
    source = find(str(tmp_path), "train")
    assert len(source) == 2
    assert source.census.lines() == ["ignored further images of one sample (a.tar/0.seg.png)"]
