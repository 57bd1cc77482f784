"""What a study, as planned, can decide for its evaluations, and what would let it decide more.

The noise of its runs is not known before any is done: it is the usual one of `power.run_noise`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from datayield.analysis.label_ladders import label_ladders
from datayield.analysis.power import DesignPoint, Detectable, detectable, run_noise
from datayield.spec.study import Cell, NamedAxes, Study

MORE_ITEMS = 4  # times the test images: what they could bring
MORE_SEEDS = 5


class PlannedPower(NamedTuple):
    """For one evaluation: what is found with its test items and seeds, and with more of each.

    `more_seeds`, `more_items`: the number of them, and what is found then.
    """

    task: str
    n_test: int
    seeds: int
    found: Detectable
    more_seeds: tuple[int, Detectable]
    more_items: tuple[int, Detectable]
    folds: bool  # whether the evaluation could test every image of its training split by folds


def planned_power(
    study: Study, cells: Sequence[Cell], counts: Mapping[str, tuple[int, ...]]
) -> list[PlannedPower]:
    """For the evaluations with the fewest and the most test items; none without three settings.

    `counts`: id of an evaluation -> its training and test items. Of several methods, the one
    with most settings counts. Where evaluations are a ladder of labels, the one with most stands
    for all of it.
    """
    points, seeds = _largest_design(cells)
    ladders = _ladders_of_labels(study, counts)
    lower = {name for labels in ladders.values() for name in list(labels)[1:]}
    scored = [
        ev
        for ev in study.evaluations
        if counts.get(ev.spec.id, (0, 0))[1]
        and ev.traits.main_metric in ("accuracy", "miou")
        and ev.name not in lower
    ]
    if not points or not scored:
        return []
    ordered = sorted(scored, key=lambda ev: (counts[ev.spec.id][1], ev.name not in ladders))
    chosen = {counts[ev.spec.id][1]: ev for ev in (ordered[-1], ordered[0])}
    made = []
    for n, ev in sorted(chosen.items()):
        labels = list(ladders.get(ev.name, {}).values())
        if max(len(points), len(labels)) < 3:
            continue
        more = max(MORE_SEEDS, 2 * seeds)
        made.append(
            PlannedPower(
                ev.name,
                n,
                seeds,
                detectable(points, seeds, run_noise(n), labels),
                (more, detectable(points, more, run_noise(n), labels)),
                (MORE_ITEMS * n, detectable(points, seeds, run_noise(MORE_ITEMS * n), labels)),
                ev.traits.takes_folds and ev.folds is None,
            )
        )
    return made


def _ladders_of_labels(
    study: Study, counts: Mapping[str, tuple[int, ...]]
) -> dict[str, dict[str, float]]:
    """The evaluation with most labels of each ladder -> all of its evaluations, most labels first.

    Only ratios of the labels matter, so those of a ladder per class are per class.
    """
    by_name = {ev.name: ev for ev in study.evaluations}
    found = {}
    for ladder in label_ladders(study):
        labels = {}
        for ev in (by_name[name] for name in ladder):
            items = counts.get(ev.spec.id, (0, 0))[0]
            known = ev.per_class or items * (ev.label_fraction or 1.0)
            if known and (ev.per_class or not any(by_name[n].per_class for n in ladder)):
                labels[ev.name] = float(known)
        if len(labels) > 1:
            ordered = dict(sorted(labels.items(), key=lambda each: -each[1]))
            found[next(iter(ordered))] = ordered
    return found


def _largest_design(cells: Sequence[Cell]) -> tuple[list[DesignPoint], int]:
    """The settings of the method (and axes) that has most of them, and its seeds."""
    groups: dict[tuple[str, NamedAxes], dict[DesignPoint, set[int]]] = {}
    for cell in cells:
        run = cell.run
        point = (float(run.data.count or 0), float(run.images))
        if min(point) > 0:
            mine = groups.setdefault((run.method.name, cell.named_axes), {})
            mine.setdefault(point, set()).add(run.seed)
    if not groups:
        return [], 0
    largest = max(groups.values(), key=len)
    return list(largest), min(len(seeds) for seeds in largest.values())
