"""From a claim to contrasts: which cells it compares, one part of it at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from datayield.analysis.claims.cells import (
    Cells,
    CellValues,
    ClaimData,
    NotAskedError,
    UnansweredError,
    measured,
    resolved,
)
from datayield.analysis.claims.equal_cost import at_equal
from datayield.analysis.claims.noise import (
    Base,
    EffectEstimate,
    Weights,
    estimate,
    layout,
)
from datayield.analysis.claims.time_to_score import reached
from datayield.analysis.model import NoiseModel
from datayield.spec.claims import BY, ENDS, NOTHING, Claim, Gain, Values, many
from datayield.spec.run import NORMALISERS

Fixed = Mapping[str, str]  # axis -> value as text


@dataclass(frozen=True, slots=True)
class Scene:
    """The cells of one part of a claim: `where` and one value of each axis in `each` hold."""

    data: ClaimData
    claim: Claim
    cells: Cells
    points: tuple[CellValues, ...]
    part: Fixed
    noise: NoiseModel
    orders: Mapping[str, tuple[str, ...]]  # axis -> the values that the claim names, as text

    def word(self, axis: str, value: Any) -> str:
        """A claim's value as text, with `first` and `last` resolved."""
        return resolved(self.data, self.orders, axis, value)

    def along(self, axis: str) -> list[str]:
        """The values of an axis that the claim covers, in order.

        Raises UnansweredError if one of them has no results yet.
        """
        here = {dict(point).get(axis) for point in self.points}
        lacking = [word for word in self.orders[axis] if word not in here]
        if lacking:
            raise UnansweredError(f"no results for {axis} {', '.join(lacking)}")
        return list(self.orders[axis])

    def sizes(self, axis: str) -> list[float]:
        """Numbers along an axis: its values, labelled images of evaluations, or unique images.

        Raises UnansweredError if they do not differ.
        """
        words = self.along(axis)
        sizes = [x for x in map(_number, words) if x is not None] if axis != "eval" else []
        if len(sizes) < len(words):
            cells = [
                next(self.cells.runs[p] for p in self.points if (axis, word) in p) for word in words
            ]
            sizes = [float(cell.n_train if axis == "eval" else cell.n) for cell in cells]
        if len(set(sizes)) < len(words) or min(sizes, default=0) <= 0:
            raise UnansweredError(f"the values of {axis} do not differ in any number")
        if sizes != sorted(sizes):
            raise UnansweredError(f"the values of {axis} are not ordered by size")
        return sizes

    def sides(self, *fixed: Fixed) -> list[Weights]:
        """For each setting the mean of its cells, over the other axis values that all of them have.

        A baseline instead of a value is that of the same encoders and evaluations.
        """
        by_setting = [None if self._base(f) else self._rests(f) for f in fixed]
        some = [rests for rests in by_setting if rests is not None]
        shared = set.intersection(*(set(rests) for rests in some)) if some else set()
        if not shared:
            missing = [f for f, rests in zip(fixed, by_setting, strict=True) if rests == {}]
            words = ", ".join(f"{k} {v}" for k, v in (missing[0] if missing else {}).items())
            raise UnansweredError(f"no results for {words}" if words else "no cells in common")
        like = some[0]
        made: list[Weights] = []
        for setting, rests in zip(fixed, by_setting, strict=True):
            if rests is not None:
                made.append({rests[rest]: 1 / len(shared) for rest in shared})
                continue
            weights: dict[CellValues | Base, float] = {}
            for rest in shared:
                key = self._base_key(self._base(setting), like[rest])
                weights[key] = weights.get(key, 0.0) + 1 / len(shared)
            made.append(weights)
        return made

    def estimate(self, *terms: tuple[float, Weights]) -> EffectEstimate:
        """A weighted sum of sides."""
        total: dict[CellValues | Base, float] = {}
        for factor, side in terms:
            for key, weight in side.items():
                total[key] = total.get(key, 0.0) + factor * weight
        return estimate({k: w for k, w in total.items() if w}, self.cells, self.noise)

    def ends(self, axis: str, start: str, to: str, at: Values, at_to: Values) -> list[Weights]:
        """The sides at `start` and at `to`, each with the settings that apply only to it."""
        if start == to and at == at_to:
            raise UnansweredError(f"there is only one value of {axis}, {start}")
        held = [{name: self.word(name, value) for name, value in h.items()} for h in (at, at_to)]
        return self.sides({axis: start, **held[0]}, {axis: to, **held[1]})

    def step(self, axis: str, start: str, to: str) -> EffectEstimate:
        """The score at `to` minus that at `start`."""
        before, after = self.ends(axis, start, to, {}, {})
        return self.estimate((1, after), (-1, before))

    def _rests(self, fixed: Fixed) -> dict[CellValues, CellValues]:
        chosen = fixed.items()
        return {p - set(chosen): p for p in self.points if set(chosen) <= p}

    def _base(self, fixed: Fixed) -> str:
        """The baseline that a setting names; "" for none, as where the axis has such a value."""
        named = (word for axis, word in fixed.items() if word not in self.orders.get(axis, ()))
        return next((word for word in named if word in NOTHING), "")

    def _base_key(self, kind: str, point: CellValues) -> Base:
        name = dict(point).get("eval", "")
        encoder = "" if kind == "pixels" else self.cells.runs[point].encoder
        if kind == "weights":  # of an encoder of its own
            files = [base for base in self.cells.bases if (base[0], base[2]) == (kind, name)]
            if len(files) > 1:
                several = ", ".join(file for _, file, _ in files)
                raise UnansweredError(f"there are several baselines of weights: {several}")
            encoder = files[0][1] if files else ""
        key = (kind, encoder, name)
        if key not in self.cells.bases:
            raise UnansweredError(f"no result of the baseline {kind}")
        return key


