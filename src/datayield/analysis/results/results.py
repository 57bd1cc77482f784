"""The results of a study: its rows, and what is derived from them, each step computed once."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from datayield.analysis.results.curves import (
    MAIN,
    Baseline,
    CurveKey,
    Point,
    baselines_of,
    curves_of,
    main_rows,
    points_of,
    trajectories_of,
)
from datayield.analysis.results.items import StudyItems
from datayield.analysis.results.rows import Row, RowKind, RunCost
from datayield.analysis.results.task_groups import (
    SCORE,
    TaskGroup,
    task_groups,
)
from datayield.spec.claims import Published
from datayield.spec.run import RunSpec
from datayield.spec.study import NamedAxes, Study, spelled_out, value_words
from datayield.store.collapse import Collapse
from datayield.store.curation import SetRecord
from datayield.store.distances import DistanceRecord


class MetricResults:
    """One metric of a study, from rows to curves; each step is computed on first use."""

    def __init__(self, study: Study, rows: tuple[Row, ...], metric: str) -> None:
        self.study = study
        self.rows = tuple(main_rows(study, rows, metric))

    @cached_property
    def points(self) -> list[Point]:
        """See `points_of`."""
        return points_of(self.study, self.rows)

    @cached_property
    def curves(self) -> dict[CurveKey, list[Point]]:
        """See `curves_of`."""
        return curves_of(self.points)

    @cached_property
    def trajectories(self) -> dict[tuple[CurveKey, int], list[Point]]:
        """See `trajectories_of`."""
        return trajectories_of(self.points)

    @cached_property
    def baselines(self) -> list[Baseline]:
        """See `baselines_of`."""
        return baselines_of(self.rows)


@dataclass(frozen=True, eq=False)
class StudyResults:
    """All that a report shows. `missing` describes what the study still lacks."""

    study: Study
    rows: tuple[Row, ...]
    spent: tuple[RunCost, ...]
    missing: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)  # python, torch, datayield, ...
    specs: dict[str, RunSpec] = field(default_factory=dict)  # as executed, by the run's id
    # run id -> share -> training loss, for methods whose loss says how good a model is (LeJEPA)
    losses: dict[str, dict[float, float]] = field(default_factory=dict)
    # (axes, N) -> N as the study writes it where that is no number: "10%", "all", "null"
    count_words: dict[tuple[NamedAxes, int], str] = field(default_factory=dict)
    # the axis init as tables show it, value by value, where that is not what is written
    init_words: tuple[str, ...] = ()
    reference: tuple[Published, ...] = ()  # what the paper of the study prints
    collapsed: tuple[Collapse, ...] = ()  # runs that seem to have learned nothing; rows tell too
    data_notes: tuple[str, ...] = ()  # on copies and overlaps of the images
    distances: tuple[DistanceRecord, ...] = ()  # all that were measured, of any datasets
    sets: tuple[SetRecord, ...] = ()  # of the images of runs, if some are chosen by features
    looks: int = 0  # at different sets of finished runs, this one included
    items: StudyItems | None = None  # which test items were right
    # one per metric, made on first use; `replace` starts without any
    _by_metric: dict[str, MetricResults] = field(default_factory=dict, init=False, repr=False)

    def metric(self, name: str) -> MetricResults:
        """The results for one metric; `MAIN` is each evaluation's main metric."""
        if name not in self._by_metric:
            self._by_metric[name] = MetricResults(self.study, self.rows, name)
        return self._by_metric[name]

    @cached_property
    def measured(self) -> dict[tuple[str, str, RowKind], list[Row]]:
        """The rows of each evaluation, metric and kind of subject, all in the order of the rows."""
        parts: dict[tuple[str, str, RowKind], list[Row]] = {}
        for row in self.rows:
            parts.setdefault((row.eval, row.metric, row.kind), []).append(row)
        return parts

    def words(self, axis: str, value: Any) -> str:
        """A value of an axis as its rows have it; `value` as the study writes it, or in words."""
        if axis == "init" and self.init_words:
            written = self.study.axes[axis]
            if (value := spelled_out(axis, value)) in written:
                return self.init_words[written.index(value)]
        return value_words(axis, value)

    @property
    def main(self) -> MetricResults:
        """Each evaluation by its main metric."""
        return self.metric(MAIN)

    @property
    def scores(self) -> MetricResults:
        """Means over the tasks of a group."""
        return self.metric(SCORE)

    @cached_property
    def groups(self) -> list[TaskGroup]:
        """See `task_groups`."""
        return task_groups(self.study)
