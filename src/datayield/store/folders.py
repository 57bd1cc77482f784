"""The store: a plain directory. Files are the source of truth; names derive only from ids."""

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from datayield.spec.atomic_files import (
    cannot_write,
    free_at,
    part_name,
    read_json,
    set_aside,
    sweep,
    write_json,
    write_with,
)
from datayield.spec.errors import ConfigError
from datayield.spec.frozen import Frozen
from datayield.spec.identity import by_content
from datayield.spec.run import BaselineSpec, RunSpec
from datayield.store.records import (
    MEASURED,
    SPENT,
    FailureRecord,
    Measured,
    ProgressRecord,
    ResultRecord,
    RunCostRecord,
    Spent,
    TrainingCheckRecord,
)
from datayield.store.right_items import RightItems, read_right, write_right
from datayield.store.run_lock import RunLock, holder, vanished
from datayield.store.sealed import (
    RecordOwner,
    damage,
    is_whole,
    read_part,
    read_record,
    write_record,
)

PARTS = ("runs", "trunks", "studies")  # of a store; an empty folder, as of no disk, is none
STATE_FILES = ("state.pt", "progress.json")  # of a run that is unfinished
ARCHIVE_END = 22  # bytes of the last entry of a zip file without a comment


class RunFolder(NamedTuple):
    """`runs/<id>/`: spec, state while training, checkpoints by share, results, cost."""

    path: Path
    lock: RunLock | None = None  # while this process holds it: checked before every write

    @property
    def state(self) -> Path:
        """Everything that survives a step; exists only while the run is unfinished."""
        return self.path / "state.pt"

    def checkpoint(self, share: float) -> Path:
        """Weights of the encoder and of the projector at a fraction of the budget."""
        return self.path / "checkpoints" / f"{share:.6f}.pt"

    @property
    def log(self) -> Path:
        """One JSON line per logged step: step, share, loss, its terms, learning rate, seconds."""
        return self.path / "log.jsonl"

    def result(self, share: float, eval_id: str) -> Path:
        """Path of the result of an evaluation at a milestone."""
        return self.path / "evals" / f"{result_name(share, eval_id)}.json"

    @property
    def failure(self) -> Path:
        """Why the last attempt failed; removed when another starts."""
        return self.path / "failed.json"

    def check(self) -> None:
        """Raises BusyError if this process has lost the run to another one."""
        if self.lock is not None:
            self.lock.check()

    @property
    def _guard(self) -> Callable[[], None] | None:
        """What is called before a file of a held run appears."""
        return None if self.lock is None else self.check

    def write(self, path: Path, write: Callable[[BinaryIO], None], size: int | None = None) -> None:
        """Write a file of the run, or of its trunk, whole or not at all; `check` is made first."""
        self.check()
        write_with(path, write, size=size, before=self._guard)

    def remove(self, path: Path) -> None:
        """Remove a file of the run, after `check`."""
        self.check()
        path.unlink(missing_ok=True)

    def append_log(self, line: str) -> None:
        """Add a line to the log, after `check`. Raises StoreError if it cannot be written."""
        self.check()
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise cannot_write(self.log, error, len(line)) from error

    def write_spec(self, spec: RunSpec | BaselineSpec) -> str:
        """Write the spec if it is not there, or is another one; then a note says so."""
        path, asked = self.path / "spec.json", spec.model_dump(mode="json")
        stored, note = read_json(path), ""
        if stored is not None and by_content(_said(stored)) == by_content(_said(asked)):
            return ""
        if path.exists():
            aside = set_aside(path)
            note = f"{path}: does not describe this run; kept as {aside.name}, and written again"
        self.check()
        write_json(path, asked, self._guard)
        return note

    def run_cost(self) -> RunCostRecord | None:
        """The cost of the finished pretraining; None while it is unfinished, or if damaged."""
        return read_record(f"{self.path}/spent.json", RunCostRecord, self._owner("spent"))

    def read_spent(self) -> Spent | None:
        """What the finished pretraining spent; None if `run_cost` gives None."""
        return read_part(f"{self.path}/spent.json", RunCostRecord, self._owner("spent"), SPENT)

    def has_run_cost(self) -> bool:
        """Whether the pretraining is finished."""
        return is_whole(f"{self.path}/spent.json", RunCostRecord, self._owner("spent"))

    def write_run_cost(self, record: RunCostRecord) -> None:
        """Mark the pretraining as finished."""
        self._write_record("spent.json", record, "spent")

    def training_check(self) -> TrainingCheckRecord | None:
        """Features and loss at the end of training; None if they were not measured."""
        return read_record(f"{self.path}/check.json", TrainingCheckRecord, self._owner("check"))

    def write_training_check(self, record: TrainingCheckRecord) -> None:
        """Save what features and loss look like at the end of training."""
        self._write_record("check.json", record, "check")

    def read_result(self, share: float, eval_id: str) -> ResultRecord | None:
        """A finished evaluation; None if there is none, or if its record is damaged."""
        at = result_name(share, eval_id)
        return read_record(f"{self.path}/evals/{at}.json", ResultRecord, self._owner("result", at))

    def read_measured(self, share: float, eval_id: str) -> Measured | None:
        """What a finished evaluation measured; None if `read_result` gives None."""
        at = result_name(share, eval_id)
        path, owner = f"{self.path}/evals/{at}.json", self._owner("result", at)
        return read_part(path, ResultRecord, owner, MEASURED)

    def has_result(self, share: float, eval_id: str) -> bool:
        """Whether the record of an evaluation is there and whole."""
        at = result_name(share, eval_id)
        return is_whole(f"{self.path}/evals/{at}.json", ResultRecord, self._owner("result", at))

    def write_result(self, record: ResultRecord, right: RightItems | None = None) -> None:
        """Save a finished evaluation, and first which test items were right, where it knows."""
        at = result_name(record.share, record.eval_id)
        bits = self._right(record.share, record.eval_id)
        self.check()
        if right is None:
            bits.unlink(missing_ok=True)  # of an earlier attempt
        else:
            write_right(bits, right, self._owner("items", at), self._guard)
        self._write_record(f"evals/{at}.json", record, "result", at)

    def read_right(self, share: float, eval_id: str) -> RightItems | None:
        """Which test items a finished evaluation got right; None where that was not kept."""
        owner = self._owner("items", result_name(share, eval_id))
        return read_right(self._right(share, eval_id), owner)

    def progress(self) -> ProgressRecord | None:
        """How far the saved state is; None if there is none."""
        owner = self._owner("progress")
        return read_record(self.path / "progress.json", ProgressRecord, owner)

    def write_progress(self, step: int, steps: int, stack: tuple[str, ...] = ()) -> None:
        """Say how far the saved state is, and of which stack."""
        record = ProgressRecord(step=step, steps=steps, stack=stack)
        self._write_record("progress.json", record, "progress")

    def failed(self) -> FailureRecord | None:
        """Why the last attempt failed."""
        return read_record(self.failure, FailureRecord, self._owner("failure"))

    def write_failure(self, record: FailureRecord) -> None:
        """Say why an attempt failed."""
        self._write_record(self.failure.name, record, "failure")

    def damaged(self, share: float, eval_id: str) -> str:
        """What is wrong with the record of an evaluation; empty if nothing, or if it is missing."""
        at = result_name(share, eval_id)
        return damage(self.result(share, eval_id), ResultRecord, self._owner("result", at))

    def damaged_run_cost(self) -> str:
        """What is wrong with the record of the pretraining; empty if nothing, or if missing."""
        return damage(self.path / "spent.json", RunCostRecord, self._owner("spent"))

    def has_checkpoint(self, share: float) -> bool:
        """Whether a checkpoint is there and complete; what is in it is checked when it is read."""
        return ends_as_archive(self.checkpoint(share))

    def has_state(self) -> bool:
        """Whether a state is there and complete; what is in it is checked when it is read."""
        return ends_as_archive(self.state)

    def sweep(self) -> None:
        """Remove what killed attempts left; only for who holds the run."""
        for folder in (self.path, self.path / "checkpoints", self.path / "evals"):
            sweep(folder, every=True)

    def drop_state_of_finished(self, names: Collection[str]) -> None:
        """Remove the state of a run that was killed after it had finished, if nobody holds it.

        `names`: what is in its folder.
        """
        rest = [self.path / name for name in STATE_FILES if name in names]
        if rest and self.has_run_cost() and not holder(self.path):
            for each in rest:
                each.unlink(missing_ok=True)

    def _right(self, share: float, eval_id: str) -> Path:
        return self.result(share, eval_id).with_suffix(".items")

    def _owner(self, kind: str, at: str = "") -> RecordOwner:
        return RecordOwner(kind, self.path.name, at)

    def _write_record(self, name: str, record: Frozen, kind: str, at: str = "") -> None:
        self.check()
        write_record(self.path / name, record, self._owner(kind, at), self._guard)


