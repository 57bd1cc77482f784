"""HF-layout parquet, made here and real."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datayield.data.catalog import find
from datayield.data.decoded.arrays import prepare
from datayield.data.source import UNLABELLED
from datayield.data.sources.layouts import splits
from datayield.data.sources.parquet import Parquet
from datayield.spec.errors import DataError
from tests.data.made import png, write_parquet


def test_rows_run_across_groups_and_files(tmp_path: Path) -> None:
    images = [png(i) for i in range(13)]
    for part, rows in enumerate((images[:6], images[6:])):
        labels = list(range(6) if part == 0 else range(6, 13))
        path = tmp_path / f"train-0000{part}-of-00002.parquet"
        write_parquet(path, rows, {"label": (labels, [f"c{i}" for i in range(13)])})
    source = find(str(tmp_path), "train")
    assert [source.read(i) for i in (12, 0, 5, 6, 3, 11)] == [
        images[i] for i in (12, 0, 5, 6, 3, 11)
    ]
    assert source.labels["label"].tolist() == list(range(13))
    assert source.classes["label"][12] == "c12"
    assert source.names(7) == "row 7 (1.png)"
    assert source.listing().images == 13


def test_several_labels_and_a_hidden_one(tmp_path: Path) -> None:
    columns = {
        "label": ([0, 1, 1], None),
        "fine": ([2, 0, 1], ["x", "y", "z"]),
        "hidden": ([-1, -1, -1], ["x"]),
        "missing": ([0, None, 0], ["x"]),
        "weight": ([1.5, 2.5, 3.5], None),
    }
    path = write_parquet(tmp_path / "train.parquet", [png(i) for i in range(3)], columns)
    source = Parquet((path,))
    assert {name: list(v) for name, v in source.labels.items()} == {
        "label": [0, 1, 1],
        "fine": [2, 0, 1],
        "missing": [0, UNLABELLED, 0],
    }
    assert source.classes == {"label": ["0", "1"], "fine": ["x", "y", "z"], "missing": ["x"]}
    assert source.census.unlabelled == (1, ("row 1",))


def test_bytes_without_a_struct_and_no_metadata(tmp_path: Path) -> None:
    pq.write_table(pa.table({"img": [png(0), None]}), tmp_path / "test.parquet")
    source = find(str(tmp_path), "test")
    assert source.read(0) == png(0)
    assert source.read(1) == b""
    assert source.labels == {}


def test_files_in_a_subfolder_data(tmp_path: Path) -> None:
    write_parquet(tmp_path / "data" / "train-00000-of-00001.parquet", [png(0)], {})
    assert len(find(str(tmp_path), "train")) == 1


def test_missing_part_no_image_column_damaged_file(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a" / "train-00000-of-00002.parquet", [png(0)], {})
    with pytest.raises(DataError, match="1 of 2 files"):
        splits(tmp_path / "a")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 but not really PAR1")
    with pytest.raises(DataError, match="not a readable parquet"):
        len(Parquet((tmp_path / "b.parquet",)))
    pq.write_table(pa.table({"text": ["x"]}), tmp_path / "c.parquet")
    with pytest.raises(DataError, match="no image column"):
        Parquet((tmp_path / "c.parquet",)).read(0)


def test_real_data(real_data: Path) -> None:
    source = find("rsscn7", "train")
    meta = [pq.read_schema(p).metadata for p in sorted((real_data / "rsscn7").glob("train*"))]
    names = json.loads(meta[0][b"huggingface"])["info"]["features"]["label"]["names"]
    assert source.classes["label"] == names
    assert np.bincount(source.labels["label"]).tolist() == [250] * 7
    arrays = prepare("rsscn7", "train", 32)
    assert arrays.images.shape == (1750, 32, 32, 3)
    assert arrays.skipped == []
    np.testing.assert_array_equal(arrays.labels["label"], source.labels["label"])
