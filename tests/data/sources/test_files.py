"""Files below a folder: what is no file is named, and never waited for."""

import os
from pathlib import Path

import pytest

from datayield.data.catalog import find
from datayield.data.decoded import prepare
from datayield.data.sources import files
from datayield.data.sources.files import read_file, walk
from tests.data.made import png, write, write_parquet


def test_what_is_no_file_is_skipped_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"a.png": png(0), "dir.png/b.png": png(1)})
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "itself.jpg").symlink_to("itself.jpg")
    (tmp_path / "empty.jpg").mkdir()
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    tree = walk(tmp_path)
    assert [f.name for f in tree.files] == ["a.png", "dir.png/b.png"]
    assert {name: why for why, name in tree.unusable} == {
        "pipe.jpg": "a named pipe, not a file",
        "itself.jpg": "Too many levels of symbolic links",
        "empty.jpg": "an empty folder, not a file",
        "zero.jpg": "a device, not a file",
    }


def test_folders_of_tools_are_left_out_and_counted(tmp_path: Path) -> None:
    """Also in class folders; a folder that is opened itself is read, whatever lies in it."""
    tools = ("a/node_modules/x/1.png", "lib/site-packages/2.png", "__MACOSX/a/3.png", ".git/4.png")
    inner = ("env/pyvenv.cfg", "env/share/5.png", "b/conda/conda-meta/history", "b/conda/6.png")
    write(tmp_path, {name: png(1) for name in ("a/0.png", "b/0.png", *tools, *inner)})
    tree = walk(tmp_path)
    assert [f.name for f in tree.files] == ["a/0.png", "b/0.png"]
    ignored = find(str(tmp_path), "train").census.ignored
    assert {kind: of.number for kind, of in ignored.items()} == {
        "virtual environments": 2,
        "folders of tools": 3,
        "hidden folders": 1,
    }
    assert ignored["virtual environments"].examples == ("b/conda", "env")
    assert [f.name for f in walk(tmp_path / "env").images] == ["share/5.png"]


def test_reading_never_waits_and_never_reads_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(OSError, match="not a file"):
        read_file(tmp_path / "pipe.jpg")
    with pytest.raises(OSError, match="not a file"):
        read_file(tmp_path)
    monkeypatch.setattr(files, "LARGEST", 3)
    (tmp_path / "large.jpg").write_bytes(b"1234")
    with pytest.raises(OSError, match="too large"):
        read_file(tmp_path / "large.jpg")


def test_a_table_that_names_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "0.png")
    write_parquet(tmp_path / "train.parquet", [None, png(1), png(2)], {})
    made = prepare(str(tmp_path / "train.parquet"), "train", 8)
    assert [item.reason for item in made.skipped] == ["cannot be read: not a file"]
    assert len(made) == 2


def test_a_file_that_becomes_a_pipe_after_listing(tmp_path: Path) -> None:
    source = find(str(write(tmp_path / "set", {"a.png": png(0)})), "train")
    assert len(source) == 1
    (tmp_path / "set" / "a.png").unlink()
    os.mkfifo(tmp_path / "set" / "a.png")
    with pytest.raises(OSError, match="not a file"):
        source.read(0)
