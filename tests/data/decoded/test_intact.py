"""Decoded arrays that were changed under the tool's feet are decoded again, and it says so."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datayield.data.decoded import intact
from datayield.data.decoded.arrays import prepare
from tests.data.made import png, write

Change = Callable[[Path], None]


def other_pixels(root: Path) -> None:
    path = next(root.glob("arrays/*/images.u8"))
    path.write_bytes(bytes(path.stat().st_size))


def rolled_labels(root: Path) -> None:
    path = next(root.glob("arrays/*/labels.npz"))
    with np.load(path) as stored:
        columns = {name: np.roll(stored[name], 1) for name in stored.files}
    np.savez(path, **columns)


def renamed_classes(root: Path) -> None:
    path = next(root.glob("arrays/stamps/*.json"))
    path.write_text(path.read_text().replace('"a"', '"c"'))


@pytest.mark.parametrize("change", [other_pixels, rolled_labels, renamed_classes])
def test_what_was_changed_is_decoded_again(tmp_path: Path, change: Change) -> None:
    files = {f"{c}/{i}.png": png(ord(c) + i) for c in "ab" for i in range(3)}
    root = str(write(tmp_path / "images", files))
    first = prepare(root, "train", 8)
    pixels = np.array(first.images)
    change(tmp_path / "cache")
    again = prepare(root, "train", 8)
    np.testing.assert_array_equal(again.images, pixels)
    np.testing.assert_array_equal(again.labels["label"], first.labels["label"])
    assert again.classes == first.classes
    assert "damaged" in again.notes()[0]
    assert prepare(root, "train", 8).notes() == first.notes() == []


def test_untouched_pixels_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(write(tmp_path / "images", {f"{i}.png": png(i) for i in range(3)}))
    prepare(root, "train", 8)
    read: list[Path] = []
    known = intact.content_digest

    def spied(paths: list[Path], *more: object) -> str:
        read.extend(paths)
        return known(paths, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(intact, "content_digest", spied)
    prepare(root, "train", 8)
    assert not read
    next((tmp_path / "cache").glob("arrays/*/images.u8")).touch()
    assert prepare(root, "train", 8).notes() == []
    assert [path.name for path in read] == ["images.u8"]
