"""Everything that the page, its figures and its tables draw on, computed once."""

from dataclasses import dataclass

from datayield.analysis.answer import answer
from datayield.analysis.claims import Judged, judge
from datayield.analysis.fits import Fit, fits
from datayield.analysis.gain import WORTH, CurveGain, gains
from datayield.analysis.groups import SCORE, GroupGain, TaskGroup, group_gains, task_groups
from datayield.analysis.labels import LabelTable, label_tables
from datayield.analysis.peak import Peak, peaks
from datayield.analysis.regime import Grid, regimes
from datayield.analysis.rows import StudyResults
from datayield.analysis.selection import Ledger, ledgers
from datayield.analysis.sentences import Headline
from datayield.analysis.summary import (
    MAIN,
    Baseline,
    CurveKey,
    Point,
    baselines,
    curves,
    eval_names,
    trajectories,
)
from datayield.analysis.words import metric_name
from datayield.report.palette import Style, styles

RANK = "effective_rank"
STATE = {  # metric of state@1 -> its name on the page
    "rankme": "RankMe",
    "alpha_req": "alpha-ReQ",
    "lidar": "LiDAR",
    "alignment": "alignment",
    "uniformity": "uniformity",
    "projection_effective_rank": "effective rank of projections",
}
Curves = dict[CurveKey, list[Point]]


@dataclass(frozen=True, slots=True)
class Findings:
    """The analysed study. `worth` is the smallest gain per doubling worth having.

    `main`: curves of each evaluation's main metric: accuracy, balanced accuracy or mIoU.
    """

    results: StudyResults
    worth: float
    main: Curves
    rank: Curves
    baselines: list[Baseline]
    rank_baselines: list[Baseline]
    fits: dict[CurveKey, Fit]
    gains: dict[CurveKey, CurveGain]
    grids: list[Grid]
    main_over_time: dict[tuple[CurveKey, int], list[Point]]
    rank_over_time: dict[tuple[CurveKey, int], list[Point]]
    state_over_time: dict[str, dict[tuple[CurveKey, int], list[Point]]]  # by metric
    ledgers: list[Ledger]  # of the evaluations, and of the groups' mean scores
    peaks: list[Peak]  # of the main metrics, of the groups' mean scores and of the effective rank
    labels: list[LabelTable]
    answer: list[Headline]
    claims: list[Judged]
    scores: Curves  # means over the tasks of a group
    score_baselines: list[Baseline]
    groups: list[TaskGroup]
    group_gains: list[GroupGain]
    styles: dict[str, Style]  # by the curve's name

    @property
    def evals(self) -> list[str]:
        """Evaluations with a score, in the order of the study."""
        return eval_names(self.main)

    @property
    def tasks(self) -> frozenset[str]:
        """Evaluations that a suite speaks for: single tasks, folded away on the page."""
        return frozenset(ev.name for ev in self.results.study.evaluations if ev.part_of)

    @property
    def measure(self) -> str:
        """What the scores are in one word: 'accuracy', 'mIoU', or 'score' where they differ."""
        names = {metric_name(key.metric) for key in self.main}
        return names.pop() if len(names) == 1 else "score" if names else "accuracy"

    @property
    def curved(self) -> list[str]:
        """Evaluations to show over N: all but those that the tables over labels show whole."""
        told = {name for table in self.labels for name in table.evals}
        sizes = {name: max(map(len, self.of(name).values())) for name in self.evals}
        return [name for name in self.evals if name not in told or sizes[name] > 1]

    def of(self, name: str) -> Curves:
        """The curves of one evaluation."""
        return {key: line for key, line in self.main.items() if key.eval == name}


def analyse(results: StudyResults, worth: float = WORTH) -> Findings:
    """All analyses of a study, at one smallest gain worth having."""
    main, rank = curves(results), curves(results, RANK)
    fitted = fits(results)
    return Findings(
        results=results,
        worth=worth,
        main=main,
        rank=rank,
        baselines=baselines(results),
        rank_baselines=baselines(results, RANK),
        fits=fitted,
        gains=gains(results, worth),
        grids=regimes(results, worth),
        main_over_time=trajectories(results, MAIN),
        rank_over_time=trajectories(results, RANK),
        state_over_time={name: trajectories(results, name) for name in STATE},
        ledgers=[*ledgers(results), *ledgers(results, SCORE)],
        peaks=[*peaks(results), *peaks(results, SCORE), *peaks(results, RANK)],
        labels=label_tables(results, worth),
        answer=answer(results, fitted, worth),
        claims=judge(results),
        scores=curves(results, SCORE),
        score_baselines=baselines(results, SCORE),
        groups=task_groups(results.study),
        group_gains=group_gains(results),
        styles=styles([*main, *rank]),
    )
