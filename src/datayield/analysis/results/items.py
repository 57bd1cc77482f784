"""Which test items the runs of a study got right: read when first asked for, each file once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from datayield.analysis.results.item_variance import (
    CellItems,
    Deviations,
    cell_items,
    contrast_variance,
    deviations,
    score_of,
)
from datayield.analysis.results.rows import Row
from datayield.analysis.results.task_groups import SCORE, task_groups
from datayield.spec.evaluation import StudyEval
from datayield.spec.study import Study
from datayield.store.folders import Store
from datayield.store.right_items import RightItems

CellRows = tuple[Row, ...]  # one cell's values of one metric, one row per seed
METRICS = ("accuracy", "balanced_accuracy")  # means of right and wrong items
CACHED = 128 << 20  # bytes of items kept unpacked, since contrasts share cells
_TOLERANCE = 1e-6  # of a score that its items must give


@dataclass(eq=False)
class StudyItems:
    """The test items of a study's results, of those that kept them.

    `files`: what was read so far, by run, share and evaluation. `sides`: baseline -> the side in
    pixels at which it reads images, where that is its own.
    """

    study: Study
    store: Store
    files: dict[tuple[str, float, str], RightItems | None] = field(default_factory=dict)
    sides: Mapping[str, int] = field(default_factory=dict)
    _cells: dict[CellRows, CellItems | None] = field(default_factory=dict)
    _bytes: int = 0  # of the cells

    def variance(self, contrast: Mapping[CellRows, float]) -> float | None:
        """Variance over test items of a weighted sum of cells: see `contrast_variance`.

        None where the items of any row are unknown: its record keeps none, they do not give its
        value, or its metric is no mean of right and wrong items.
        """
        terms = []
        for rows, weight in contrast.items():
            if weight:
                cell = self._cell(rows)
                if cell is None:
                    return None
                terms.append((weight, cell))
        return contrast_variance(terms)

    def _cell(self, rows: CellRows) -> CellItems | None:
        if rows not in self._cells:
            by_seed = {row.seed: self._deviations(row) for row in rows}
            known = {seed: each for seed, each in by_seed.items() if each is not None}
            cell = cell_items(known) if len(known) == len(by_seed) else None
            size = 0 if cell is None else _bytes_of(cell)
            if self._bytes + size > CACHED:
                self._cells.clear()
                self._bytes = 0
            self._cells[rows] = cell
            self._bytes += size
        return self._cells[rows]

    def _deviations(self, row: Row) -> Deviations | None:
        parts = list(self._parts(row.eval, row.metric, row.mean_of))
        total: dict[str, NDArray[np.float32]] = {}
        scores, n = [], 0
        for name, metric in parts:
            kept = self._file(row, name) if metric in METRICS else None
            if kept is None:
                return None
            right, balanced = kept.right(), metric == "balanced_accuracy"
            own = deviations(right, kept.classes, balanced) / np.float32(len(parts))
            total[kept.items] = total[kept.items] + own if kept.items in total else own
            scores.append(score_of(right, kept.classes, balanced))
            n += kept.n
        matches = n == row.n_test and abs(fmean(scores) - row.value) <= _TOLERANCE
        return total if matches else None

    def _parts(
        self, name: str, metric: str, mean_of: tuple[tuple[str, str], ...] = ()
    ) -> Iterator[tuple[str, str]]:
        """The (evaluation, metric) pairs that a value is the plain mean of."""
        for each in mean_of or ([] if metric != SCORE else self._tasks.get(name, {}).items()):
            yield from self._parts(*each)
        if not mean_of and metric != SCORE:
            yield name, metric

    def _file(self, row: Row, name: str) -> RightItems | None:
        key = row.run, row.share, name
        if key not in self.files:
            ev, folder = self._evals.get(name), self.store.run(row.run)
            side = self.sides.get(row.run)
            right = folder.read_right(row.share, ev.at_side(side).id) if ev else None
            self.files[key] = right
        return self.files[key]

    @cached_property
    def _evals(self) -> dict[str, StudyEval]:
        return {ev.name: ev for ev in self.study.evaluations}

    @cached_property
    def _tasks(self) -> dict[str, Mapping[str, str]]:
        return {group.name: group.tasks for group in task_groups(self.study)}


def _bytes_of(cell: CellItems) -> int:
    every = (cell.mean, *cell.luck.values())
    return sum(x.nbytes for one in every for x in one.values())
