"""A run has one writer: a dead one's lock is void, a silent one's lapses, and who lost it stops."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from datayield.spec.atomic_files import write_bytes
from datayield.spec.errors import BusyError, InterruptedRunError, StoreError
from datayield.spec.this_process import this_process
from datayield.store import run_lock as locks
from datayield.store.folders import RunFolder, Store
from datayield.store.run_lock import holder, run_lock
from tests.stored import run_cost


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules in a hundredth of the time."""
    for name, seconds in {"STALE": 0.4, "BEAT": 0.05, "LOOK": 0.01}.items():
        monkeypatch.setattr(locks, f"{name}_SECONDS", seconds)
    monkeypatch.setattr(locks, "LOCK_TIMEOUT", 2.0)


def _dead_pid() -> int:
    code = "import os; print(os.getpid())"
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True).stdout)


def _left(folder: Path, **changed: object) -> Path:
    """A lock that a process left behind; `changed`: what differs from this process."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock.json"
    path.write_text(json.dumps(this_process()._asdict() | {"token": "t"} | changed))
    return path


def test_a_lock_excludes_others_and_is_released(tmp_path: Path) -> None:
    with run_lock(tmp_path):
        assert holder(tmp_path) == "running"
        with pytest.raises(BusyError, match="another process"), run_lock(tmp_path):
            pass
    assert holder(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_dead_process_of_this_boot_and_namespace_holds_nothing(tmp_path: Path) -> None:
    _left(tmp_path, pid=_dead_pid())
    assert holder(tmp_path) == "stale"
    with run_lock(tmp_path):
        assert holder(tmp_path) == "running"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("other", ["host", "boot", "namespace"])
def test_a_pid_of_another_machine_boot_or_container_says_nothing(
    tmp_path: Path, other: str
) -> None:
    _left(tmp_path, pid=_dead_pid(), **{other: "another"})
    assert holder(tmp_path) == "running"
    with pytest.raises(BusyError), run_lock(tmp_path):
        pass


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"pid": "x"}', '{"pid": 1}'])
@pytest.mark.usefixtures("quick")
def test_a_foreign_lock_lapses_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock.json").write_text(text)
    assert holder(tmp_path) == "running"
    with run_lock(tmp_path, lock_timeout=0.1):
        pass


@pytest.mark.parametrize("skew", [-1e6, 0.0, 1e6])
@pytest.mark.usefixtures("quick")
def test_a_silent_lock_lapses_whatever_the_clock_of_its_file_server(
    tmp_path: Path, skew: float
) -> None:
    path = _left(tmp_path, host="elsewhere")
    os.utime(path, (time.time() + skew,) * 2)
    began = time.monotonic()
    with run_lock(tmp_path, lock_timeout=0.1):
        assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("skew", [-1e6, 1e6])
@pytest.mark.usefixtures("quick")
def test_a_beating_lock_is_respected_whatever_its_clock(tmp_path: Path, skew: float) -> None:
    path = _left(tmp_path, host="elsewhere")
    done = Event()
    beats = iter(range(1000))

    class Clock(Event):  # a holder whose clock is wrong
        def wait(self, timeout: float | None = None) -> bool:
            os.utime(path, (time.time() + skew + next(beats),) * 2)
            return super().wait(timeout)

    with pytest.raises(BusyError), run_lock(tmp_path, 0.6, Clock()):
        pass
    done.set()
    assert path.exists()


@pytest.mark.usefixtures("quick")
def test_who_slept_through_a_takeover_writes_nothing(tmp_path: Path) -> None:
    sleeper = RunFolder(tmp_path / "run")
    with run_lock(sleeper.path) as first:
        sleeper = sleeper._replace(lock=first)
        sleeper.append_log("{}")
        _left(sleeper.path, host="elsewhere")  # what another one wrote when it took over
        before = {p: p.read_bytes() for p in sleeper.path.rglob("*") if p.is_file()}
        writes: tuple[Callable[[], object], ...] = (
            lambda: sleeper.append_log("{}"),
            lambda: sleeper.write_run_cost(run_cost()),
            lambda: sleeper.write_progress(1, 2),
            lambda: sleeper.write(sleeper.state, lambda file: None),
            lambda: sleeper.remove(sleeper.log),
        )
        for write in writes:
            with pytest.raises(BusyError, match="took over"):
                write()
        assert BusyError("").exit_code == 3
    assert {p: p.read_bytes() for p in sleeper.path.rglob("*") if p.is_file()} == before


def test_a_takeover_during_a_write_leaves_the_old_file(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with run_lock(tmp_path) as lock:
        held = folder._replace(lock=lock)
        held.write(held.state, lambda file: file.write(b"old") and None)
        with pytest.raises(BusyError):
            held.write(held.state, lambda file: _left(tmp_path, host="elsewhere") and None)
    assert folder.state.read_bytes() == b"old"
    assert {path.name for path in tmp_path.iterdir()} == {"state.pt", "lock.json"}


def test_a_vanished_folder_is_said(tmp_path: Path) -> None:
    with run_lock(tmp_path / "run") as lock:
        (tmp_path / "run" / "lock.json").unlink()
        (tmp_path / "run").rmdir()
        with pytest.raises(StoreError, match="vanished") as caught:
            lock.check()
        assert not isinstance(caught.value, BusyError)


def test_a_fresh_lock_that_was_taken_for_a_stale_one_is_put_back(tmp_path: Path) -> None:
    stale = locks._look(_left(tmp_path, pid=_dead_pid()))
    assert stale is not None
    fresh = _left(tmp_path, token="fresh").read_bytes()
    locks._bury(tmp_path / "lock.json", stale)
    assert (tmp_path / "lock.json").read_bytes() == fresh
    assert len(list(tmp_path.iterdir())) == 1


def test_waiting_ends_when_asked_to_stop(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    with run_lock(tmp_path), pytest.raises(InterruptedRunError), run_lock(tmp_path, 60.0, stop):
        pass


def test_of_many_that_find_a_stale_lock_one_takes_it(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from datayield.spec.errors import BusyError\n"
        "from datayield.store.run_lock import run_lock\n"
        "try:\n    with run_lock(Path(sys.argv[1])) as lock:\n"
        "        time.sleep(1.5)\n        lock.check()\n        print('had it')\n"
        "except BusyError:\n    pass\n"
    )
    _left(tmp_path, pid=_dead_pid())
    all_ = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    assert sum(b"had it" in process.communicate(timeout=60)[0] for process in all_) <= 1
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_vanished_is_not_made_anew(tmp_path: Path) -> None:
    store = Store(tmp_path / "disk" / "store")
    store.check_writable()
    store.check_present()
    held = store.run("a")
    with run_lock(held.path) as lock:
        held = held._replace(lock=lock)
        held.write_run_cost(run_cost())
        (tmp_path / "disk").rename(tmp_path / "unmounted")
        (store.root).mkdir(parents=True)  # the empty folder below the mount
        for write in (
            lambda: held.write_run_cost(run_cost()),
            lambda: held.append_log("{}"),
            lambda: write_bytes(held.checkpoint(1.0), b"", before=lambda: None),
            store.check_present,
        ):
            with pytest.raises(StoreError, match="is its disk mounted"):
                write()
        with (
            pytest.raises(StoreError, match="the store vanished"),
            run_lock(store.run("b").path),
        ):
            pass
    assert list(store.root.iterdir()) == []


HOLDER = """
import os, signal, sys, time
from pathlib import Path
from datayield.spec.errors import BusyError
from datayield.store import run_lock as locks
from datayield.store.folders import RunFolder, Store
locks.BEAT_SECONDS = 0.05
folder = RunFolder(Path(sys.argv[1]))
try:
    with locks.run_lock(folder.path) as lock:
        held = folder._replace(lock=lock)
        while True:
            held.append_log("first")
            time.sleep(0.02)
            if "stop" in os.listdir(folder.path.parent):
                os.kill(os.getpid(), signal.SIGSTOP)  # here, not between a check and its write
