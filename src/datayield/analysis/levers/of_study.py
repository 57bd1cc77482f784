"""The results of a study as evidence: each evaluation's main metric at the end of each run."""

from collections.abc import Sequence

from datayield.analysis.evidence import Evidence, Observation, Setting
from datayield.analysis.format import method_name
from datayield.analysis.label_ladders import label_ladders, shared_name
from datayield.analysis.levers.varied_views import RunOfLaw, with_views
from datayield.analysis.results import Row, StudyResults
from datayield.spec.study import Cell, NamedAxes, Study, axes_label


def evidence_of(results: StudyResults) -> Evidence:
    """All final scores. Evaluations that differ only in their labels are one task.

    An evaluation that repeats another one, at other milestones, counts once.
    """
    tasks = tasks_of(results.study)
    laddered = {name for ladder in label_ladders(results.study) for name in ladder}
    hours = {cost.run: cost.seconds / 3600 for cost in results.spent}
    last: dict[str, float] = {}
    for row in results.main.rows:
        last[row.eval] = max(row.share, last.get(row.eval, 0.0))
    axes = {row.run: row.axes for row in results.main.rows if row.kind == "run"}
    specs = results.specs
    laws = with_views((specs[run], named) for run, named in axes.items() if run in specs)
    made = []
    for row in results.main.rows:
        if row.eval not in tasks or row.kind == "pixels":
            continue
        if row.kind == "run" and row.share < last[row.eval]:
            continue
        labels = row.n_train if row.eval in laddered else None
        law = laws.get(row.run)
        made.append(
            Observation(
                tasks[row.eval],
                _method(row, law),
                Setting(row.n, float(row.images) or None, labels, law.views if law else None),
                row.seed,
                row.value,
                row.n_test,
                "us" if row.kind == "run" else "nobody" if row.kind == "untrained" else "others",
                hours.get(row.run),
            )
        )
    return Evidence(tuple(made))


def tasks_of(study: Study) -> dict[str, str]:
    """Evaluation -> the task that it measures, each measurement once."""
    ladders = {name: shared_name(ladder) for ladder in label_ladders(study) for name in ladder}
    tasks: dict[str, str] = {}
    seen: set[str] = set()
    for ev in sorted(study.evaluations, key=lambda ev: len(ev.at)):
        if ev.spec.id not in seen:
            tasks[ev.name] = ladders.get(ev.name, ev.name)
        seen.add(ev.spec.id)
    return tasks


def settings_of(cells: Sequence[Cell]) -> dict[str, tuple[str, Setting]]:
    """Run -> the method and setting of its observations, before it has any."""
    laws = with_views((cell.run, cell.named_axes) for cell in cells)
    made = {}
    for run in (cell.run for cell in cells):
        law = laws[run.id]
        named = _named(run.method.name, law.axes)
        setting = Setting(run.data.count or 0, float(run.images) or None, None, law.views)
        made[run.id] = named, setting
    return made


def _method(row: Row, law: RunOfLaw | None) -> str:
    """What tells a law from others: the method and all axes that are no purchase."""
    if row.kind != "run":
        return row.encoder
    return _named(row.method, row.axes if law is None else law.axes)


def _named(method: str, axes: NamedAxes) -> str:
    return ", ".join(part for part in (method_name(method), axes_label(axes)) if part)
