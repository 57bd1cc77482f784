"""The names that one scale of a study defines, and what of a claim it lacks."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from datayield.spec.claims import (
    BY,
    ENDS,
    NOTHING,
    OWN_AXES,
    SELECTION_GAP,
    AxisKey,
    BeatsBaseline,
    Claim,
    Correlates,
    Diminishing,
    Flat,
    Measure,
    Monotone,
    PeakThenFall,
    many,
)
from datayield.spec.evaluation import GROUPS, PROTOCOLS, metric_names
from datayield.spec.run import NORMALISERS, OVERLAYS, Raw
from datayield.spec.study.value_words import value_words
from datayield.spec.study.weights import is_weights

_OF_MEANS = ["score", "score_val"]  # over the tasks of a suite
_FEWEST: dict[type, int] = {Monotone: 2, Flat: 2, Diminishing: 3, PeakThenFall: 3}  # values


class Lacking(NamedTuple):
    """The first thing in a claim that a scale does not have.

    `key`: where the claim asks for it, as in the file. `problem`: for a study of which no scale has
    it. `skip`: why a scale that lacks it does not test the claim.
    """

    key: str
    problem: str
    skip: str
    got: str
    allowed: list[str]
    hint: str = ""
    axis: str = ""  # whose value it is


class Measurable(NamedTuple):
    """What a claim may be `of`.

    `shares`: the fractions of the budget above 0 at which all of it is. `of_pixels`: also of raw
    pixels, the baseline.
    """

    shares: frozenset[float]
    metrics: list[str]
    of_pixels: bool


class Vocabulary(NamedTuple):
    """The names that one scale defines: axis -> values as text, measurements, and baselines.

    `validated`: evaluations that can select a checkpoint.
    """

    axes: dict[str, list[str]]
    measured: dict[str, Measurable]
    validated: list[str]
    baselines: list[str]

    def lacks(self, claim: Claim) -> Lacking | None:
        """The first name in a claim that is missing here, if any."""
        asked = [("of", "metric", name, claim.metric) for name in claim.names]
        if isinstance(claim, Correlates) and isinstance(claim.with_, Measure):
            asked.append(("with.of", "with.metric", claim.with_.of, claim.with_.metric))
        for key, of_metric, name, metric in asked:
            if name not in self.measured:
                return _no_such("measurement", key, name, self.measured)
            known = self.measured[name].metrics
            if metric is not None and metric not in known:
                problem = f"{name} is not measured by this metric"
                skip = f"this scale does not measure {metric} of {name}"
                return Lacking(of_metric, problem, skip, metric, known)
        for each in claim.named:
            if lacking := self._lacks_value(claim, each):
                return lacking
        if isinstance(claim, BeatsBaseline):
            there = self._baselines(claim)
            if claim.baseline not in there:
                return _no_baseline("baseline", claim.baseline, there)
        return self._lacks_checkpoint(claim) or self._too_few_values(claim)

    def _lacks_value(self, claim: Claim, named: AxisKey) -> Lacking | None:
        axis = named.axis
        if axis not in self.axes:
            return _no_such("axis", named.at, axis, [name for name in self.axes if name != "seed"])
        there = self.axes[axis]
        baselines = self._baselines(claim) if named.baselines else []
        for value in named.values:
            word = value_words(axis, value)
            if word in (*there, *ENDS, *baselines):
                continue
            if named.baselines and word in NOTHING:
                return _no_baseline(named.key, word, baselines)
            allowed = [*there, *ENDS, *baselines]
            lacking = _no_such(f"value of {axis}", named.key, word, allowed)
            return lacking._replace(skip=f"this scale has no {axis} {word}", axis=axis)
        return None

    def _baselines(self, claim: Claim) -> list[str]:
        """Those that are measured by every evaluation of the claim."""
        pixels = all(self.measured[name].of_pixels for name in claim.names)
        return [name for name in self.baselines if name != "pixels" or pixels]

    def _lacks_checkpoint(self, claim: Claim) -> Lacking | None:
        if claim.checkpoint is None:
            return None
        judge = claim.checkpoint.best_on
        if judge not in self.validated:
            kind = "evaluation with validation scores at several shares of the budget"
            skip = f"this scale has no validation scores of {judge} at several shares"
            lacking = _no_such(kind, "checkpoint.best_on", judge, self.validated)
            return lacking._replace(skip=skip)
        shares = self.measured[judge].shares
        able = [name for name, of in self.measured.items() if len(of.shares & shares) > 1]
        for name in claim.names:
            if name not in able:
                kind = "measurement at two of the shares of checkpoint.best_on"
                skip = f"this scale measures {name} at fewer than two shares of the checkpoints"
                return _no_such(kind, "of", name, able)._replace(skip=skip)
        return None

    def _too_few_values(self, claim: Claim) -> Lacking | None:
        fewest = _FEWEST.get(type(claim), 0)
        for named in claim.compared() if fewest else []:
            axis = named.axis
            values = claim.names if axis == "eval" else self.axes[axis]
            if axis in claim.where:
                values = [value_words(axis, value) for value in many(claim.where[axis])]
            if len(values) < fewest:
                problem = f"{claim.test} needs at least {fewest} values of {axis}"
                skip = f"this scale has fewer than {fewest} values of {axis}"
                return Lacking(named.at, problem, skip, ", ".join(values), [])
        return None


def vocabulary(raw: Raw, evaluations: Iterable[Any]) -> Vocabulary:
    """The vocabulary of a scale from its YAML, with suites already expanded into evaluations."""
    evals = [ev for ev in evaluations if isinstance(ev, dict)]
    axes = raw["axes"] if isinstance(raw.get("axes"), dict) else {}
    known = {
        axis: [value_words(axis, value) for value in values]
        for axis, values in axes.items()
        if isinstance(values, list)
    }
    shares = dict.fromkeys(
        value_words("share", float(share)) for ev in evals for share in ev.get("at") or (1.0,)
    )
    measured = _measured(evals)
    known |= dict(zip(OWN_AXES, ([*measured], [*shares]), strict=True))
    validated = [
        name
        for name in (str(ev.get("name")) for ev in evals)
        if SELECTION_GAP in measured[name].metrics
    ]
    known |= {BY: list(NORMALISERS)}
    return Vocabulary(known, measured, validated, _baselines_of(raw))


def _measured(evals: list[Raw]) -> dict[str, Measurable]:
    """Every name that a claim may be `of`: evaluations, groups of them, and means over suites."""
    groups = dict.fromkeys(str(ev["group"]) for ev in evals if ev.get("group"))
    of_suites = {ev.get("group") for ev in evals if ev.get("part_of")}
    words = (*(group for group in GROUPS if group in groups), "all tasks")
    made: dict[str, list[Measurable]] = {str(ev.get("name")): [] for ev in evals}
    made |= {group: [] for group in groups}
    for ev in evals:
        mine = _of_one(ev)
        gap = [metric for metric in mine.metrics if metric == SELECTION_GAP]
        of_mean = mine._replace(metrics=[*_OF_MEANS, *gap])
        made[str(ev.get("name"))].append(mine)
        if group := ev.get("group"):
            made[str(group)].append(of_mean if group in of_suites else mine)
        if suite := ev.get("part_of"):
            for name in (str(suite), *(f"{ev.get('suite_name')} {word}" for word in words)):
                made.setdefault(name, []).append(of_mean)
    return {name: _of_all(each) for name, each in made.items()}


def _of_one(entry: Raw) -> Measurable:
    protocol = PROTOCOLS.get(str(entry.get("protocol")))
    shares = frozenset(float(share) for share in entry.get("at") or (1.0,) if share)
    metrics = metric_names(entry)
    if protocol is not None and protocol.validates and len(shares) > 1:
        metrics.append(SELECTION_GAP)
    return Measurable(shares, metrics, protocol is None or protocol.tuning is None)


def _of_all(each: list[Measurable]) -> Measurable:
    first, *others = each
    return Measurable(
        first.shares.intersection(*(other.shares for other in others)),
        [name for name in first.metrics if all(name in other.metrics for other in others)],
        all(one.of_pixels for one in each),
    )


def _baselines_of(raw: Raw) -> list[str]:
    """The baselines that the study has: published weights only where it names or starts from some.

    What a run starts from is said by the base, recipes, and the axes `init`, `arm` and `run`.
    """
    base, recipes, axes = (raw.get(key) or {} for key in ("base", "recipes", "axes"))
    layers = [base, *(recipes.values() if isinstance(recipes, dict) else ())]
    starts: list[Any] = []
    if isinstance(axes, dict):
        starts = [*(axes.get("init") or ())]
        layers += [patch for axis in OVERLAYS for patch in axes.get(axis) or ()]
    starts += [layer.get("init") for layer in layers if isinstance(layer, dict)]
    there = ["untrained", "pixels"]
    there += ["pretrained"] if "pretrained" in starts else []
    files = bool(raw.get("baselines")) or any(is_weights(start) for start in starts)
    return [*there, "weights"] if files else there


def _no_such(kind: str, key: str, name: str, allowed: Iterable[str]) -> Lacking:
    skip = f"this scale has no {'' if kind == 'measurement' else f'{kind} '}{name}"
    return Lacking(key, f"the study has no such {kind}", skip, name, [*allowed])


def _no_baseline(key: str, name: str, allowed: list[str]) -> Lacking:
    lacking = _no_such("baseline", key, name, allowed)
    hints = {
        "weights": "list a file: baselines: [{weights: FILE}]; or start runs from one",
        "pretrained": "it is measured where runs start from it: add init: pretrained",
        "pixels": "raw pixels have no encoder to fine-tune: name another baseline",
    }
    return lacking._replace(hint=hints.get(name, ""))
