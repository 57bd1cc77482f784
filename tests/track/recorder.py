"""A tracker that remembers what it was sent, and a small study to send."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from datayield.spec.study import Study
from datayield.spec.validate import validated
from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Task, make_plan
from datayield.store.records import FailureRecord
from datayield.store.speeds import Speeds
from datayield.track import TrackedRun, TrackedStudy, tracked_study
from datayield.track.updates import RunState, TrackedPoint
from tests.made_study import study_of
from tests.stored import result, trained

SCORES = {"accuracy": 0.5, "accuracy_val": 0.4, "accuracy_best_on_test": 0.9,
          "accuracy_best_epoch_on_test": 0.95}  # fmt: skip


class Recorder:
    """Keeps the points and the last state of each run; `broken` is raised by `log`, if set."""

    destination, look = "here", "look here"

    def __init__(self) -> None:
        self.points: dict[str, list[TrackedPoint]] = {}
        self.states: dict[str, RunState] = {}
        self.outcomes: dict[str, Mapping[str, float | str | bool]] = {}
        self.begun: list[str] = []
        self.broken: Exception | None = None
        self.closed = 0

    def begin(self, run: TrackedRun, *, resume: bool) -> bool:
        self.begun.append(run.id)
        kept = resume and run.id in self.points
        if not kept:
            self.points[run.id] = []
        return kept

    def log(self, run: TrackedRun, points: Sequence[TrackedPoint]) -> None:
        if self.broken:
            raise self.broken
        self.points[run.id] += points

    def end(
        self, run: TrackedRun, state: RunState, outcome: Mapping[str, float | str | bool]
    ) -> None:
        self.states[run.id], self.outcomes[run.id] = state, outcome

    def close(self) -> None:
        self.closed += 1


def study_and_tasks(store: Store, **axes: list[object]) -> tuple[TrackedStudy, list[Task]]:
    """A study of two sizes, and its tasks; `axes` are added."""
    raw = study_of({"data.count": [100, 1000], "seed": [0], **axes})
    study = validated(Study, raw, where="test")
    cells = study.cells({})
    tasks = make_plan(study, cells, store, Speeds("cpu")).tasks
    return tracked_study(study, cells, tasks), list(tasks)


def log_steps(folder: RunFolder, *steps: int) -> None:
    """Lines of a log: one second a step."""
    folder.path.mkdir(parents=True, exist_ok=True)
    (folder.path / "spec.json").write_text("{}")
    for step in steps:
        line = {"step": step, "share": step / 62, "loss": 1 / step, "seconds": float(step),
                "lr": 0.1, "terms": {"on": 0.5}}  # fmt: skip
        folder.append_log(json.dumps(line))


def finish(store: Store, task: Task, **scores: float) -> None:
    """What a finished run leaves, its log included if it has one."""
    folder = store.run(task.spec.id)
    folder.path.mkdir(parents=True, exist_ok=True)
    (folder.path / "spec.json").write_text("{}")
    trained(folder, *task.shares)
    for share, ev in task.evals:
        folder.write_result(result(task.spec.id, share, ev.id, **(scores or SCORES)))


def fail(folder: RunFolder, *, diverged: bool) -> None:
    """What a failed attempt leaves."""
    record = FailureRecord(message="no", time=0.0, traceback="", diverged=diverged)
    folder.write_failure(record)


def notes_of(tmp_path: Path) -> Path:
    """A folder for what was sent."""
    notes = tmp_path / "notes"
    notes.mkdir(exist_ok=True)
    return notes