except BusyError as error:
    print(error.text())
    sys.exit(error.exit_code)
"""


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="no os.waitid here")
@pytest.mark.parametrize("skew", [-1e6, 1e6])
@pytest.mark.usefixtures("quick")
def test_a_process_that_was_stopped_leaves_its_run_to_who_took_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skew: float
) -> None:
    """As a laptop that was suspended, whatever this process's clock shows meanwhile."""
    folder, now = RunFolder(tmp_path / "run"), time.time
    command = [sys.executable, "-c", HOLDER, str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        while not folder.log.exists():
            time.sleep(0.01)
        monkeypatch.setattr(time, "time", lambda: now() + skew)
        with pytest.raises(BusyError), run_lock(folder.path, lock_timeout=0.6):
            pass  # it is alive
        (tmp_path / "stop").touch()
        os.waitid(os.P_PID, first.pid, os.WSTOPPED | os.WNOWAIT)
        (tmp_path / "stop").unlink()
        with run_lock(folder.path, lock_timeout=0.1) as lock:
            ours = folder._replace(lock=lock)
            ours.append_log("second")
            before = folder.log.read_bytes()
            first.send_signal(signal.SIGCONT)
            told, _ = first.communicate(timeout=30)
            assert folder.log.read_bytes() == before
            ours.append_log("second")  # still ours
    assert first.returncode == 3
    assert "took over this run" in told
    assert {path.name for path in folder.path.iterdir()} == {"log.jsonl"}


@pytest.mark.usefixtures("quick")
def test_two_of_equal_host_names_that_do_not_see_each_other(tmp_path: Path) -> None:
    """As containers on two machines: the same host and process id, in namespaces of their own."""
    path = _left(tmp_path, boot="another", namespace="pid:[4026532000]", token="other")
    with pytest.raises(BusyError), run_lock(tmp_path):
        pass
    with run_lock(tmp_path, lock_timeout=0.1) as lock:  # silent for too long
        lock.check()
        assert path.read_bytes() == lock.content
