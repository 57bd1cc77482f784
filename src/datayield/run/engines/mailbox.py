"""Communication with workers that share only the store: small files in a folder.

A worker appends its progress to `<run id>.jsonl`; a file `stop` asks all of them to stop.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from threading import Event, Thread

from datayield.run.device import choose
from datayield.run.job import Job, TaskEnd
from datayield.run.loop import Tick
from datayield.run.task import attempt
from datayield.run.training_data import decoded_here
from datayield.spec.atomic_files import cannot_write, part_name
from datayield.spec.errors import ConfigError, DatayieldError
from datayield.store.folders import Store
from datayield.store.records import ResultRecord

LOOK_SECONDS = 0.5


class Mailbox:
    """The commander's side. The folder is new, and `close` deletes it."""

    def __init__(self, store: Store) -> None:
        self.folder = store.root.absolute() / "jobs" / part_name()
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        self._read: dict[Path, int] = {}  # bytes of each file

    def new_events(self) -> Iterator[tuple[str, Tick | ResultRecord | str]]:
        """Complete lines received since the last call."""
        for path in sorted(self.folder.glob("*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read[path] = self._read.get(path, 0) + len(whole)
            for line in whole.splitlines():
                with suppress(ValueError, TypeError, KeyError):  # a damaged line
                    yield path.stem, _event(line)

    def forget(self, run_id: str) -> None:
        """Delete what an ended task has sent, which has been read: no look passes it again."""
        path = self.folder / f"{run_id}.jsonl"
        with suppress(OSError):
            path.unlink(missing_ok=True)
            self._read.pop(path, None)

    def ask_to_stop(self) -> None:
        """Make all workers save and stop, including those that have not started yet."""
        (self.folder / "stop").touch()

    def close(self) -> None:
        """Delete the folder; nothing is read after this."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # another command's files are there
            self.folder.parent.rmdir()


def run_by_mailbox(job: Job, folder: Path, home: Path, stop: Event | None = None) -> TaskEnd:
    """The worker's side: work on the task, write its events, return how it ended.

    `home`: the commander's working directory, for datasets named by a relative path.
    """
    os.chdir(home)
    stop = stop or Event()
    done = Event()
    _look(folder, stop)
    watch = Thread(target=_watch, args=(folder, stop, done), daemon=True)
    watch.start()
    path = folder / f"{job.task.spec.id}.jsonl"
    try:
        job = job._replace(device=str(choose(job.device)))
        for event in chain(decoded_here(job.task), attempt(job, stop)):
            if isinstance(event, TaskEnd):
                return event
            # Progress for display: the work does not depend on it, even where the disk is full.
            with suppress(OSError), path.open("a", encoding="utf-8") as file:
                file.write(_line(event))
    except DatayieldError as error:
        return TaskEnd("failed", error.text())
    finally:
        done.set()
        watch.join()
    raise AssertionError("an attempt has no end")


def _watch(folder: Path, stop: Event, done: Event) -> None:
    while not done.wait(LOOK_SECONDS):
        _look(folder, stop)


def _look(folder: Path, stop: Event) -> None:
    if (folder / "stop").exists():
        stop.set()


def _line(event: Tick | ResultRecord | str) -> str:
    match event:
        case Tick():
            said: dict[str, object] = {"tick": list(event)}
        case ResultRecord():
            said = {"result": event.model_dump(mode="json")}
        case note:
            said = {"note": note}
    return json.dumps(said) + "\n"


def _event(line: bytes) -> Tick | ResultRecord | str:
    said = json.loads(line)
    if "tick" in said:
        return Tick(*said["tick"])
    if "note" in said:
        return str(said["note"])
    return ResultRecord.model_validate(said["result"], strict=False)


@contextmanager
def requires_extra(extra: str) -> Iterator[None]:
    """Turn an ImportError in the block into an error that says how to install the engine."""
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f"{extra} is not installed",
            where="--executor",
            got=str(error),
            hint=f'pip install "datayield[{extra}]", or use --executor local',
        ) from None
