"""Files of rows: what changes with a file, and columns that differ between files of a split."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from datayield.data.sources.arrow import Arrow
from datayield.data.sources.npz import Npz, splits
from datayield.data.sources.parquet import Parquet
from datayield.spec.errors import DataError
from tests.data.made import png, write_parquet, write_tar


def _replaced(path: Path, by: Path) -> None:
    """Another file under the name, size and time of `path`."""
    info = path.stat()
    assert by.stat().st_size == info.st_size
    os.utime(by, ns=(info.st_atime_ns, info.st_mtime_ns))
    by.replace(path)


def test_a_replaced_file_is_read_anew_in_the_same_process(tmp_path: Path) -> None:
    one = write_parquet(tmp_path / "train.parquet", [png(1)] * 3, {})
    before = Parquet((one,))
    first, stamp = before.read(0), before.stamp
    _replaced(one, write_parquet(tmp_path / "new.parquet", [png(2)] * 3, {}))
    after = Parquet((one,))
    assert after.stamp != stamp
    assert (first, after.read(0)) == (png(1), png(2))


def test_a_replaced_npz_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for value in (1, 2):
        np.savez(tmp_path / f"{value}.npz", images=np.full((4, 8, 8, 3), value, np.uint8))
    (tmp_path / "1.npz").replace(path)
    before = Npz(path, splits(path)["train"])
    first, stamp = before.read(0), before.stamp
    _replaced(path, tmp_path / "2.npz")
    after = Npz(path, splits(path)["train"])
    assert after.stamp != stamp
    assert (first.max(), after.read(0).max()) == (1, 2)


def test_a_replaced_tar_has_another_stamp(tmp_path: Path) -> None:
    from datayield.data.sources.webdataset import WebDataset

    path = write_tar(tmp_path / "a.tar", {"0.png": png(0)})
    stamp = WebDataset((path,)).stamp
    _replaced(path, write_tar(tmp_path / "b.tar", {"0.png": png(0)}))
    assert WebDataset((path,)).stamp != stamp


def test_numbers_of_two_files_are_matched_by_the_names_of_their_metadata(tmp_path: Path) -> None:
    one = write_parquet(tmp_path / "a.parquet", [png(0)] * 2, {"label": ([0, 1], ["ape", "bee"])})
    two = write_parquet(tmp_path / "b.parquet", [png(0)] * 2, {"label": ([0, 1], ["bee", "ape"])})
    source = Parquet((one, two))
    assert source.classes["label"] == ["ape", "bee"]
    assert source.labels["label"].tolist() == [0, 1, 1, 0]


def test_files_of_one_split_with_different_columns_are_refused(tmp_path: Path) -> None:
    one = write_parquet(tmp_path / "a.parquet", [png(0)], {"label": ([0], ["ape"])})
    two = write_parquet(tmp_path / "b.parquet", [png(0)], {"target": ([0], ["ape"])})
    with pytest.raises(DataError, match="different columns"):
        _ = Parquet((one, two)).labels


def test_labels_of_texts_and_of_numbers_are_refused(tmp_path: Path) -> None:
    one = write_parquet(tmp_path / "a.parquet", [png(0)], {"label": (["ape"], None)})
    two = write_parquet(tmp_path / "b.parquet", [png(0)], {"label": ([0], None)})
    with pytest.raises(DataError, match="texts in some files"):
        _ = Parquet((one, two)).labels


def test_arrow_files_of_several_names_are_told(tmp_path: Path) -> None:
    paths = []
    for name in ("cats-train", "dogs-train"):
        paths.append(tmp_path / f"{name}.arrow")
        table = pa.table({"image": [png(0)]})
        with pa.OSFile(str(paths[-1]), "wb") as out, pa.ipc.new_stream(out, table.schema) as file:
            file.write_table(table)
    assert "several names" in " ".join(Arrow(tuple(paths)).census.lines())
