"""A set that the disk cannot keep is the same set: its digest, labels and every batch."""

from pathlib import Path

import numpy as np
import pytest
import torch

from datayield.data.decoded import array_files as array_store
from datayield.data.decoded import decode_all
from datayield.data.decoded.arrays import Arrays, prepare
from datayield.data.decoded.on_the_fly import Undecoded
from datayield.data.decoded.rows import Stored
from datayield.data.sampling.resident import Resident
from datayield.data.sampling.streamed import Streamed
from datayield.spec.errors import DataError
from tests.data.made import encoded, pixels, png, write, write_parquet, write_tar


def made(root: Path, kind: str) -> str:
    """Thirty images in three classes, of which numbers 0, 7, 8 and 29 are damaged."""
    images = [png(i) if i % 2 else encoded(pixels(i), "JPEG") for i in range(30)]
    for i in (0, 7, 8, 29):
        images[i] = b"no image"
    labels = [i // 10 for i in range(30)]
    if kind == "parquet":
        write_parquet(root / "train.parquet", list(images), {"label": (labels, None)})
    elif kind == "tar":
        members = {}
        for i, image in enumerate(images):
            members |= {f"{i:02d}.jpg": image, f"{i:02d}.cls": str(labels[i]).encode()}
        write_tar(root / "train-0.tar", members)
    else:
        write(root, {f"{labels[i]}/{i:02d}.jpg": image for i, image in enumerate(images)})
    return str(root)


def fill(monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(array_store.shutil, "disk_usage", lambda _: Usage)


def both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, workers: int = 1
) -> tuple[Arrays, Arrays]:
    where = made(tmp_path / "set", kind)
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "kept"))
    kept = prepare(where, "train", 8)
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "full"))
    fill(monkeypatch)
    return kept, prepare(where, "train", 8, workers=workers, on_the_fly=True)


@pytest.mark.parametrize("kind", ["folder", "parquet", "tar"])
def test_it_is_the_same_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    kept, flown = both(tmp_path, monkeypatch, kind)
    assert isinstance(kept.rows, Stored)
    assert isinstance(flown.rows, Undecoded)
    assert len(flown) == len(kept) == 26
    assert flown.digest == kept.digest
    assert flown.skipped == kept.skipped
    assert flown.labels["label"].tolist() == kept.labels["label"].tolist()
    chosen = np.random.default_rng(0).permutation(26)[:20]
    inside, streamed = Resident(kept.rows, chosen, "cpu"), Streamed(flown.rows, chosen, "cpu")
    for step in range(5):
        assert torch.equal(streamed.batch(1, step, 12), inside.batch(1, step, 12))
    streamed.close()
    files = {p.name for p in (tmp_path / "full").rglob("*") if p.is_file()}
    assert {"labels.npz", "meta.json"} <= files
    assert not [name for name in files if name.startswith(("part", "images"))]


def test_in_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_all, "ALONE", 2)
    more = {f"1/x{i:04d}.png": png(i) if i % 9 else b"" for i in range(decode_all.CHUNK + 50)}
    write(tmp_path / "set", more)
    kept, flown = both(tmp_path, monkeypatch, "folder", workers=2)
    assert flown.digest == kept.digest
    assert flown.skipped == kept.skipped
    expected = kept.images[::25]
    read = np.empty_like(expected)
    flown.rows.read(np.arange(len(kept))[::25], read, np.arange(len(expected)))
    np.testing.assert_array_equal(read, expected)


def test_only_what_is_pretrained_on_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, flown = both(tmp_path, monkeypatch, "folder")
    with pytest.raises(DataError, match="is free"):
        _ = flown.images
    with pytest.raises(DataError, match="is free"):
        prepare(str(tmp_path / "set"), "train", 8)


def test_it_is_kept_once_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, flown = both(tmp_path, monkeypatch, "folder")
    again = prepare(str(tmp_path / "set"), "train", 8, on_the_fly=True)
    assert isinstance(again.rows, Undecoded)
    monkeypatch.undo()
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "full"))
    kept = prepare(str(tmp_path / "set"), "train", 8, on_the_fly=True)
    assert isinstance(kept.rows, Stored)
    assert kept.digest == flown.digest
    assert kept.images.shape == (26, 8, 8, 3)


def test_a_file_that_goes_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, flown = both(tmp_path, monkeypatch, "folder")
    (tmp_path / "set" / "1" / "11.jpg").unlink()
    streamed = Streamed(flown.rows, np.arange(26), "cpu")
    with pytest.raises(DataError, match="can no longer be read") as caught:
        streamed.batch(0, 0, 26)
    assert "1/11.jpg" in str(caught.value)
