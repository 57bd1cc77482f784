"""Masks are decoded once beside their images, by the same rule, and belong to the digest."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from datayield.data.decoded.arrays import prepare
from datayield.data.decoded.decode import decode_mask
from tests.data.made import encoded


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))


def _write(root: Path, masks: list[bytes], images: list[bytes]) -> str:
    feature = {"_type": "Image"}
    told = {"info": {"features": {"image": feature, "mask": feature}}}
    table = pa.table(
        {
            "image": pa.array([{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(images)]),
            "mask": pa.array([{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(masks)]),
            "label": pa.array(range(len(images))),
        }
    ).replace_schema_metadata({"huggingface": json.dumps(told)})
    root.mkdir(exist_ok=True)
    pq.write_table(table, root / "train-00000-of-00001.parquet", row_group_size=2)
    return str(root)


def _pair(i: int, height: int = 24, width: int = 32) -> tuple[bytes, bytes]:
    """Columns of one value each; the image is ten times its mask."""
    mask = np.broadcast_to((np.arange(width) // 4 + i).astype(np.uint8), (height, width))
    image = np.repeat(10 * mask[..., None], 3, axis=2)
    return encoded(image.copy()), encoded(mask.copy())


def test_masks_follow_their_images(tmp_path: Path) -> None:
    pairs = [_pair(i) for i in range(5)]
    wrong = encoded(np.zeros((9, 9), np.uint8))
    images, masks = ([*column] for column in zip(*pairs, strict=True))
    masks[2] = wrong
    name = _write(tmp_path / "set", masks, images)
    arrays = prepare(name, "train", 8, "crop")
    assert arrays.masks is not None
    assert arrays.masks.shape == (4, 8, 8)
    assert arrays.labels["label"].tolist() == [0, 1, 3, 4]
    assert [s.reason for s in arrays.skipped] == ["its mask is 9 x 9, not 32 x 24 as the image"]
    for i, mask in zip([0, 1, 3, 4], arrays.masks, strict=True):
        # the middle 24 of 32 columns, of which 8 are taken: 4 a value, 3 to a step
        centre = 4 + 3 * np.arange(8) + 1
        assert np.array_equal(mask, np.broadcast_to(centre // 4 + i, (8, 8)))
    again = prepare(name, "train", 8, "crop")
    assert again.masks is not None
    assert np.array_equal(arrays.masks, again.masks)
    part = prepare(name, "train[:60%]", 8, "crop")
    assert part.masks is not None
    assert len(part.masks) == len(part)


def test_the_digest_covers_masks(tmp_path: Path) -> None:
    images, masks = ([*column] for column in zip(*[_pair(i) for i in range(2)], strict=True))
    one = prepare(_write(tmp_path / "a", masks, images), "train", 8)
    other = prepare(_write(tmp_path / "b", masks[::-1], images), "train", 8)
    assert np.array_equal(one.images, other.images)
    assert one.digest != other.digest


def test_modes_of_masks() -> None:
    values = np.array([[0, 1], [2, 255]], np.uint8)
    palette = Image.fromarray(values)
    palette.putpalette(list(range(255, -1, -1)) * 3)
    assert palette.mode == "P"
    for kept in (encoded(values), encoded(palette), values, encoded(values.astype(np.uint16))):
        assert np.array_equal(decode_mask(kept, 2, "squash", (2, 2)), values)
    assert "3 channels" in str(decode_mask(encoded(np.zeros((2, 2, 3), "u1")), 2, "crop", (2, 2)))
    large = encoded(np.full((2, 2), 300, np.uint16))
    assert "300, not 0 to 255" in str(decode_mask(large, 2, "crop", (2, 2)))
    assert decode_mask(b"", 2, "crop", (2, 2)) == "its mask is empty"
    assert "its mask:" in str(decode_mask(io.BytesIO(b"no").getvalue(), 2, "crop", (2, 2)))


def test_a_set_without_masks_has_none() -> None:
    assert prepare("digits", "test", 8).masks is None
