"""Shares of a split are disjoint, whole together, mixed over classes, and cheap to name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datayield.data.catalog import find
from datayield.data.decoded.arrays import prepare
from datayield.data.split_content import split_listing
from datayield.data.splits import share_of
from datayield.spec.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """60 images in 3 classes, without splits."""
    for k in range(3):
        (tmp_path / "mine" / f"class{k}").mkdir(parents=True)
        for i in range(20):
            pixels = np.full((16, 16, 3), 60 * k + i, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "mine" / f"class{k}" / f"{i}.png")
    return tmp_path / "mine"


def test_shares_are_disjoint_and_whole_together(folder: Path) -> None:
    train, test = find(str(folder), "train[:80%]"), find(str(folder), "train[80%:]")
    assert (len(train), len(test)) == (48, 12)
    names = [{s.names(i) for i in range(len(s))} for s in (train, test)]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 60
    assert all(len(set(s.labels["label"])) == 3 for s in (train, test))


def test_pixels_and_labels_of_a_share_belong_together(folder: Path) -> None:
    arrays = prepare(str(folder), "train[25%:75%]", 16)
    assert len(arrays) == 30
    np.testing.assert_array_equal(arrays.images[:, 0, 0, 0] // 60, arrays.labels["label"])


def test_fingerprints_tell_shares_apart(folder: Path) -> None:
    shares = ["train", "train[:50%]", "train[50%:]"]
    assert len({split_listing(find(str(folder), share)).fingerprint for share in shares}) == 3
    assert split_listing(find("sprites?n=1000", "train[10%:]")).images == 900


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("train", ("train", None)), ("train[:80%]", ("train", (0, 80))),
        ("val[20%:]", ("val", (20, 100))), ("train[20%:60%]", ("train", (20, 60))),
    ],
)  # fmt: skip
def test_spelling(text: str, meant: object) -> None:
    assert share_of(text) == meant


@pytest.mark.parametrize("text", ["train[80]", "train[60%:20%]", "train[:120%]", "train[", "[:5%]"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="invalid split slice"):
        share_of(text)
