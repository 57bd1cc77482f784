"""Tasks of one machine that need the same images wait for one decoding."""

import importlib
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from datayield.data.decoded import arrays
from datayield.data.decoded.arrays import prepare
from datayield.data.decoded.decode_all import decode_all
from tests.data.made import png, write

one_at_a_time = importlib.import_module("datayield.data.decoded.one_at_a_time")


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(write(tmp_path / "images", {f"a/{i}.png": png(i) for i in range(4)}))


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """One entry for each time that images are decoded, which takes long enough to be met."""
    began: list[float] = []

    def slow(*given: Any, **named: Any) -> Any:
        began.append(time.monotonic())
        time.sleep(0.2)
        return decode_all(*given, **named)

    monkeypatch.setattr(arrays, "decode_all", slow)
    return began


def test_who_comes_meanwhile_waits_and_takes_what_was_made(
    folder: str, decodings: list[float]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: prepare(folder, "train", 8), range(4)))
    assert len(decodings) == 1
    assert len({each.digest for each in made}) == 1
    prepare(folder, "train", 9)  # another size is other work
    assert len(decodings) == 2


def test_without_locks_on_the_file_system_each_decodes(
    folder: str, decodings: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any, **__: Any) -> None:
        raise NotImplementedError("no flock here")

    monkeypatch.setattr(one_at_a_time, "FileLock", none)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: prepare(folder, "train", 8), range(2)))
    assert len(decodings) == 2
    assert made[0].digest == made[1].digest


def test_a_killed_holder_keeps_nobody_waiting(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp.json"
    held = (
        "import sys, time; from pathlib import Path\n"
        "from datayield.data.decoded.one_at_a_time import one_at_a_time\n"
        "with one_at_a_time(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", held, str(stamp)], stdout=subprocess.PIPE, env=env
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    began = time.monotonic()
    with one_at_a_time.one_at_a_time(stamp):
        assert time.monotonic() - began < 5