class Store(NamedTuple):
    """A folder of `runs/` and `studies/`; studies share runs by identity."""

    root: Path

    def run(self, run_id: str) -> RunFolder:
        """The folder of a run or a baseline."""
        return RunFolder(self.root / f"runs/{run_id}")

    def trunk(self, trunk: str) -> Path:
        """The folder of the states that runs of a trunk start from: `<step>.pt`."""
        return self.root / "trunks" / trunk

    def study(self, name: str) -> Path:
        """The folder of a study's plan, tables, figures and report."""
        return self.root / "studies" / name

    def check_writable(self) -> None:
        """Create the store where it is missing. Raises ConfigError if it cannot be written to."""
        probe = self.root / f".writable.{part_name()}.tmp"
        try:
            for name in PARTS:
                (self.root / name).mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError as error:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
            raise ConfigError(
                "cannot write to the store",
                where=str(self.root),
                got=f"{error.strerror}; {free_at(probe)}",
                hint="free some space, make the folder writable, or choose another one with "
                "--store or DATAYIELD_STORE",
            ) from None

    def check_present(self) -> None:
        """Raises StoreError if the store, which `check_writable` has made, has vanished."""
        if not (self.root / PARTS[0]).is_dir():
            raise vanished("the store", self.root)


def result_name(share: float, eval_id: str) -> str:
    """File name of a result in `evals/`, without its ending."""
    return f"{share:.6f}-{eval_id}"


def _said(value: Any) -> Any:
    """`value` without unset options (None), which are not part of an identity."""
    if isinstance(value, dict):
        return {key: _said(item) for key, item in value.items() if item is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value


def ends_as_archive(path: Path) -> bool:
    """Whether the file ends as torch's files (zip archives) do: a truncated one does not."""
    try:
        with path.open("rb") as file:
            file.seek(-ARCHIVE_END, os.SEEK_END)
            return file.read(4) == b"PK\x05\x06"
    except OSError:
        return False
