"""Files are whole or absent, whatever the disk does, and an error of it says what to do."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch

from datayield.run.loop.tensor_files import write_tensors
from datayield.spec import atomic_files
from datayield.spec.atomic_files import (
    FORGOTTEN,
    in_bytes,
    part_name,
    read_bytes,
    read_json,
    set_aside,
    sweep,
    write_json,
    write_with,
)
from datayield.spec.errors import StoreError
from datayield.spec.this_process import this_process
from datayield.store.folders import RunFolder


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})

    def breaks(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StoreError, match="No space left on device") as caught:
        write_with(path, breaks, size=1_500_000)
    assert str(path) in caught.value.text()
    assert "1.5 MB needed" in caught.value.text()
    assert "free on the disk of" in caught.value.text()
    assert read_json(path) == {"old": 1}
    assert list(tmp_path.iterdir()) == [path]


class FullAt(io.FileIO):
    """A file whose k-th write, counted over all files, finds the disk full."""

    left = 0

    def write(self, data: Any) -> int:
        FullAt.left -= 1
        if FullAt.left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_a_disk_that_is_full_at_any_write_of_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, content = RunFolder(tmp_path), {"a": torch.ones(3000), "b": [torch.zeros(20)] * 3}
    real = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, mode="r", *rest, **named: (
            io.BufferedWriter(FullAt(path, "wb"), 64) if mode == "wb" else real(path, mode, *rest)
        ),
    )
    refused = []
    while not folder.has_state():
        FullAt.left = len(refused) + 1
        try:
            write_tensors(folder, folder.state, "state", content)
        except StoreError as error:
            refused.append(error.text())
            left = list(tmp_path.iterdir())
            assert left == []
    assert len(refused) > 5
    assert all("No space left" in text and "12.2 kB needed" in text for text in refused)


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_250_000, "1.25 MB"), (47e9, "47 GB"), (2e12, "2 TB")],
)
def test_sizes_are_in_sensible_units(count: float, words: str) -> None:
    assert in_bytes(count) == words


def test_reading_half_a_file_is_reading_nothing(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{"a": ')
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    for path in tmp_path.iterdir():
        assert read_json(path) is None
    assert read_json(tmp_path / "absent.json") is None


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic_files, "LARGEST_TEXT", 10)
    (tmp_path / "a").write_bytes(b" " * 11)
    assert read_bytes(tmp_path / "a") is None


def test_a_place_that_is_a_file_or_is_gone_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot write a file"):
        write_json(tmp_path / "file" / "a.json", {})
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="Is a directory"):
        write_json(tmp_path / "folder", {})
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder"}


def test_what_dead_processes_left_is_swept_and_what_live_ones_write_is_not(tmp_path: Path) -> None:
    code = "from datayield.spec.atomic_files import part_name; print(part_name())"
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    dead = tmp_path / f".a.json.{done.stdout.strip()}.tmp"
    mine, other = (
        tmp_path / f".a.json.{part_name()}.tmp",
        tmp_path / f".b.{'0' * 8}-1-{'0' * 32}.tmp",
    )
    old, aside = tmp_path / f".c.{'1' * 8}-1-{'0' * 32}.tmp", tmp_path / "d.pt.damaged"
    kept = tmp_path / "kept.json"
    for path in (dead, mine, other, old, aside, kept):
        path.touch()
    building = tmp_path / f"building-{done.stdout.strip()}"
    building.mkdir()
    (building / "images.u8").touch()
    yesterday = old.stat().st_mtime - FORGOTTEN - 60
    for path in (old, aside):
        os.utime(path, (yesterday, yesterday))
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {mine, other, kept}
    assert this_process().place in mine.name
    sweep(tmp_path, every=True)
    assert set(tmp_path.iterdir()) == {kept}
    sweep(tmp_path / "absent")


def test_a_damaged_file_is_kept_aside(tmp_path: Path) -> None:
    for text in ("one", "two"):
        (tmp_path / "a.json").write_text(text)
        assert set_aside(tmp_path / "a.json").read_text() == text
    (tmp_path / "a.json").mkdir()
    assert set_aside(tmp_path / "a.json").is_dir()
    assert set_aside(tmp_path / "a.json").is_dir()
