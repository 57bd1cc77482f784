"""Send what is new of a study's runs to a tracker: each point, score and final state once."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import NamedTuple

from pydantic import ValidationError

from datayield.spec.atomic_files import read_bytes, write_text
from datayield.spec.errors import BusyError, DatayieldError, TrackingError
from datayield.store.folders import RunFolder, Store
from datayield.store.run_lock import run_lock
from datayield.track.tracked_run import TrackedRun, TrackedStudy
from datayield.track.trackers import Tracker, open_tracker, sent_folder, tracker_folder
from datayield.track.updates import ENDED, Sent, outcome_of, update_of

AT_ONCE = 100  # points in one call of a tracker
LONGEST = 300  # of what is told of an error


class SentCount(NamedTuple):
    """How much was sent: runs with anything new, points of curves and scores."""

    runs: int
    points: int


class Sender:
    """Sends a study's runs to one tracker, again and again while they go on.

    `notes`: a folder with what was sent of each run, for later processes.
    """

    def __init__(self, study: TrackedStudy, store: Store, tracker: Tracker, notes: Path) -> None:
        self._study, self._store, self._tracker, self._notes = study, store, tracker, notes
        self._sent = {run.id: _read(notes, run) for run in study.runs}
        self._open = set[str]()
        self._seen: dict[str, tuple[int, ...]] = {}

    def send(self, *, over: bool) -> SentCount:
        """Send what is new. `over`: the study's process trains no more. Raises any error; what was
        sent before it is known, and what is left will be sent by the next call.
        """
        runs = points = 0
        for run in self._study.runs:
            folder = self._store.run(run.id)
            seen = _stamp(folder)
            if not over and self._seen.get(run.id) == seen:
                continue
            try:
                new = self._send_run(run, folder, over=over)
            except BaseException:
                self._open.discard(run.id)  # begun again: what it holds is uncertain
                raise
            self._seen[run.id] = seen
            runs, points = runs + (new is not None), points + (new or 0)
        return SentCount(runs, points)

    def _send_run(self, run: TrackedRun, folder: RunFolder, *, over: bool) -> int | None:
        """The number of new points; None if nothing is new."""
        sent = self._sent[run.id]
        update = update_of(run, folder, sent, over=over)
        if not update.points and update.state == sent.state:
            return None
        if run.id not in self._open:
            kept = self._tracker.begin(run, resume=sent != Sent())
            self._open.add(run.id)
            if not kept and sent != Sent():
                self._note(run, Sent())
                update = update_of(run, folder, Sent(), over=over)
        for first in range(0, len(update.points), AT_ONCE):
            some = update.points[first : first + AT_ONCE]
            self._tracker.log(run, some)
            self._note(run, some[-1].sent)
        if update.state in ENDED:
            self._open.discard(run.id)
            self._tracker.end(run, update.state, outcome_of(run, folder))
        self._note(run, self._sent[run.id].model_copy(update={"state": update.state}))
        return len(update.points)

    def _note(self, run: TrackedRun, sent: Sent) -> None:
        write_text(self._notes / f"{run.id}.json", sent.model_dump_json())
        self._sent[run.id] = sent


class SentReport(NamedTuple):
    """What was sent, and how to look at it."""

    new: SentCount
    look: str


@contextmanager
def sending(
    study: TrackedStudy, store: Store, name: str, over: Event | None = None
) -> Iterator[tuple[Sender, Tracker]]:
    """A sender to the tracker of this name; one at a time for each study and destination.

    Raises any error of the tracker, BusyError where another process sends, or with `over`, for
    which it waits, InterruptedRunError.
    """
    tracker = open_tracker(name, store.root, study.name, study.question)
    notes = sent_folder(store.root, name, tracker.destination, study.name)
    try:
        notes.mkdir(parents=True, exist_ok=True)
        with run_lock(notes, math.inf if over else 0.0, over):
            yield Sender(study, store, tracker, notes), tracker
    finally:
        tracker.close()


def send_new(study: TrackedStudy, store: Store, name: str) -> SentReport:
    """Send what is new of a study that does not run now. Raises TrackingError, BusyError."""
    try:
        with sending(study, store, name) as (sender, tracker):
            return SentReport(sender.send(over=True), tracker.look)
    except BusyError:
        raise BusyError(
            f"another process is sending this study to {name}",
            where=str(tracker_folder(store.root, name)),
            hint="it stops when the study's process ends; then run the same command again",
        ) from None
    except DatayieldError:
        raise
    except Exception as error:
        raise TrackingError(
            f"{name} did not accept everything",
            where=str(tracker_folder(store.root, name)),
            got=in_a_line(error),
            hint="what was sent is noted: the same command sends the rest",
        ) from error


def in_a_line(error: Exception) -> str:
    """What happened, from an error of any library."""
    if isinstance(error, DatayieldError):
        return f"{error.message} ({error.got})" if error.got else error.message
    text = str(error).strip().splitlines()
    return ": ".join([type(error).__name__, *text[:1]])[:LONGEST]


def _read(notes: Path, run: TrackedRun) -> Sent:
    text = read_bytes(notes / f"{run.id}.json")
    try:
        return Sent.model_validate_json(text or b"{}")
    except ValidationError:
        return Sent()


def _stamp(folder: RunFolder) -> tuple[int, ...]:
    """Changes with whatever a run writes; three calls of the system a run, however long it is."""
    stamps = []
    for path in (folder.path, folder.log, folder.path / "evals"):
        try:
            found = os.stat(path)  # noqa: PTH116 (a Path's is slower)
        except OSError:
            stamps += [0, 0]
        else:
            stamps += [found.st_mtime_ns, found.st_size]
    return tuple(stamps)
