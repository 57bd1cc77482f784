"""Files of rows in a folder of image files: data of a program, or the dataset."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from datayield.data.catalog import find, splits_of
from datayield.spec.errors import DataError
from tests.data.made import pixels, png, write, write_parquet

IMAGES = {f"{name}/{i}.png": png(i) for name in "ab" for i in range(4)}


def _numbers(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"a": [1, 2]})
    if path.suffix == ".npz":
        np.savez(path, a=np.zeros(3))
    elif path.suffix == ".parquet":
        parquet.write_table(table, path)
    else:
        feather.write_feather(table, path, compression="uncompressed")


@pytest.mark.parametrize("below", ["", "a/", "tools/tests/data/"])
def test_rows_of_numbers_are_no_dataset(tmp_path: Path, below: str) -> None:
    write(tmp_path, IMAGES)
    for kind in ("feather", "arrow", "parquet", "npz"):
        _numbers(tmp_path / f"{below}x.{kind}")
    source = find(str(tmp_path), "train")
    assert len(source) == len(IMAGES)
    assert source.classes == {"label": ["a", "b"]}
    assert source.census.ignored[".feather files"].examples == (f"{below}x.feather",)


def _of_images(root: Path, name: str, rows: int) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".npz"):
        np.savez(root / name, images=np.stack([pixels(i) for i in range(rows)]))
        return
    made = write_parquet(root / "made.parquet", [png(i) for i in range(rows)], {})
    table = parquet.read_table(made)
    made.unlink()
    if name.endswith(".parquet"):
        parquet.write_table(table, root / name)
    else:
        feather.write_feather(table, root / name, compression="uncompressed")


@pytest.mark.parametrize("kind", ["arrow", "parquet", "npz"])
def test_images_in_rows_deep_in_a_folder_count_if_they_are_more(tmp_path: Path, kind: str) -> None:
    few, many, near = (write(tmp_path / name, IMAGES) for name in ("few", "many", "near"))
    _of_images(few, f"old/digits/train.{kind}", len(IMAGES))
    _of_images(many, f"default/parts/train.{kind}", len(IMAGES) + 1)
    _of_images(near, f"data/train.{kind}", 2)
    assert len(find(str(few), "train")) == len(IMAGES)
    assert find(str(few), "train").names(0) == "a/0.png"
    assert len(find(str(many), "train")) == len(IMAGES) + 1
    assert find(str(many), "train").census.ignored["image files beside them"].number == len(IMAGES)
    assert len(find(str(near), "train")) == 2


def test_a_file_that_is_not_readable_is_passed_over_only_deep_in_a_folder(tmp_path: Path) -> None:
    deep = write(tmp_path / "deep", IMAGES | {"old/tests/x.parquet": b"cut", "o/t/x.arrow": b""})
    assert splits_of(str(deep)) == ["train"]
    assert len(find(str(deep), "train")) == len(IMAGES)
    near = write(tmp_path / "near", IMAGES | {"data/train.parquet": b"cut"})
    with pytest.raises(DataError, match="not a readable parquet file"):
        find(str(near), "train")
