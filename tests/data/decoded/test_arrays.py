"""Decoding once: what is kept, what is skipped, and that nothing half-written is ever used."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datayield.data.catalog import find
from datayield.data.census import Noted
from datayield.data.decoded import array_files as array_store
from datayield.data.decoded import arrays, decode_all
from datayield.data.decoded.arrays import Skipped, prepare
from datayield.data.decoded.decode import decode
from datayield.data.leaks import notes
from datayield.data.sources import parquet
from datayield.data.split_content import split_listing
from datayield.spec.errors import DataError
from datayield.spec.run import Subset
from tests.data.made import encoded, pixels, png, write, write_parquet, write_tar


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """Two classes of three images; one image of each class is damaged, one is grey."""
    files = {f"{c}/{i}.png": png(ord(c) + i) for c in "ab" for i in range(3)}
    files |= {"a/1.png": b"", "b/0.png": b"not an image", "b/2.png": encoded(pixels(9)[..., 0])}
    return str(write(tmp_path / "images", files))


def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "arrays"


def test_labels_line_up_with_what_was_kept(folder: str) -> None:
    made = prepare(folder, "train", 8)
    assert made.images.shape == (4, 8, 8, 3)
    assert not made.images.flags.writeable
    assert made.labels["label"].tolist() == [0, 0, 1, 1]
    assert made.classes == {"label": ["a", "b"]}
    assert (len(made), made.listed) == (4, 6)
    assert made.converted == {"L to RGB": 1}
    assert made.skipped[0] == Skipped("a/1.png", "empty file")
    assert f"datayield doctor --data {folder} lists them" in made.notes()[0]
    assert made.skipped[1].name == "b/0.png"
    for i, name in enumerate(["a/0", "a/2", "b/1", "b/2"]):
        expected = decode(Path(folder, f"{name}.png").read_bytes(), 8, "crop")
        assert not isinstance(expected, str)
        np.testing.assert_array_equal(made.images[i], expected.pixels)


def test_the_second_call_decodes_nothing(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare(folder, "train", 8)

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(arrays, "decode_all", fail)
    start = time.perf_counter()
    second = prepare(folder, "train", 8)
    assert time.perf_counter() - start < 0.2
    assert second.digest == first.digest
    assert second.skipped == first.skipped
    np.testing.assert_array_equal(second.images, first.images)
    assert second.labels["label"].tolist() == first.labels["label"].tolist()
    with pytest.raises(AssertionError, match="decoded again"):
        prepare(folder, "train", 9)
    with pytest.raises(AssertionError, match="decoded again"):
        prepare(folder, "train", 8, "squash")


def test_a_changed_file_is_decoded_again(folder: str) -> None:
    before = prepare(folder, "train", 8)
    Path(folder, "a/1.png").write_bytes(png(77))
    after = prepare(folder, "train", 8)
    assert (len(before), len(after)) == (4, 5)
    assert after.digest != before.digest


def test_the_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    images = [png(i) for i in range(3)]
    write(tmp_path / "f", {f"c{i}/x.png": data for i, data in enumerate(images)})
    column = ([0, 1, 2], ["c0", "c1", "c2"])
    write_parquet(tmp_path / "p" / "train.parquet", images, {"label": column})
    members = {f"{i}.png": data for i, data in enumerate(images)}
    write_tar(tmp_path / "t" / "a.tar", members | {f"{i}.cls": str(i).encode() for i in range(3)})
    made = [prepare(str(tmp_path / kind), "train", 8) for kind in "fpt"]
    assert len({m.digest for m in made}) == 1
    assert made[0].classes != made[2].classes  # what is not content is kept for each
    write(tmp_path / "f", {"c1/y.png": b"damaged"})
    again = prepare(str(tmp_path / "f"), "train", 8)
    assert again.digest == made[0].digest
    assert (len(again.skipped), len(made[0].skipped)) == (1, 0)
    assert prepare(str(tmp_path / "p"), "train", 8).skipped == []


def test_unlabeled(tmp_path: Path) -> None:
    made = prepare(str(write(tmp_path / "flat", {"a.png": png(0)})), "train", 8)
    assert (made.labels, made.classes) == ({}, {})


def test_labels_may_have_any_name(tmp_path: Path) -> None:
    row = json.dumps({"file": 1, "a b/c": 0}).encode()
    write_tar(tmp_path / "t" / "a.tar", {"0.png": png(0), "0.json": row})
    made = prepare(str(tmp_path / "t"), "train", 8)
    assert {name: v.tolist() for name, v in made.labels.items()} == {"file": [1], "a b/c": [0]}


def test_several_processes_give_the_same_and_never_import_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = f"n={decode_all.ALONE + 100}"
    seen: list[tuple[int, int]] = []
    spawned = prepare(
        f"sprites?{options}", "train", 32, workers=2, progress=lambda *p: seen.append(p)
    )
    assert seen[-1] == (2100, 2100)
    assert seen == sorted(seen)
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "other"))
    alone = prepare(f"sprites?{options}", "train", 32, workers=1)
    assert alone.digest == spawned.digest
    code = "import sys, datayield.data.decoded.decode_all; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_several_processes_from_a_script_without_a_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "print('once')\n"
        "from datayield.data.decoded.arrays import prepare\n"
        "prepare('sprites?n=2100', 'train', 32, workers=2)\n"
    )
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("once\n", "")


def test_trouble_in_a_worker_reaches_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode_all, "ALONE", 1)
    monkeypatch.setattr(decode_all, "CHUNK", 2)
    path = write_parquet(tmp_path / "p" / "train.parquet", [png(i) for i in range(9)], {})
    data = bytearray(path.read_bytes())
    data[20:400] = b"x" * 380  # inside the first row group
    path.write_bytes(data)
    with pytest.raises(DataError, match="corrupt parquet"):
        prepare(str(path.parent), "train", 8, workers=2)
    monkeypatch.setattr(decode_all.sys, "executable", "/bin/false")
    with pytest.raises(DataError, match="was killed"):
        prepare("digits", "train", 8, workers=2)


def test_killed_half_way_leaves_nothing_that_is_used(folder: str, tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from datayield.data.decoded import arrays\n"
        "def die(*_): os._exit(9)\n"
        "arrays.move_into_place = die\n"
        "arrays.prepare(sys.argv[1], 'train', 8)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, folder], check=False)
    assert killed.returncode == 9
    (left,) = cache(tmp_path).glob("building-*")
    assert (left / "images.u8").exists()
    other = left.with_name(f"building-{'0' * 8}-1-{'0' * 32}")  # of another machine
    shutil.copytree(left, other)
    assert len(prepare(folder, "train", 8)) == 4
    assert not left.exists()
    assert other.exists()  # it might be another process at work
    os.utime(other, (0, 0))
    prepare(folder, "train", 9)
    assert not other.exists()


@pytest.mark.parametrize(
    "harm", ["images", "labels", "cut labels", "folder", "stamp", "foreign stamp"]
)
def test_a_damaged_store_is_made_anew(folder: str, tmp_path: Path, harm: str) -> None:
    made = prepare(folder, "train", 8)
    (stamp,) = cache(tmp_path).glob("stamps/*.json")
    store = cache(tmp_path) / made.digest
    if harm == "images":
        os.truncate(store / "images.u8", 100)
    elif harm == "labels":
        (store / "labels.npz").unlink()
    elif harm == "cut labels":
        os.truncate(store / "labels.npz", 50)
    elif harm == "foreign stamp":
        stamp.write_text("[1]")
    elif harm == "folder":
        shutil.rmtree(store)
    else:
        stamp.write_text('{"digest": ')
    again = prepare(folder, "train", 8)
    assert again.digest == made.digest
    assert again.images.shape == (4, 8, 8, 3)


def test_two_builders_at_once(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = arrays.move_into_place

    def overtaken(building: Path, target: Path, meta: dict[str, Any]) -> None:
        shutil.copytree(building, target)  # another process finishes first
        real(building, target, meta)

    monkeypatch.setattr(arrays, "move_into_place", overtaken)
    assert len(prepare(folder, "train", 8)) == 4


def test_nothing_good(tmp_path: Path) -> None:
    root = write(tmp_path / "bad", {"a.png": b"", "b.png": b"x"})
    with pytest.raises(DataError, match=r"none of the 2 images can be used; a.png: empty file"):
        prepare(str(root), "train", 8)
    assert not list(cache(tmp_path).glob("building-*"))


def test_an_empty_split(tmp_path: Path) -> None:
    write_parquet(tmp_path / "p" / "train.parquet", [], {})
    with pytest.raises(DataError, match="no images"):
        prepare(str(tmp_path / "p"), "train", 8)


def test_a_full_disk_says_how_much_is_needed(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(array_store.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(DataError, match=r"need 903 kB, and 1 kB is free"):
        prepare(folder, "train", 224)


def test_a_disk_that_fills_up_meanwhile(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(arrays, "decode_all", full)
    with pytest.raises(DataError, match="is free"):
        prepare(folder, "train", 8)


def test_a_disk_that_cannot_be_read_is_not_a_damaged_image(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = find(folder, "train")

    def broken(*_: Any) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(type(source), "read", broken)
    with pytest.raises(DataError, match="most images cannot be read") as caught:
        prepare(folder, "train", 8)
    assert "Input/output error" in str(caught.value)


def test_one_file_that_cannot_be_read_is_skipped_until_it_can(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = find(folder, "train")
    kind, read = type(source), type(source).read

    def refused(self: Any, i: int) -> bytes:
        if self.names(i) == "b/1.png":
            raise PermissionError(13, "Permission denied")
        return read(self, i)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "read", refused)
        made = prepare(folder, "train", 8)
        assert Skipped("b/1.png", "cannot be read: Permission denied") in made.skipped
        assert (len(made), split_listing(find(folder, "train")).images) == (3, 3)
        assert prepare(folder, "train", 8).digest == made.digest
    assert len(prepare(folder, "train", 8)) == 4
    assert split_listing(find(folder, "train")).images == 4


def test_links_to_nothing_are_skipped_by_name(tmp_path: Path) -> None:
    root = write(tmp_path / "f", {"a.png": png(0)})
    (root / "b.png").symlink_to(root / "gone.png")
    assert prepare(str(root), "train", 8).skipped == [Skipped("b.png", "missing file")]


def test_closing_gaps_in_many_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).integers(0, 256, (50, 4 * 4 * 3), np.uint8)
    rows.tofile(tmp_path / "images.u8")
    kept = np.flatnonzero(np.random.default_rng(1).random(50) < 0.6)
    monkeypatch.setattr(array_store, "ROWS_BYTES", 7 * 48)
    array_store.close_gaps(tmp_path / "images.u8", kept, 50, 4 * 4 * 3)
    left = np.fromfile(tmp_path / "images.u8", np.uint8).reshape(-1, 48)
    np.testing.assert_array_equal(left, rows[kept])


def test_another_file_of_the_same_size_and_time_is_decoded_again(tmp_path: Path) -> None:
    seen: set[tuple[int, int]] = set()
    path = tmp_path / "set" / "train.parquet"
    path.parent.mkdir()
    for value in (40, 200):
        raw = encoded(np.full((8, 8, 3), value, np.uint8), "BMP")
        beside = write_parquet(tmp_path / "made.parquet", [raw], {})
        os.utime(beside, ns=(10**18, 10**18))
        beside.replace(path)  # as copying tools do: another inode
        seen.add((path.stat().st_size, path.stat().st_mtime_ns))
        parquet._group.cache_clear()  # as in another process
        assert prepare(str(path.parent), "train", 8).images[0, 0, 0, 0] == value
    assert len(seen) == 1


def test_further_pages_are_counted(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), (100 * i, 0, 0)) for i in range(3)]
    animated = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    where = str(write(tmp_path / "set", {"a.webp": animated, "b.png": png(1)}))
    assert not list(notes([], [], {(where, "train"): split_listing(find(where, "train"))}))
    made = prepare(where, "train", 8)
    assert made.pages == Noted(1, ("a.webp",))
    (told,) = made.notes()
    assert told == "1 file has further pages or frames, which are not used (a.webp)"
    part = Subset(dataset=where, split="train", count=2, size=8)
    listings = {(where, "train"): split_listing(find(where, "train"))}
    assert any("further pages" in note for note in notes([part], [], listings))
