"""The sentences of the answer: numbers, interval, protocol, verdict."""

from collections import Counter
from dataclasses import dataclass, replace
from math import log2
from typing import Literal

from datayield.analysis.decision import BaselineComparison, Grid, Regime
from datayield.analysis.format import count, join, percent, points
from datayield.analysis.model import (
    CurveFit,
    CurveGain,
    Difference,
    GainVerdict,
    GroupGain,
    together,
    verdict_of_gain,
)

Chip = GainVerdict | Regime | Literal["beats", "loses", "mixed", "falls", "rises"]


@dataclass(frozen=True, slots=True)
class Headline:
    """One sentence of the answer and its verdict; `text` begins with `subject`."""

    verdict: Chip
    about: Literal["images", "labels", "training", "baseline", "regime", "none"]
    subject: str
    text: str


def yield_sentence(line: CurveGain, fit: CurveFit | None, worth: float, most: float) -> Headline:
    """The gain from more images along one curve, and up to where it holds.

    An effect is said only if its p is at most `most` (most_p), here and in all that follows.
    """
    key, total = line.key, line.total
    law = fit.law if fit and fit.verdict == "decided" else None
    subject = f"{key.place}, {key.name}"
    text = f"{subject}: from {count(total.n)} to {count(total.to)} images "
    text += f"{with_interval(total.gain)}; {_how_far(line, worth, most)}."
    if key.at_fixed_epochs:
        text += " Compute grows with N at a fixed number of epochs."
    if law:
        n, error = law.forecasts[0]
        text += (
            f" The fitted law predicts {percent(1 - error.value)} at {count(n)} "
            f"({percent(1 - error.high)} to {percent(1 - error.low)})."
        )
    return Headline(together(total.verdict, total.gain, most), "images", subject, text)


def group_sentences(gains: list[GroupGain], worth: float, most: float) -> list[Headline]:
    """The gain from more images on the groups of a suite, over tasks: one sentence per curve."""
    of_curve: dict[tuple[str, str, int, int], list[GroupGain]] = {}
    for g in gains:
        of_curve.setdefault((g.group.suite_name, g.key.name, g.n, g.to), []).append(g)
    return [_group_sentence(*at, mine, worth, most) for at, mine in of_curve.items()]


def _group_sentence(
    suite_name: str, name: str, n: int, to: int, mine: list[GroupGain], worth: float, most: float
) -> Headline:
    subject = f"{suite_name}, {name}"
    verdicts: list[GainVerdict] = []
    parts = []
    for g in mine:
        verdict, _ = verdict_of_gain(g.gain.per(log2(g.to / g.n)), worth)
        verdicts.append(together(verdict, g.gain, most))
        said = f"{g.group.of}; {g.gain.why_undecided or 'no interval'}, so inconclusive"
        if g.gain.decides:
            said = f"{g.gain.span}; {g.group.of}: {verdicts[-1]}"
        parts.append(f"{g.group.group} {points(g.mean)} ({said})")
    text = (
        f"{subject}: from {count(n)} to {count(to)} images, points and 95% intervals over tasks "
        f"and seeds: {join(parts)}."
    )
    chip: Chip = verdicts[0] if len(set(verdicts)) == 1 else "mixed"
    return Headline(chip, "images", subject, text)


def with_interval(gain: Difference) -> str:
    """'+2.1 points (95% interval +1.0 to +3.2)', or what there is instead of an interval."""
    if gain.covers == "nothing":
        return "no seed ran at both ends"
    if not gain.shows_interval:
        return f"{points(gain.mean)} points"
    kind = {
        "test images only": "one seed, interval over test images only:",
        "scatter of sizes": "one seed, 95% interval from the scatter of the sizes",
    }.get(gain.covers, "95% interval")
    return f"{points(gain.mean)} points ({kind} {gain.span})"


_BEYOND: dict[GainVerdict, str] = {
    "no effect": "the next step has no effect",
    "hurts": "the next step hurts",
    "inconclusive": "beyond that inconclusive",
}


