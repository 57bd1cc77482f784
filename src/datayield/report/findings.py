"""Everything that the page, its figures and its tables draw on, computed once."""

from dataclasses import dataclass

from datayield.analysis.answer import answer
from datayield.analysis.fits import Fit, fits
from datayield.analysis.gain import WORTH, CurveGain, gains
from datayield.analysis.regime import Grid, regimes
from datayield.analysis.rows import StudyResults
from datayield.analysis.selection import Ledger, ledgers
from datayield.analysis.sentences import Headline
from datayield.analysis.summary import (
    Baseline,
    CurveKey,
    Point,
    baselines,
    curves,
    eval_names,
    trajectories,
)
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
    """The analysed study. `worth` is the smallest gain per doubling worth having."""

    results: StudyResults
    worth: float
    accuracy: Curves
    rank: Curves
    baselines: list[Baseline]
    rank_baselines: list[Baseline]
    fits: dict[CurveKey, Fit]
    gains: dict[CurveKey, CurveGain]
    grids: list[Grid]
    accuracy_over_time: dict[tuple[CurveKey, int], list[Point]]
    rank_over_time: dict[tuple[CurveKey, int], list[Point]]
    state_over_time: dict[str, dict[tuple[CurveKey, int], list[Point]]]  # by metric
    ledgers: list[Ledger]
    answer: list[Headline]
    styles: dict[str, Style]  # by the curve's name

    @property
    def evals(self) -> list[str]:
        """Evaluations with an accuracy, in the order of the study."""
        return eval_names(self.accuracy)

    def of(self, name: str) -> Curves:
        """The accuracy curves of one evaluation."""
        return {key: line for key, line in self.accuracy.items() if key.eval == name}


def analyse(results: StudyResults, worth: float = WORTH) -> Findings:
    """All analyses of a study, at one smallest gain worth having."""
    accuracy, rank = curves(results), curves(results, RANK)
    fitted = fits(results)
    return Findings(
        results=results,
        worth=worth,
        accuracy=accuracy,
        rank=rank,
        baselines=baselines(results),
        rank_baselines=baselines(results, RANK),
        fits=fitted,
        gains=gains(results, worth),
        grids=regimes(results, worth),
        accuracy_over_time=trajectories(results, "accuracy"),
        rank_over_time=trajectories(results, RANK),
        state_over_time={name: trajectories(results, name) for name in STATE},
        ledgers=ledgers(results),
        answer=answer(results, fitted, worth),
        styles=styles([*accuracy, *rank]),
    )
