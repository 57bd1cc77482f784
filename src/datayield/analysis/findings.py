"""All analyses of a study, each run once: the basis of the answer, the page and its files."""

from dataclasses import dataclass, replace

from datayield.analysis.background import in_background
from datayield.analysis.claims import (
    ClaimData,
    ClaimVerdict,
    PublishedComparison,
    compare_with_published,
    judge_claims,
)
from datayield.analysis.cost import Frontier, Normalised, RunCosts, frontiers, normalise
from datayield.analysis.decision import (
    BaselineComparison,
    Grid,
    LabelTable,
    Ledger,
    Peak,
    against_baselines,
    label_tables,
    ledgers,
    peaks,
)
from datayield.analysis.decision.regimes import regimes
from datayield.analysis.evidence import Evidence
from datayield.analysis.format import metric_name
from datayield.analysis.levers import Answer, decide, evidence_of
from datayield.analysis.model import (
    WORTH,
    CurveFit,
    CurveGain,
    GroupGain,
    gains,
    noise_models,
    suite_gains,
)
from datayield.analysis.model.fits import fits
from datayield.analysis.results import (
    SCORE,
    Baseline,
    CurveKey,
    Point,
    StudyResults,
    TaskGroup,
    eval_names,
)
from datayield.spec.claims import Published
from datayield.spec.study import Study

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
    fits: dict[CurveKey, CurveFit]
    gains: dict[CurveKey, CurveGain]
    grids: list[Grid]
    main_over_time: dict[tuple[CurveKey, int], list[Point]]
    rank_over_time: dict[tuple[CurveKey, int], list[Point]]
    state_over_time: dict[str, dict[tuple[CurveKey, int], list[Point]]]  # by metric
    ledgers: list[Ledger]  # of the evaluations, and of the groups' mean scores
    over_baselines: list[BaselineComparison]  # of the main metrics
    scores_over_baselines: list[BaselineComparison]
    peaks: list[Peak]  # of the main metrics, of the groups' mean scores and of the effective rank
    labels: list[LabelTable]
    claims: list[ClaimVerdict]
    scores: Curves  # means over the tasks of a group
    score_baselines: list[Baseline]
    groups: list[TaskGroup]
    group_gains: list[GroupGain]
    reference: tuple[Published, ...]
    published: list[PublishedComparison]
    normalised: Normalised
    frontiers: list[Frontier]
    purchase: Answer  # what to buy next

    @property
    def evals(self) -> list[str]:
        """Evaluations with a score, in the order of the study."""
        return eval_names(self.main)

    @property
    def tasks(self) -> frozenset[str]:
        """Evaluations that a suite summarises: single tasks, folded on the page."""
        return frozenset(ev.name for ev in self.results.study.evaluations if ev.part_of)

    @property
    def repeated(self) -> frozenset[str]:
        """Single tasks, and evaluations that another one before them measures too."""
        evals, seen, names = self.results.study.evaluations, set(), set(self.tasks)
        for ev in sorted(evals, key=lambda ev: len(ev.at)):
            names |= {ev.name} if ev.spec.id in seen else set()
            seen.add(ev.spec.id)
        return frozenset(names)

    @property
    def measure(self) -> str:
        """One word for the scores: 'accuracy', 'mIoU', or 'score' if they differ."""
        names = {metric_name(key.metric) for key in self.main}
        return names.pop() if len(names) == 1 else "score" if names else "accuracy"

    @property
    def curved(self) -> list[str]:
        """Evaluations to show over N: all except those that the label tables show in full."""
        told = {name for table in self.labels for name in table.evals}
        sizes = {name: max(map(len, self.of(name).values())) for name in self.evals}
        return [name for name in self.evals if name not in told or sizes[name] > 1]

    def of(self, name: str) -> Curves:
        """The curves of one evaluation."""
        return {key: line for key, line in self.main.items() if key.eval == name}


def analyse(results: StudyResults, worth: float = WORTH) -> Findings:
    """All analyses of a study; `worth` is the smallest gain per doubling worth having."""
    main, scores, rank = results.main, results.scores, results.metric(RANK)
    lines = main.curves
    evidence = evidence_of(results)
    # these two take as long as everything else
    fitting = in_background(lambda: fits(lines))
    deciding = in_background(lambda: _decided(evidence, results.study))
    noise, score_noise = noise_models(main), noise_models(scores)
    costs = RunCosts(results)
    read, read_scores = costs.readings(main.rows), costs.readings(scores.rows)
    chosen = [*ledgers(results), *ledgers(results, SCORE)]
    normalised = _both(
        normalise(results.study, read, worth), normalise(results.study, read_scores, worth)
    )
    fronts = frontiers(results.study, read, "seconds", "flops")
    purchase = deciding()
    findings = Findings(
        results=results,
        worth=worth,
        main=lines,
        rank=rank.curves,
        baselines=main.baselines,
        rank_baselines=rank.baselines,
        fits={},
        gains=gains(lines, noise, worth),
        grids=regimes(lines, noise, worth),
        main_over_time=main.trajectories,
        rank_over_time=rank.trajectories,
        state_over_time={name: results.metric(name).trajectories for name in STATE},
        ledgers=chosen,
        over_baselines=against_baselines(main, noise),
        scores_over_baselines=against_baselines(scores, score_noise),
        peaks=[p for each in (main, scores, rank) for p in peaks(each.trajectories)],
        labels=label_tables(results, worth),
        claims=judge_claims(ClaimData(results, chosen, costs), purchase.laws),
        scores=scores.curves,
        score_baselines=scores.baselines,
        groups=results.groups,
        group_gains=suite_gains(results, score_noise),
        reference=results.reference,
        published=compare_with_published(results, results.reference),
        normalised=normalised,
        frontiers=fronts,
        purchase=purchase,
    )
    return replace(findings, fits=fitting())


def _decided(evidence: Evidence, study: Study) -> Answer:
    """What to buy next, back-tested."""
    purchase = decide(evidence, prices=study.prices, spend=study.spend)
    purchase.back_test  # noqa: B018  # is kept
    return purchase


def _both(tasks: Normalised, scores: Normalised) -> Normalised:
    return Normalised((*scores.comparisons, *tasks.comparisons), tasks.standing)