def _how_far(line: CurveGain, worth: float, most: float) -> str:
    total = line.total
    if not total.gain.decides:
        return f"inconclusive, since {total.gain.why_undecided}"
    if total.verdict == "no effect":
        mixed = any(s.gain.p <= most for s in line.steps)
        return f"no effect: within {100 * worth:g} point per doubling over the whole range" + (
            ", though single steps differ" if mixed else ""
        )
    counts = total.gain.p <= most
    if counts and total.verdict == "small gain":
        return f"a small gain, not shown to reach {100 * worth:g} point per doubling"
    if counts and line.helps_up_to == total.to:
        return f"every step helps, up to {count(total.to)}"
    if line.helps_up_to is not None and line.steps[0].gain.p <= most:
        later = f", {_BEYOND[line.beyond]}" if line.beyond in _BEYOND else ""
        return f"more images help up to {count(line.helps_up_to)}{later}"
    if not counts and total.verdict != "inconclusive":
        return "inconclusive once corrected for multiple comparisons"
    if total.verdict == "helps":
        return "more images help over the whole range, though the first step alone is inconclusive"
    if total.verdict == "hurts":
        return "more images hurt over the whole range"
    return "inconclusive: noise hides whether more images help"


_BEATEN = {
    "untrained": "the untrained encoder",
    "pretrained": "the published weights it started from",
    "weights": "the published weights",
    "pixels": "the raw pixels",
}


def baseline_sentences(versus: list[BaselineComparison], kind: str, most: float) -> list[Headline]:
    """One sentence per kind of baseline, on the weakest curve of each evaluation.

    Beaten by the weakest means beaten by all: no method is selected for its score.
    """
    versus = [replace(v, outcome="inconclusive") if v.gain.p > most else v for v in versus]
    weakest: dict[str, BaselineComparison] = {}
    curves_of: Counter[str] = Counter()
    for v in versus:
        if v.baseline.kind == kind and v.gain.covers != "nothing":
            name = v.point.key.eval
            curves_of[name] += 1
            if name not in weakest or v.gain.low < weakest[name].gain.low:
                weakest[name] = v
    if not weakest:
        return []
    parts: list[str] = []
    several = any(v.gain.decides for v in weakest.values())
    open_ = "is not shown to beat {}" if several else "has too few seeds to show that it beats {}"
    verbs = {"beats": "beats {}", "loses": "loses to {}", "inconclusive": open_}
    for outcome, verb in verbs.items():
        mine = [v for v in weakest.values() if v.outcome == outcome]
        if mine:
            name = _BEATEN[kind]
            of = join([_measured(v, curves_of[v.point.key.eval]) for v in mine])
            again = "it" if kind == "untrained" else "them"
            parts.append(f"{verb.format(again if parts else name)} on {of}")
    paired = "paired by seed" if kind == "untrained" else "each seed against their single value"
    outcomes = {v.outcome for v in weakest.values()}
    verdict: Chip = next(iter(outcomes)) if len(outcomes) == 1 else "mixed"
    return [
        Headline(
            verdict,
            "baseline",
            "Pretraining on the most images",
            f"Pretraining on the most images {'; it '.join(parts)} (95% intervals, {paired}).",
        )
    ]


def _measured(v: BaselineComparison, curves_there: int) -> str:
    notes = [v.gain.span] if v.gain.span else []
    if not v.gain.decides:
        notes.append(v.gain.why_undecided)
    if v.gain.covers == "test images only":
        notes[-1] += ": test images only"
    if curves_there > 1:
        notes.append(f"weakest of {curves_there} curves")
    return f"{v.point.key.place} by {points(v.gain.mean)} ({'; '.join(notes)})"


def regime_sentence(grid: Grid) -> Headline:
    """How many cells of a grid are limited by what, and the numbers at its largest corner."""
    counts = Counter(cell.regime for cell in grid.cells)
    spoken = {"both help": "where both help"}
    named = [
        f"{n} {spoken.get(regime, regime)}"
        for regime, n in counts.most_common()
        if regime != "inconclusive"
    ]
    unsettled = counts["inconclusive"]
    top = max(grid.cells, key=lambda c: (c.n, c.images))
    subject = f"{grid.key.place}, {grid.key.name}"
    text = f"{subject}, {len(grid.cells)} cells of a grid over N and C: "
    text += join(named) if named else "no cell is conclusive"
    text += f", {unsettled} inconclusive" if named and unsettled else ""
    moves = [
        f"a doubling of {what} is worth {points(move.per_doubling.mean)} points "
        f"({move.per_doubling.span or move.per_doubling.why_undecided})"
        for what, move in (("images", top.more_images), ("compute", top.more_compute))
        if move and move.per_doubling.covers != "nothing"
    ]
    if moves:
        corner = f"{count(top.n)} images, {count(top.images)} presented"
        text += f". At the largest corner ({corner}) {join(moves)}: {top.regime}"
    text += "."
    return Headline(top.regime, "regime", subject, text)
