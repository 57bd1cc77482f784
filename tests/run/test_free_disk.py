"""What plan says of a store or a cache that cannot be written is what run would say."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from datayield.run.free_disk import unwritable
from tests.conftest import Call


def _usage(monkeypatch: pytest.MonkeyPatch, **changed: int) -> None:
    about = {"f_files": 100, "f_favail": 50, "f_bavail": 9} | changed
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**about))


def test_a_folder_that_can_be_made_is_writable(tmp_path: Path) -> None:
    assert unwritable([tmp_path, tmp_path / "a/b/c"], 3) == ""


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert (
        unwritable([tmp_path, tmp_path / "a/b"], 1) == f"{tmp_path / 'a'} is a file, not a folder"
    )


def test_a_read_only_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    assert unwritable([tmp_path / "a"], 1) == f"{tmp_path} is read-only for this user"


def test_a_disk_without_room_for_files_or_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _usage(monkeypatch, f_favail=7)
    assert unwritable([tmp_path], 7) == ""
    assert unwritable([tmp_path], 8) == "at least 8 files are needed, and 7 are free (inodes)"
    _usage(monkeypatch, f_files=0, f_favail=0)  # some file systems count no inodes
    assert unwritable([tmp_path], 8) == ""
    _usage(monkeypatch, f_bavail=0)
    assert "is full, 0 bytes are free" in unwritable([tmp_path], 1)


@pytest.mark.parametrize("name", ["store", "store/runs", "cache/arrays", "cache/arrays/stamps"])
def test_plan_and_run_refuse_a_file_in_place_of_a_folder(
    datayield: Call, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way")
    planned, done = datayield("plan", "tiny.yaml"), datayield("run", "tiny.yaml")
    assert (planned.code, done.code) == (2, 2)
    assert f"{path} is a file, not a folder" in planned.err
    assert planned.err.strip().splitlines()[-3:] == done.err.strip().splitlines()[-3:]
    assert path.read_text() == "in the way"


def test_plan_and_run_refuse_a_read_only_store(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != tmp_path / "store" and access(path, mode)
    )
    for verb in ("plan", "run"):
        refused = datayield(verb, "tiny.yaml")
        assert refused.code == 2
        assert "cannot write to the store" in refused.err
        assert "DATAYIELD_STORE" in refused.err
    assert list((tmp_path / "store").iterdir()) == []


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "-1"])
def test_seconds_between_saved_states_are_a_time(datayield: Call, seconds: str) -> None:
    refused = datayield("run", "tiny.yaml", "--save-every", seconds)
    assert refused.code == 2
    assert "--save-every" in refused.err
    assert "finite number, 0 or more" in refused.err
