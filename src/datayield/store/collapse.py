"""Runs that learned nothing: what features, loss and scores look like beside the untrained encoder.

A run is never left out for it: dropping what failed would flatter a method. It is marked instead.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from datayield.spec.run import EncoderSpec, RunSpec, short_number
from datayield.store.folders import Store
from datayield.store.plan import Plan, Task
from datayield.store.records import Measured, TrainingCheckRecord

CollapseSign = Literal[
    "not_finite", "no_variation", "low_rank", "diverged", "constant_loss", "below_untrained"
]

# Calibrated on healthy runs of every method (ranks of 0.46 to 2 times the untrained encoder's,
# losses that change by 1e-4 and more) and on black images and learning rates of 1 to 1e6.
NO_STD = 1e-3  # feature_std below which features all point the same way
NEAR_ONE = 1.5  # effective rank of features on a line, with some noise
LOST = 8  # times fewer dimensions than the untrained encoder's features fill
FEWEST_IMAGES = 16  # of a check that says anything about ranks
DIVERGED = 100  # times larger weights than at the start
CONSTANT = 1e-5  # relative change of a loss that does not change: rounding is 1e-6
ERRORS = 3.0  # standard errors, of two scores on the same number of test items
_HALF = 1.96  # standard errors in half of a 95% interval
REMEDIES = {  # of a constant loss, which is the logarithm of the number of prototypes
    "swav": "its authors advise method.epsilon: 0.03 instead of 0.05",
    "dino": "try a lower method.teacher_temperature",
}


class ScoreBeside(NamedTuple):
    """The main metric of one evaluation at the end of a run, and the untrained encoder's."""

    eval: str
    metric: str
    value: float
    untrained: float
    error: float  # standard error of the difference over test items

    @property
    def below(self) -> bool:
        """Whether it is below the untrained encoder's by more than chance."""
        return self.untrained - self.value > ERRORS * self.error


class Collapse(NamedTuple):
    """Why a finished run seems to have learned nothing, in numbers."""

    run: str
    label: str
    method: str
    signs: tuple[CollapseSign, ...]
    check: TrainingCheckRecord | None
    scores: tuple[ScoreBeside, ...] = ()


def signs_of(
    check: TrainingCheckRecord | None, scores: Sequence[ScoreBeside] = ()
) -> tuple[CollapseSign, ...]:
    """What is wrong; empty for a healthy run, and where nothing was measured.

    A low rank counts only where no evaluation contradicts it: the features of two plain classes
    rightly lie on a line.
    """
    signs = [] if check is None else _of_training(check)
    if signs == ["low_rank"] and scores and all(s.value >= s.untrained for s in scores):
        signs = []
    if scores and all(score.below for score in scores):
        signs.append("below_untrained")
    return tuple(signs)


def _of_training(check: TrainingCheckRecord) -> list[CollapseSign]:
    signs: list[CollapseSign] = []
    trained, untrained = check.trained, check.untrained
    if trained is None:
        signs.append("not_finite")
    elif check.images > 1 and (trained.rank == 0 or trained.std < NO_STD):
        signs.append("no_variation")
    elif untrained and check.images >= FEWEST_IMAGES and not check.supervised:
        near_one = trained.rank < min(NEAR_ONE, untrained.rank / NEAR_ONE)
        if near_one or trained.rank < untrained.rank / LOST:
            signs.append("low_rank")
    if check.growth is not None and check.growth > DIVERGED:
        signs.append("diverged")
    if check.loss_change is not None and check.loss_change < CONSTANT:
        signs.append("constant_loss")
    return signs


def collapsed_runs(plan: Plan, store: Store) -> list[Collapse]:
    """The plan's runs that are trained and seem to have learned nothing, in its order."""
    beside = BesideUntrained(plan)
    found = []
    for task in beside.trained.values():
        if each := beside.collapse(task, store.run(task.spec.id).training_check()):
            found.append(each)
    return found


