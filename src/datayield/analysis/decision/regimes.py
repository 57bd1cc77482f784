"""On a grid of sizes N and budgets C: is the next doubling better spent on images or on compute?

Only complete runs are compared: an earlier checkpoint of a longer schedule is not a run at smaller
C. Cells that coincide although their budgets are in different units (20k images; 20 epochs of
1,000) are one cell.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, NamedTuple

from datayield.analysis.format import count
from datayield.analysis.model import (
    WORTH,
    Difference,
    GainVerdict,
    NoiseModels,
    most_p,
    point_key,
    together,
    verdict_of_gain,
)
from datayield.analysis.results import CurveKey, Point, Seeds

Regime = Literal[
    "data-limited", "compute-limited", "both help", "saturated", "overfitting", "inconclusive"
]
_SAME_BUDGET = 1.02  # budgets this close (rounding to whole batches) share a column of the grid


class Move(NamedTuple):
    """The nearest measured doubling of one factor, the other fixed; forward if possible.

    `alone`: whether its verdict, an effect, holds only if it is read alone, not with all moves.
    """

    low: int
    high: int
    per_doubling: Difference
    verdict: GainVerdict
    reason: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class GridCell:
    """One (N, C) of the grid; a move is None if the grid has no neighbour in that direction."""

    n: int
    images: int
    seeds: Seeds
    more_images: Move | None
    more_compute: Move | None
    regime: Regime
    reason: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one method under one evaluation, by increasing N, then C."""

    key: CurveKey  # `budget` is None: it varies
    cells: tuple[GridCell, ...]


def regimes(
    curves: dict[CurveKey, list[Point]], noise: NoiseModels, worth: float = WORTH
) -> list[Grid]:
    """Every grid in the study: at least one cell has a neighbour along N and one along C.

    `noise` by evaluation. A regime rests on the moves of a grid that hold when read together
    (Holm), so a grid without any effect shows one by chance in at most 5% of studies.
    """
    planes: dict[CurveKey, list[Point]] = {}
    for key, line in curves.items():
        planes.setdefault(key._replace(budget=None), []).extend(line)
    cells_of = {key: _cells(line) for key, line in planes.items()}
    moves = {key: _moves(cells) for key, cells in cells_of.items()}
    judged: dict[CurveKey, dict[tuple[_At, _At], Move]] = {key: {} for key in cells_of}
    for name in dict.fromkeys(key.eval for key in cells_of):
        wanted = [(k, a, b) for k, m in moves.items() if k.eval == name for a, b in m]
        made = noise[name].contrasts(
            [{point_key(cells_of[k][b]): 1, point_key(cells_of[k][a]): -1} for k, a, b in wanted]
        )
        for (k, a, b), gain in zip(wanted, made, strict=True):
            along_n = a.n != b.n
            low, high = (a.n, b.n) if along_n else (a.images, b.images)
            each = gain.per(math.log2(high / low))
            judged[k][a, b] = Move(low, high, each, *verdict_of_gain(each, worth))
    grids = []
    for key, of_move in judged.items():
        most = most_p(move.per_doubling for move in of_move.values())
        grids.append(read_together(Grid(key, _judged(cells_of[key], of_move)), most))
    return [g for g in grids if any(c.more_images and c.more_compute for c in g.cells)]


def decide(images: Move | None, compute: Move | None) -> tuple[Regime, str]:
    """The regime that two moves imply, and why it is inconclusive if it is."""
    if compute and _said(compute) == "hurts":
        return "overfitting", ""
    if images is None or compute is None:
        return "inconclusive", "no neighbour " + ("along N" if images is None else "along C")
    match _said(images), _said(compute):
        case (("helps" | "small gain"), ("helps" | "small gain")):
            return "both help", ""
        case (("helps" | "small gain"), "no effect"):
            return "data-limited", ""
        case "no effect" | "hurts", ("helps" | "small gain"):
            return "compute-limited", ""
        case "no effect", "no effect":
            return "saturated", ""
    said = f"more images: {images.verdict}; more compute: {compute.verdict}"
    alone = " (alone, not with all other moves)" if images.alone or compute.alone else ""
    return "inconclusive", said + alone


def read_together(grid: Grid, most: float) -> Grid:
    """The grid with only the effects whose p is at most `most` (most_p)."""
    cells = []
    for cell in grid.cells:
        images, compute = (
            move and _alone(move, most) for move in (cell.more_images, cell.more_compute)
        )
        regime, reason = decide(images, compute)
        cells.append(
            replace(cell, more_images=images, more_compute=compute, regime=regime, reason=reason)
        )
    return replace(grid, cells=tuple(cells))


def _said(move: Move) -> GainVerdict:
    return "inconclusive" if move.alone else move.verdict


def _alone(move: Move, most: float) -> Move:
    counts = together(move.verdict, move.per_doubling, most) == move.verdict
    return move._replace(alone=not counts)


def no_grid(curves: dict[CurveKey, list[Point]]) -> str:
    """A sentence on why there is no grid to derive a regime from."""
    cells = {(p.n, p.images) for line in curves.values() for p in line}
    if not cells:
        return "No scores yet."
    sizes, budgets = {n for n, _ in cells}, {c for _, c in cells}
    have = "no size was run at two budgets with another size at one of them"
    if len(sizes) == 1:
        have = f"every run has the same size ({count(min(sizes))} images)"
    elif len(budgets) == 1:
        have = f"every run has the same budget ({count(min(budgets))} images presented)"
    return (
        f"No grid over N and C, so no regime: {have}. Telling whether images or compute "
        "limit the score takes several sizes, each at several budgets."
    )


class _At(NamedTuple):
    n: int
    images: int


def _cells(line: list[Point]) -> dict[_At, Point]:
    """Cells by (N, C), with nearly equal budgets merged to the smallest of them."""
    same: dict[int, int] = {}
    last = 0
    for images in sorted({p.images for p in line}):
        last = last if last and images <= last * _SAME_BUDGET else images
        same[images] = last
    cells: dict[_At, Point] = {}
    for p in sorted(line, key=lambda p: (p.n, p.images)):
        cells.setdefault(_At(p.n, same[p.images]), p)
    return cells


def _moves(cells: dict[_At, Point]) -> list[tuple[_At, _At]]:
    """Neighbours along N (same C) and along C (same N)."""
    rows = [[at for at in cells if at.images == c] for c in sorted({a.images for a in cells})]
    columns = [[at for at in cells if at.n == n] for n in sorted({a.n for a in cells})]
    return [(a, b) for line in rows + columns for a, b in pairwise(sorted(line))]


def _judged(cells: dict[_At, Point], moves: dict[tuple[_At, _At], Move]) -> tuple[GridCell, ...]:
    grid_cells = []
    for at, point in sorted(cells.items(), key=lambda cell: cell[0]):
        along_n = _nearest(at, {ab: m for ab, m in moves.items() if ab[0].images == ab[1].images})
        along_c = _nearest(at, {ab: m for ab, m in moves.items() if ab[0].n == ab[1].n})
        grid_cells.append(
            GridCell(at.n, at.images, point.seeds, along_n, along_c, *decide(along_n, along_c))
        )
    return tuple(grid_cells)


def _nearest(at: _At, moves: dict[tuple[_At, _At], Move]) -> Move | None:
    ahead = [move for (a, _), move in moves.items() if a == at]
    behind = [move for (_, b), move in moves.items() if b == at]
    return next(iter(ahead + behind), None)
