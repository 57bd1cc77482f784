"""Arrays of pixels in one file: the values of all are scaled alike."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datayield.data.catalog import find
from datayield.data.decoded import prepare


def saved(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return str(path)


def test_a_value_that_is_no_pixel_is_named_as_such(tmp_path: Path) -> None:
    images = np.full((5, 8, 8, 3), 0.5, np.float32)
    images[1] = np.nan
    images[3] = -1
    made = prepare(saved(tmp_path / "x.npz", images=images), "train", 8)
    assert [(item.name, item.reason) for item in made.skipped] == [
        ("x.npz, images[1]", "values that are not finite"),
        ("x.npz, images[3]", "values outside 0 to 1"),
    ]
    assert (made.images == 128).all()


@pytest.mark.parametrize(
    ("top", "kind", "white"),
    [
        (1, np.float32, 1),
        (200, np.float32, 255),
        (255, np.int64, 255),
        (4000, np.uint16, 4095),
        (65535, np.uint16, 65535),
    ],
)
def test_all_images_of_a_file_are_scaled_alike(
    tmp_path: Path, top: int, kind: Any, white: int
) -> None:
    images = np.zeros((3, 4, 4, 3))
    images[0], images[1] = top, top / 4
    test = np.full((1, 4, 4, 3), top / 2)
    where = saved(tmp_path / "x.npz", x_train=images.astype(kind), x_test=test.astype(kind))
    for split, values in (("train", images), ("test", test)):
        source = find(where, split)
        for i, value in enumerate(values):
            expected = np.rint(value.astype(kind) * (255 / white))
            np.testing.assert_array_equal(source.read(i), expected)


def test_fractions_beside_bytes_are_fractions(tmp_path: Path) -> None:
    train, test = np.full((1, 4, 4), 255, np.uint8), np.full((1, 4, 4), 1.0)
    where = saved(tmp_path / "x.npz", x_train=train, x_test=test)
    for split in ("train", "test"):
        assert (find(where, split).read(0) == 255).all()
