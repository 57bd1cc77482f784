"""The driver's side of tasks on nodes that do not see its store: files go out and come back.

A `Keeper` lives beside the driver. It holds the lock of a run in the driver's store while the run
is on loan, hands out the files that its task starts from, and writes what comes back, one whole
file after another in the order in which the node made them. So the store is at any time as if the
task ran beside it. A keeper that dies leaves locks of a dead process, which are taken over.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Protocol

from datayield.run.job import TaskEnd
from datayield.spec.errors import BusyError, DatayieldError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Task
from datayield.store.run_lock import LOCK_FILE, run_lock

Files = list[tuple[str, bytes]]  # path below the store's root, with slashes -> content


class Delivery(NamedTuple):
    """What a node sends home: files that changed, in order, and which files the run has there."""

    files: Files
    names: frozenset[str]  # of the run's folder; a file that is not among them was removed
    events: bytes  # whole lines for the mailbox


class StoreAccess(Protocol):
    """What a node asks of the driver: a `Keeper`, or one that is reached over the network.

    `borrower` names an attempt; a later one of the same run takes the loan over.
    """

    def lend(self, task: Task, borrower: str) -> Files | TaskEnd:
        """Lock the run and return the files that its task starts from; TaskEnd if it cannot be."""

    def receive(self, run_id: str, borrower: str, delivery: Delivery) -> TaskEnd | None:
        """Write what came. TaskEnd if the attempt must end: `stopped` if a stop is requested."""

    def release(self, run_id: str, borrower: str) -> None:
        """Unlock the run, if the attempt still has it."""


class _Loan(NamedTuple):
    borrower: str
    folder: RunFolder
    held: ExitStack


class Keeper:
    """A `StoreAccess` to `store`, beside it. `mailbox`: where events are read by the driver."""

    def __init__(self, store: Store, mailbox: Path) -> None:
        self._store, self._mailbox = store, mailbox
        self._loans: dict[str, _Loan] = {}

    def lend(self, task: Task, borrower: str) -> Files | TaskEnd:
        """As in `StoreAccess`."""
        run_id = task.spec.id
        before = self._loans.get(run_id)
        try:
            if before is not None:  # its worker was lost: the scheduler starts no run twice
                self._loans[run_id] = before._replace(borrower=borrower)
            else:
                held, folder = ExitStack(), self._store.run(run_id)
                lock = held.enter_context(run_lock(folder.path))
                self._loans[run_id] = _Loan(borrower, folder._replace(lock=lock), held)
            self._loans[run_id].folder.sweep()
            return [
                (name, (self._store.root / name).read_bytes())
                for name in _needed(task, self._store)
            ]
        except BusyError as error:
            return TaskEnd("busy", error.text())
        except DatayieldError as error:
            return TaskEnd("failed", error.text())

    def receive(self, run_id: str, borrower: str, delivery: Delivery) -> TaskEnd | None:
        """As in `StoreAccess`."""
        loan = self._loans.get(run_id)
        if loan is None or loan.borrower != borrower:
            return TaskEnd("lost", "another attempt has the run, or the driver started again")
        folder, root = loan.folder, self._store.root
        try:
            for name, content in delivery.files:
                folder.write(root / name, lambda file, content=content: file.write(content))  # type: ignore[misc]
            for name in set(files_of(root, folder.path)) - delivery.names:
                folder.remove(root / name)
        except BusyError as error:
            return TaskEnd("busy", error.text())
        except DatayieldError as error:
            return TaskEnd("failed", error.text())
        if delivery.events and self._mailbox.is_dir():
            with (self._mailbox / f"{run_id}.jsonl").open("ab") as file:
                file.write(delivery.events)
        return TaskEnd("stopped") if (self._mailbox / "stop").exists() else None

    def release(self, run_id: str, borrower: str) -> None:
        """As in `StoreAccess`."""
        loan = self._loans.get(run_id)
        if loan is not None and loan.borrower == borrower:
            del self._loans[run_id]
            loan.held.close()


def files_of(root: Path, *folders: Path) -> list[str]:
    """Names of whole files in the folders, below `root`, oldest first; without locks.

    A record names what was written before it, so records are listed first: what they need is then
    there when the other files are.
    """

    def there(pattern: str) -> list[Path]:
        return [path for folder in folders for path in folder.rglob(pattern) if path.is_file()]

    records = there("*.json")
    others = [path for path in there("*") if path.suffix != ".json"]
    changed = {path: _changed(path) for path in (*records, *others) if path.name != LOCK_FILE}
    known = [path for path in changed if changed[path] and not path.name.startswith(".")]
    return [path.relative_to(root).as_posix() for path in sorted(known, key=changed.__getitem__)]


def _changed(path: Path) -> int:
    """When, in ns; 0 if it has vanished."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _needed(task: Task, store: Store) -> list[str]:
    """Files that the task reads: of its run, of the run it starts from, and of its trunk."""
    folders, names = [store.run(task.spec.id).path], list[str]()
    if isinstance(task.spec, RunSpec) and task.share_left > 0:
        if task.part is not None and task.spec.trunk is not None:
            folders.append(store.trunk(task.spec.trunk))
        if task.spec.before is not None:
            last = store.run(task.spec.before.id).checkpoint(1.0)
            names += [last.relative_to(store.root).as_posix()] if last.exists() else []
    return files_of(store.root, *folders) + names
