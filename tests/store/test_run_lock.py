"""Files are whole or absent; a run has one writer, and a dead writer's lock lapses."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from datayield.spec.atomic_files import read_json, write_json, write_with
from datayield.spec.errors import StoreError
from datayield.store.run_lock import STALE_SECONDS, holder, run_lock


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})

    def breaks(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_with(path, breaks)
    assert read_json(path) == {"old": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_reading_half_a_file_is_reading_nothing(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{"a": ')
    assert read_json(tmp_path / "half.json") is None
    assert read_json(tmp_path / "absent.json") is None


def test_a_claim_excludes_others_and_is_released(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        assert holder(tmp_path) == "running"
        with pytest.raises(StoreError, match="another process"), run_lock(tmp_path):
            pass
    assert holder(tmp_path) == ""


def test_a_dead_process_on_this_host_holds_nothing(tmp_path: Path) -> None:
    code = "import os; print(os.getpid())"
    pid = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    lock = {"host": socket.gethostname(), "pid": pid}
    (tmp_path / "lock.json").write_text(json.dumps(lock))
    assert holder(tmp_path) == "stale"
    with run_lock(tmp_path):
        assert holder(tmp_path) == "running"


def test_a_claim_of_another_host_lapses_only_with_its_heartbeat(tmp_path: Path) -> None:
    path = tmp_path / "lock.json"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1}))
    assert holder(tmp_path) == "running"
    old = time.time() - STALE_SECONDS - 1
    os.utime(path, (old, old))
    assert holder(tmp_path) == "stale"