def scenes(data: ClaimData, claim: Claim) -> Iterator[Scene]:
    """One scene per part. Raises NotAskedError, or UnansweredError if no run has finished."""
    axes = claim.axes
    cells = data.cells(
        claim.names,
        claim.metric,
        by_eval="eval" in axes,
        by_share="share" in axes,
        checkpoint=claim.checkpoint,
    )
    orders = _orders(data, claim, cells)
    for axis, values in axes.items():
        if axis not in orders:
            raise NotAskedError(f"this scale has no axis {axis}")
        for word in (data.results.words(axis, v) for v in values):
            if word not in orders[axis] and word not in (*ENDS, *NOTHING):
                raise NotAskedError(f"this scale has no {axis} {word}")
    for axis, values in claim.where.items():
        words = tuple(resolved(data, orders, axis, value) for value in many(values))
        orders[axis] = tuple(w for w in orders[axis] if w in words)
    kept = {axis: orders[axis] for axis in claim.where}
    noisy = cells
    if isinstance(claim, Gain) and claim.reach is not None:
        cells, noisy = reached(data, claim, cells, orders)
    elif claim.units:
        cells, noisy = at_equal(data, claim, cells, orders)
    noise = layout(cells, noisy)
    points = tuple(p for p in cells.runs if all(dict(p).get(axis) in kept[axis] for axis in kept))
    if not points:
        raise UnansweredError(_why_none(data, claim, cells, kept))
    whole = Scene(data, claim, cells, points, {}, noise, orders)
    for values in product(*(whole.along(axis) for axis in claim.each)):
        part = dict(zip(claim.each, values, strict=True))
        mine = tuple(p for p in points if set(part.items()) <= p)
        if not mine:
            raise UnansweredError(f"no results for {', '.join(map(' '.join, part.items()))}")
        yield Scene(data, claim, cells, mine, part, noise, orders)


def _why_none(
    data: ClaimData, claim: Claim, cells: Cells, kept: Mapping[str, tuple[str, ...]]
) -> str:
    """Why a claim has no cells where what it holds fixed is `kept`."""
    names = {name for of in claim.names for name, _ in measured(data.results, of, None)}
    finished = any(row.kind == "run" and row.eval in names for row in data.results.rows)
    if finished and not cells.runs and claim.metric is not None:
        return f"no finished run has the metric {claim.metric}"
    if cells.runs and not data.results.missing:
        held = ", ".join(f"{axis} {' or '.join(words)}" for axis, words in kept.items())
        return f"no results for {held}"
    return "no run for it is finished yet"


def _orders(data: ClaimData, claim: Claim, cells: Cells) -> dict[str, tuple[str, ...]]:
    """Axis -> its values as text: those that the claim's evaluations cover, sorted if they are
    sizes, else in the study's order.
    """
    evals = [ev for ev in data.results.study.evaluations if ev.name in claim.names]
    orders = {}
    for axis, values in data.results.study.axes.items():
        made = [v for v in values if all(v in ev.where.get(axis, (v,)) for ev in evals)]
        words = [data.results.words(axis, value) for value in made]
        numeric = axis == "data.count" and all(_number(word) is not None for word in words)
        orders[axis] = tuple(sorted(words, key=float) if numeric else words)
    shares = {word for p in cells.runs for axis, word in p if axis == "share"}
    sizes = tuple(sorted(shares, key=float))
    return orders | {"eval": claim.names, "share": sizes, BY: NORMALISERS}


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
