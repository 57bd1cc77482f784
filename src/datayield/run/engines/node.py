"""A node's side of a task: beside the driver's store, or in a store of the node's own.

The mailbox that the driver has just made tells whether a node sees the driver's store. One that
does not borrows the run's files, works on them in a folder of its cache, and sends home what
changes: events as they come, files whenever the run has saved something, and all at the end.
"""

import os
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

from datayield.run.engines.keeper import Delivery, Files, StoreAccess, files_of
from datayield.run.engines.mailbox import LOOK_SECONDS, Mailbox
from datayield.run.engines.torchrun import run_in_processes
from datayield.run.job import Job, TaskEnd
from datayield.spec.atomic_files import is_litter, part_name, write_bytes
from datayield.spec.environment import cache_dir
from datayield.spec.errors import DatayieldError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Task


def run_on_node(
    job: Job, mailbox: Path, home: Path, settings: dict[str, str], access: StoreAccess | None
) -> TaskEnd:
    """Run the task as `run_in_processes` does, wherever the store is.

    `settings`: the driver's folders of images and cache, for a node that has none set.
    `access`: to the driver's store; None if every node sees it.
    """
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    if access is None or mailbox.is_dir():
        return run_in_processes(job, mailbox, home)
    try:
        return _run_away(job, home, access)
    except DatayieldError as error:  # of the node's disk, say
        return TaskEnd("failed", error.text())


def _run_away(job: Job, home: Path, access: StoreAccess) -> TaskEnd:
    stores = cache_dir() / "away" / "stores"
    stores.mkdir(parents=True, exist_ok=True)
    for old in stores.iterdir():
        if is_litter(old.name, 0.0):  # of a worker that was killed
            shutil.rmtree(old, ignore_errors=True)
    store = Store(stores / part_name())
    courier, *others = (_Courier(task, store, access) for task in (job.task, *job.beside))
    try:
        refused = courier.borrow(job.lock_timeout)
        if refused is not None:
            return refused
        beside = [other for other in others if other.borrow(0.0) is None]
        with ExitStack() as carried:
            for each in (courier, *beside):
                carried.enter_context(each)
            there = home if home.is_dir() else stores
            job = job._replace(store=store, beside=tuple(other.task for other in beside))
            end = run_in_processes(job, courier.mailbox.folder, there, courier.stop)
        for other in beside:
            other.last_delivery()
        return courier.last_delivery() or end
    finally:
        for each in (courier, *others):
            access.release(each.task.spec.id, each.borrower)
        shutil.rmtree(store.root, ignore_errors=True)


class _Courier:
    """Carries a run's events and files from the node's store to the driver's, from a thread."""

    def __init__(self, task: Task, store: Store, access: StoreAccess) -> None:
        self.task, self._store, self._access = task, store, access
        self.borrower = store.root.name
        self.stop = Event()  # the driver asks for it, or the loan has ended
        self._sent: dict[str, tuple[int, int]] = {}
        self._verdict: TaskEnd | None = None
        self._done = Event()
        self._events_read = 0

    def borrow(self, timeout: float) -> TaskEnd | None:
        """Copy the files of the run, locked for this attempt within `timeout` seconds.

        TaskEnd if they are not lent.
        """
        began = time.monotonic()
        while True:
            lent = self._access.lend(self.task, self.borrower)
            busy = isinstance(lent, TaskEnd) and lent.how == "busy"
            if not busy or time.monotonic() - began >= timeout:
                break
            time.sleep(LOOK_SECONDS)
        if isinstance(lent, TaskEnd):
            return lent
        self._store.check_writable()
        for name, content in lent:
            write_bytes(self._store.root / name, content)
        self._sent = self.look()
        return None

    def __enter__(self) -> "_Courier":
        self.mailbox = Mailbox(self._store)
        self._thread = Thread(target=self._carry, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def look(self) -> dict[str, tuple[int, int]]:
        """All files to keep at home, oldest first, each with its time of change and size."""
        spec, store = self.task.spec, self._store
        folders = [store.run(spec.id).path]
        if isinstance(spec, RunSpec) and spec.trunk is not None:
            folders.append(store.trunk(spec.trunk))
        seen = {}
        for name in files_of(store.root, *folders):
            try:
                info = (store.root / name).stat()
            except FileNotFoundError:
                continue
            seen[name] = info.st_mtime_ns, info.st_size
        return seen

    def last_delivery(self) -> TaskEnd | None:
        """Send all that is left; how the attempt ended, if not as the task says."""
        if self._verdict is None or self._verdict.how == "stopped":
            self._deliver(at_end=True)
        stopped = self._verdict is None or self._verdict.how == "stopped"
        return None if stopped else self._verdict

    def _carry(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            try:
                self._deliver()
            except Exception as error:  # the driver's node is gone, whatever the network calls it
                self._verdict = TaskEnd("lost", f"the driver was lost: {type(error).__name__}")
            if self._verdict is not None:
                self.stop.set()
                if self._verdict.how != "stopped":
                    return

    def _deliver(self, at_end: bool = False) -> None:
        seen = self.look()
        changed = [name for name in seen if self._sent.get(name) != seen[name]]
        log = RunFolder(Path(f"runs/{self.task.spec.id}")).log.as_posix()
        saved = at_end or changed not in ([], [log]) or seen.keys() < self._sent.keys()
        files: Files = []
        for name in changed if saved else ():
            try:
                files.append((name, (self._store.root / name).read_bytes()))
            except FileNotFoundError:
                del seen[name]
        if not saved:
            seen = self._sent
        told = self._access.receive(
            self.task.spec.id, self.borrower, Delivery(files, frozenset(seen), self._events())
        )
        self._sent, self._verdict = seen, told

    def _events(self) -> bytes:
        """Whole lines that the task has written since the last call."""
        try:
            with (self.mailbox.folder / f"{self.task.spec.id}.jsonl").open("rb") as file:
                file.seek(self._events_read)
                text = file.read()
        except FileNotFoundError:
            return b""
        lines = text[: text.rfind(b"\n") + 1]
        self._events_read += len(lines)
        return lines
