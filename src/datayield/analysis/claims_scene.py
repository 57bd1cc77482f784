"""From a claim's words to contrasts: which cells it compares, one part of it at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from datayield.analysis.claims_cells import (
    Cells,
    NotAskedError,
    Point,
    UnansweredError,
    cells_of,
)
from datayield.analysis.claims_noise import Base, Estimate, Layout, Weights, estimate, layout
from datayield.analysis.rows import StudyResults
from datayield.spec.claims import ENDS, NOTHING, Claim, in_words, many

Fixed = Mapping[str, str]  # axis -> value in words


@dataclass(frozen=True, slots=True)
class Scene:
    """The cells of one part of a claim: `where` and one value of each axis in `each` hold."""

    results: StudyResults
    claim: Claim
    cells: Cells
    points: tuple[Point, ...]
    part: Fixed
    noise: Layout | None
    orders: Mapping[str, tuple[str, ...]]  # axis -> its values in words, as the study orders them

    def word(self, axis: str, value: Any) -> str:
        """A value as the claim writes it, `first` and `last` of the cells here resolved."""
        word = in_words(axis, value)
        if word in ENDS and word not in self.orders.get(axis, ()):
            return self.along(axis)[0 if word == "first" else -1]
        return word

    def along(self, axis: str) -> list[str]:
        """The values of an axis that these cells have: by size, or as the study orders them."""
        here = {dict(point).get(axis) for point in self.points}
        found = [word for word in self.orders.get(axis, ()) if word in here]
        if axis in ("eval", "budget", "method"):
            return found
        numbers = [_number(word) for word in found]
        if all(x is not None for x in numbers):
            return [w for _, w in sorted(zip(numbers, found, strict=True), key=lambda p: p[0] or 0)]
        return found

    def sizes(self, axis: str) -> list[float]:
        """Numbers along an axis: its values, labelled images of evaluations, or unique images.

        Raises UnansweredError where they do not differ.
        """
        words = self.along(axis)
        found = [x for x in map(_number, words) if x is not None] if axis != "eval" else []
        if len(found) < len(words):
            cells = [
                next(self.cells.runs[p] for p in self.points if (axis, word) in p) for word in words
            ]
            found = [float(cell.n_train if axis == "eval" else cell.n) for cell in cells]
        if len(set(found)) < len(words) or min(found, default=0) <= 0:
            raise UnansweredError(f"the values of {axis} differ in no number")
        if found != sorted(found):
            raise UnansweredError(f"the values of {axis} are not listed by size")
        return found

    def sides(self, *fixed: Fixed) -> list[Weights]:
        """For each setting the mean of its cells, over what all settings have besides.

        A baseline in the place of a value is that of the same encoders and evaluations.
        """
        found = [None if _base(f) else self._rests(f) for f in fixed]
        some = [rests for rests in found if rests is not None]
        shared = set.intersection(*(set(rests) for rests in some)) if some else set()
        if not shared:
            missing = [f for f, rests in zip(fixed, found, strict=True) if rests == {}]
            words = ", ".join(f"{k} {v}" for k, v in (missing[0] if missing else {}).items())
            raise UnansweredError(f"no results for {words}" if words else "no cells in common")
        like = some[0]
        made: list[Weights] = []
        for setting, rests in zip(fixed, found, strict=True):
            if rests is not None:
                made.append({rests[rest]: 1 / len(shared) for rest in shared})
                continue
            weights: dict[Point | Base, float] = {}
            for rest in shared:
                key = self._base_key(_base(setting), like[rest])
                weights[key] = weights.get(key, 0.0) + 1 / len(shared)
            made.append(weights)
        return made

    def estimate(self, *terms: tuple[float, Weights]) -> Estimate:
        """A weighted sum of sides."""
        total: dict[Point | Base, float] = {}
        for factor, side in terms:
            for key, weight in side.items():
                total[key] = total.get(key, 0.0) + factor * weight
        return estimate({k: w for k, w in total.items() if w}, self.cells, self.noise)

    def step(self, axis: str, start: str, to: str, **also: Any) -> Estimate:
        """The score at `to` minus that at `start`."""
        held: dict[str, str] = also.get("held", {})
        before, after = self.sides({axis: start, **held}, {axis: to, **held})
        return self.estimate((1, after), (-1, before))

    def _rests(self, fixed: Fixed) -> dict[Point, Point]:
        chosen = fixed.items()
        return {p - set(chosen): p for p in self.points if set(chosen) <= p}

    def _base_key(self, kind: str, point: Point) -> Base:
        encoder = "" if kind == "pixels" else self.cells.runs[point].encoder
        key = (kind, encoder, dict(point).get("eval", ""))
        if key not in self.cells.bases:
            raise UnansweredError(f"no result of the baseline {kind}")
        return key


def scenes(results: StudyResults, claim: Claim) -> Iterator[Scene]:
    """One scene per part. Raises NotAskedError, or UnansweredError where nothing is finished."""
    axes = claim.axes
    cells = cells_of(
        results, claim.names, claim.metric, by_eval="eval" in axes, by_share="share" in axes
    )
    orders = {
        axis: tuple(in_words(axis, value) for value in values)
        for axis, values in results.study.axes.items()
    } | {"eval": claim.names}
    shares = {word for p in cells.runs for axis, word in p if axis == "share"}
    orders["share"] = tuple(sorted(shares, key=float))
    for axis, values in axes.items():
        if axis not in orders:
            raise NotAskedError(f"this scale has no axis {axis}")
        for word in (in_words(axis, v) for v in values):
            if word not in orders[axis] and word not in (*ENDS, *NOTHING):
                raise NotAskedError(f"this scale has no {axis} {word}")
    points, noise = tuple(cells.runs), layout(cells)
    whole = Scene(results, claim, cells, points, {}, noise, orders)
    for axis, values in claim.where.items():
        words = {whole.word(axis, value) for value in many(values)}
        points = tuple(p for p in points if dict(p).get(axis) in words)
        whole = Scene(results, claim, cells, points, {}, noise, orders)
    if not points:
        raise UnansweredError("nothing of it is finished yet")
    for values in product(*(whole.along(axis) for axis in claim.each)):
        part = dict(zip(claim.each, values, strict=True))
        mine = tuple(p for p in points if set(part.items()) <= p)
        if mine:
            yield Scene(results, claim, cells, mine, part, noise, orders)


def _base(fixed: Fixed) -> str:
    return next((word for word in fixed.values() if word in NOTHING), "")


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
