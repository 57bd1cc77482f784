"""Deep grey is scaled alike over all splits of a dataset."""

from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from datayield.data.decoded import alike
from datayield.data.decoded import array_files as array_store
from datayield.data.decoded.arrays import prepare
from tests.data.made import encoded, png, write


def grey(root: Path, values: dict[str, int]) -> str:
    """16-bit PNGs, each a ramp from 0 to its value."""
    ramps = {
        name: encoded(Image.fromarray(np.linspace(0, top, 64).astype(np.uint16).reshape(8, 8)))
        for name, top in values.items()
    }
    return str(write(root, ramps))


def test_deep_grey_is_scaled_alike_over_a_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"train/a.png": 4000, "train/b.png": 900, "test/c.png": 200}
    where = grey(tmp_path / "scans", names)
    made, tested = prepare(where, "train", 8), prepare(where, "test", 8)
    assert (made.white, tested.white) == (4095, 4095)
    assert made.images.reshape(2, -1).max(axis=1).tolist() == [249, 56]
    assert tested.images.max() == 12
    assert len(np.unique(made.images[0])) == 64
    assert any("0 to 4,095" in note for note in made.notes())
    grey(tmp_path / "scans", {"test/d.png": 65535})  # another range for all of them
    assert prepare(where, "train", 8).white == 65535
    assert prepare(where, "test[:50%]", 8).white == 65535
    monkeypatch.setattr(array_store.shutil, "disk_usage", lambda _: mock.Mock(free=1000))
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "full"))
    flown = prepare(where, "train", 24, on_the_fly=True)
    rows = np.empty((2, 24, 24, 3), np.uint8)
    flown.rows.read(np.arange(2), rows, np.arange(2))
    assert (flown.white, rows.max()) == (65535, 16)


def test_a_folder_named_as_the_split_is_scaled_with_its_neighbours(tmp_path: Path) -> None:
    where = grey(tmp_path / "scans", {"left/a.png": 300, "right/b.png": 4000})
    assert prepare(where, "left/", 8).white == prepare(where, "right/", 8).white == 4095


def test_without_deep_grey_the_other_splits_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = write(tmp_path / "set", {"train/a.png": png(0), "test/b.png": png(1)})
    monkeypatch.setattr(alike, "siblings", mock.Mock(side_effect=AssertionError))
    made = prepare(str(where), "train", 8)
    assert (made.white, made.notes()) == (0, [])


def test_what_the_splits_need_is_read_from_any_layout(tmp_path: Path) -> None:
    arrays = {"x_train": np.full((1, 4, 4), 9, np.uint16), "x_test": np.zeros((1, 4, 4), np.uint16)}
    arrays["x_test"][0, 0, 0] = 1000
    np.savez(tmp_path / "scans.npz", **arrays)
    made = prepare(str(tmp_path / "scans.npz"), "train", 4)
    assert (made.images == round(9 * 255 / 1023)).all()
