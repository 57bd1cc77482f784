"""A study and its runs as trackers show them: names, settings, tags."""

from collections.abc import Sequence
from typing import Any

from datayield.spec.frozen import Frozen
from datayield.spec.run import BaselineSpec, RunSpec
from datayield.spec.study import Cell, NamedAxes, Study
from datayield.store.plan import Task


class TrackedEval(Frozen):
    """An evaluation of a run at a share of its budget, by the name that the study gives it."""

    share: float
    id: str
    name: str


class TrackedRun(Frozen):
    """A run or a baseline; `steps` and `batch` of a baseline are 0.

    `config`: first what tables of results are read by (`datayield answer`), with the values of the
    study's axes; then, under `datayield`, all that determines the run.
    """

    id: str
    name: str
    config: dict[str, Any]
    tags: tuple[str, ...]
    steps: int
    batch: int
    evals: tuple[TrackedEval, ...]


class TrackedStudy(Frozen):
    """The study's name at its scale, its question, and its runs."""

    name: str
    question: str
    runs: tuple[TrackedRun, ...]


def tracked_study(study: Study, cells: Sequence[Cell], tasks: Sequence[Task]) -> TrackedStudy:
    """All runs and baselines but raw pixels, which have no encoder."""
    axes = {cell.run.id: cell.named_axes for cell in cells}
    runs = (_tracked(task, axes.get(task.spec.id, ())) for task in tasks if task.spec.encoder)
    return TrackedStudy(name=study.name, question=study.question, runs=tuple(runs))


def _tracked(task: Task, axes: NamedAxes) -> TrackedRun:
    spec = task.spec
    named = {(share, ev.id): ev.name for share, ev in task.evals}
    return TrackedRun(
        id=spec.id,
        name=task.label,
        config=dict(axes)
        | _config(spec)
        | {"datayield": spec.model_dump(mode="json", exclude_none=True)},
        tags=("baseline", spec.name) if isinstance(spec, BaselineSpec) else (spec.method.name,),
        steps=spec.steps if isinstance(spec, RunSpec) else 0,
        batch=spec.batch if isinstance(spec, RunSpec) else 0,
        evals=tuple(TrackedEval(share=s, id=i, name=name) for (s, i), name in named.items()),
    )


def _config(spec: RunSpec | BaselineSpec) -> dict[str, Any]:
    encoder = spec.encoder.name if spec.encoder else None
    if isinstance(spec, BaselineSpec):
        return {"method": spec.name, "encoder": encoder, "seed": spec.seed}
    return {
        "method": spec.method.name,
        "encoder": encoder,
        "pretrain_data": spec.data.words,
        "images": spec.data.count,
        "presented": spec.images,
        "views": spec.view_count,
        "seed": spec.seed,
    }