class BesideUntrained:
    """A plan's trained runs beside untrained encoders.

    `trained`: the task of each of these runs, by its id, in the order of the plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._records = plan.records
        self.trained: dict[str, Task] = {}
        self._baselines: dict[tuple[EncoderSpec, int], str] = {}
        self._known: dict[tuple[str, str], Measured | None] = {}  # (baseline, evaluation)
        for task in plan.tasks:
            spec = task.spec
            if isinstance(spec, RunSpec):
                if task.share_left == 0:
                    self.trained[spec.id] = task
            elif spec.name == "untrained" and spec.encoder:
                self._baselines[spec.encoder, spec.seed] = spec.id

    def collapse(self, task: Task, check: TrainingCheckRecord | None) -> Collapse | None:
        """Why the run seems to have learned nothing; None for a healthy one."""
        assert isinstance(task.spec, RunSpec)
        untrained = self._baselines.get((task.spec.encoder, task.spec.seed))
        scores = self._scores(task, untrained) if untrained else ()
        signs = signs_of(check, scores)
        if not signs:
            return None
        return Collapse(task.spec.id, task.label, task.spec.method.name, signs, check, scores)

    def _scores(self, task: Task, untrained: str) -> tuple[ScoreBeside, ...]:
        """Scores at the end of the budget, of evaluations that both have."""
        scores = []
        records = self._records.of(task.spec.id)
        for share, ev in task.evals:
            if share != 1.0:
                continue
            place = untrained, ev.id
            mine = records.result(share, ev.id)
            if mine is None:
                continue
            if place not in self._known:
                self._known[place] = self._records.of(untrained).result(0.0, ev.id)
            theirs, metric = self._known[place], ev.main_metric
            if theirs and metric in mine.metrics and metric in theirs.metrics:
                error = math.hypot(_error(mine, metric), _error(theirs, metric))
                value, other = mine.metrics[metric], theirs.metrics[metric]
                scores.append(ScoreBeside(ev.name, metric, value, other, error))
        return tuple(scores)


def _error(record: Measured, metric: str) -> float:
    """Standard error over test items: from the interval, else binomial."""
    if metric in record.intervals:
        low, high = record.intervals[metric]
        return (high - low) / 2 / _HALF
    value = min(max(record.metrics[metric], 0.0), 1.0)
    return math.sqrt(value * (1 - value) / max(record.n_test, 1))


def in_words(collapse: Collapse) -> str:
    """One sentence: the run, and each sign with its numbers."""
    return f"{collapse.label}: {'; '.join(_words(sign, collapse) for sign in collapse.signs)}"


def _words(sign: CollapseSign, of: Collapse) -> str:
    check = of.check
    if sign == "below_untrained":
        worst = max(of.scores, key=lambda s: s.untrained - s.value)
        where = "the evaluation" if len(of.scores) == 1 else f"all {len(of.scores)} evaluations"
        return (
            f"worse than the untrained encoder in {where} "
            f"({worst.eval}: {worst.value:.1%}, untrained {worst.untrained:.1%})"
        )
    assert check is not None
    if sign == "not_finite":
        return "its features are not finite"
    if sign == "diverged":
        grew = short_number(float(f"{check.growth or 0:.2g}"))
        return f"its weights grew {grew}-fold: the learning rate is too high"
    if sign == "constant_loss":
        remedy = REMEDIES.get(of.method)
        said = "the loss was constant over the second half of training"
        return f"{said} ({remedy})" if remedy else said
    assert check.trained is not None
    untrained = check.untrained
    beside = f", untrained {untrained.rank:.1f}" if untrained else ""
    rank = f"effective rank {check.trained.rank:.1f}{beside}, {check.images} pretraining images"
    if sign == "low_rank":
        return f"its features fill almost no dimensions ({rank})"
    if untrained and untrained.rank == 0:
        return f"all images give the same features, untrained too ({check.images} images)"
    return f"all images give nearly the same features ({rank})"
