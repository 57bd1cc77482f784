"""What a run has written that was not sent yet: points of its curves, scores, how it ended."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from datayield.spec.claims import ON_TEST
from datayield.spec.frozen import Frozen
from datayield.store.collapse import signs_of
from datayield.store.folders import RunFolder, result_name
from datayield.store.log import read_log
from datayield.store.run_lock import holder
from datayield.track.tracked_run import TrackedRun

RunState = Literal["not started", "running", "done", "stopped", "failed", "diverged"]
ENDED: tuple[RunState, ...] = ("done", "stopped", "failed", "diverged")


class Sent(Frozen):
    """What a tracker has of a run: its curves up to a step, scores, the state last told."""

    step: int = 0
    scores: tuple[str, ...] = ()
    state: RunState = "not started"


class TrackedPoint(NamedTuple):
    """Values at a step; `sent` is what the tracker has once it has them."""

    step: int
    values: Mapping[str, float]
    sent: Sent


class Update(NamedTuple):
    """What is new of a run, in the order of sending."""

    points: tuple[TrackedPoint, ...]
    state: RunState


def update_of(run: TrackedRun, folder: RunFolder, sent: Sent, *, over: bool) -> Update:
    """What the folder holds beyond `sent`. `over`: no process of this study will go on with it."""
    points = list(_curve(run, folder, sent))
    points += _scores(run, folder, points[-1].sent if points else sent)
    return Update(tuple(points), _state(run, folder, over=over))


def outcome_of(run: TrackedRun, folder: RunFolder) -> dict[str, float | str | bool]:
    """What the whole run took, as far as it is known."""
    cost, check = folder.run_cost(), folder.training_check()
    if cost is None:
        return {}
    return {
        "hours": cost.seconds / 3600,
        "images_per_second": cost.images / max(cost.seconds, 1e-9),
        "data_wait_share": cost.wait_seconds / max(cost.seconds, 1e-9),
        "flops": cost.flops or 0.0,
        "peak_memory_bytes": float(cost.peak_memory),
        "resumed": float(cost.resumed),
        "collapsed": float(bool(signs_of(check))),
        "device": cost.device,
    }


def _curve(run: TrackedRun, folder: RunFolder, sent: Sent) -> Iterator[TrackedPoint]:
    """Logged steps after the last one sent. A resumed run logs steps again that it had lost, with
    the same values: they are not sent twice.
    """
    before: dict[str, Any] = {"step": 0, "seconds": 0.0}
    for line in read_log(folder.log):
        if line["step"] > sent.step:
            sent = sent.model_copy(update={"step": line["step"]})
            yield TrackedPoint(line["step"], _values(run, line, before), sent)
        before = line


def _values(run: TrackedRun, line: dict[str, Any], before: dict[str, Any]) -> dict[str, float]:
    values = {"train/loss": line["loss"], "train/presented": line["step"] * run.batch}
    if isinstance(line.get("lr"), int | float):
        values["train/lr"] = line["lr"]
    if isinstance(line.get("terms"), dict):
        values |= {f"train/{name}": term for name, term in line["terms"].items()}
    if "seconds" in line and "seconds" in before:
        seconds, steps = line["seconds"] - before["seconds"], line["step"] - before["step"]
        if seconds > 0:
            values["train/images_per_second"] = steps * run.batch / seconds
    return {name: float(value) for name, value in values.items()}


def _scores(run: TrackedRun, folder: RunFolder, sent: Sent) -> Iterator[TrackedPoint]:
    for ev in sorted(run.evals, key=lambda each: each.share):
        at = result_name(ev.share, ev.id)
        if at in sent.scores or not folder.result(ev.share, ev.id).exists():
            continue
        record = folder.read_result(ev.share, ev.id)
        if record is not None:
            sent = sent.model_copy(update={"scores": (*sent.scores, at)})
            told = {k: v for k, v in record.metrics.items() if not k.endswith(ON_TEST)}
            values = {f"{ev.name}/{name}": value for name, value in told.items()}
            yield TrackedPoint(round(ev.share * run.steps), values, sent)


def _state(run: TrackedRun, folder: RunFolder, *, over: bool) -> RunState:
    if holder(folder.path) == "running":
        return "running"
    failure = folder.failed()
    if failure is not None:
        return "diverged" if failure.diverged else "failed"
    trained = run.steps == 0 or folder.has_run_cost()
    if trained and run.evals and all(folder.has_result(ev.share, ev.id) for ev in run.evals):
        return "done"
    if not (folder.path / "spec.json").exists():
        return "not started"
    if trained and not run.evals:  # a stage that others start from
        return "done"
    return "stopped" if over else "running"
