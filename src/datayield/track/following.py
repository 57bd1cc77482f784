"""Trackers beside a running study: each in a process of its own, which reads the runs' files.

So neither a slow network nor an error in a tracker's library can slow or stop training, wherever
the runs are: in this process, in others, on other machines with the same store.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import NamedTuple

from datayield.store.folders import Store
from datayield.track.tracked_run import TrackedStudy

LEAVE_SECONDS = 120.0  # to send the rest when the study's process is done


class _Follower(NamedTuple):
    name: str
    process: "subprocess.Popen[str]"
    reader: Thread


@contextmanager
def following(
    study: TrackedStudy, store: Store, names: Sequence[str], say: Callable[[str], None]
) -> Iterator[None]:
    """Send what runs write to the trackers while the block runs, and the rest at its end.

    `say` is called from another thread: how to look at each, and whatever goes wrong. No error of a
    tracker is raised.
    """
    followers = list[_Follower]()
    for name in names:
        try:
            followers.append(_start(study, store, name, say))
        except OSError as error:
            say(f"warning  {name}: not started: {error}")
    try:
        yield
    finally:
        _leave(followers, say)


def _start(study: TrackedStudy, store: Store, name: str, say: Callable[[str], None]) -> _Follower:
    order = {"tracker": name, "store": str(store.root.absolute()), "leave": LEAVE_SECONDS}
    process = subprocess.Popen(
        [sys.executable, "-m", "datayield.track"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        # Modules of the working directory are not the library's: a folder called wandb is common.
        env=os.environ | {"PYTHONSAFEPATH": "1"},
        start_new_session=True,  # Ctrl-C reaches the study's process alone
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(OSError):  # it has ended: `_leave` sees how
        process.stdin.write(json.dumps(order | {"study": study.model_dump(mode="json")}) + "\n")
        process.stdin.flush()

    reader = Thread(target=_read, args=(process.stdout, say), daemon=True)
    reader.start()
    return _Follower(name, process, reader)


def _read(lines: Iterable[str], say: Callable[[str], None]) -> None:
    for line in lines:
        say(line.rstrip())


def _leave(followers: Sequence[_Follower], say: Callable[[str], None]) -> None:
    """Tell all that the study's process is done; then wait for each."""
    for each in followers:
        assert each.process.stdin is not None
        with suppress(OSError):
            each.process.stdin.close()
    until = time.monotonic() + LEAVE_SECONDS
    for each in followers:
        try:
            code = each.process.wait(max(0.1, until - time.monotonic()))
            if code != 0:
                say(f"warning  {each.name}: its process ended with exit code {code}")
        except subprocess.TimeoutExpired:
            each.process.kill()
            each.process.wait()
            say(
                f"warning  {each.name}: not finished in {LEAVE_SECONDS:.0f} seconds; "
                f"datayield track STUDY --to {each.name} sends the rest"
            )
        each.reader.join(5.0)
        assert each.process.stdout is not None
        each.process.stdout.close()
