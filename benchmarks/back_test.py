"""Hide a row, a column or a cell of measured grids, forecast it, and decide without it.

    python benchmarks/back_test.py [--write]

Grids are the published tables that ship (`studies/*.published.csv`) and the tables in results/.
Prints, for values of images, compute or labels that were hidden at the top, in the middle or at
the bottom: the RMS error in points of the law, of the nearest cell, of the last slope and of a
log-linear fit, and the coverage of the law's 90% interval. Then the decision between twice the
images and twice the compute wherever the next of both was measured but hidden: its regret, in
points per doubling, against the better of the two, beside "always images", "always compute" and
"never".
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from machine import keep

from datayield.analysis.evidence import Setting, World
from datayield.analysis.evidence.tables import evidence_of_table
from datayield.analysis.levers.back_test import FEWEST, ahead_of, decision_at
from datayield.analysis.levers.lever import AXES
from datayield.analysis.model.law import MeasuredCells, cells_of, pooled, solved
from datayield.spec.errors import DatayieldError

ROOT = Path(__file__).parents[1]
MOST_IMAGES = 5e7  # one published size is of another dataset, seen less than once


def worlds() -> Iterator[tuple[str, World]]:
    """(source, world) of every table that can be read."""
    for path in sorted(ROOT.glob("studies/*.published.csv")):
        for world in evidence_of_table(path).worlds:
            kept = tuple(r for r in world.runs if (r.setting.images or 0) < MOST_IMAGES)
            yield "published", World(world.task, world.method, kept)
    for path in sorted(ROOT.glob("results/*/pocket/table.csv")):
        try:
            found = evidence_of_table(path).worlds
        except DatayieldError:
            continue
        yield from (("own", world) for world in found)


def forecasts(cells: MeasuredCells, hidden: list[Setting], world: World) -> dict[str, np.ndarray]:
    """Errors at the hidden settings, by each way; the law's bounds too."""
    kept = cells.without(hidden)
    (law,) = pooled([solved(world, kept)])
    samples = law.errors(hidden, again=True)
    logs, to = kept.places.logs.T, kept.places_of(hidden).logs.T
    near = [int(np.argmin(((logs - t) ** 2).sum(axis=1))) for t in to]
    ones = np.ones((len(logs), 1))
    line = np.linalg.lstsq(np.hstack([ones, logs]), kept.errors, rcond=None)[0]
    low, high = np.quantile(samples, [0.05, 0.95], axis=0)
    return {
        "law": samples.mean(axis=0),
        "nearest": kept.errors[near],
        "last slope": np.array([_slope(kept, s) for s in hidden]),
        "log-linear": np.hstack([np.ones((len(to), 1)), to]) @ line,
        "low": low,
        "high": high,
    }


def _slope(cells: MeasuredCells, at: Setting) -> float:
    """Along an axis on which two neighbours differ alone; NaN if there is none."""
    for axis in AXES.values():
        line = sorted(
            (float(s[axis] or 0), float(e))
            for s, e in zip(cells.settings, cells.errors, strict=True)
            if s[:axis] + s[axis + 1 :] == at[:axis] + at[axis + 1 :]
        )
        x = float(at[axis] or 0)
        if len(line) > 1 and x > 0:
            (a, ya), (b, yb) = line[-2:] if x > line[-1][0] else line[:2]
            return yb + (yb - ya) / math.log(b / a) * math.log(x / b)
    return math.nan


def hidden_values(source: str, world: World) -> Iterator[dict[str, object]]:
    """One row per value of an axis, and one per cell, that is hidden."""
    cells = cells_of(world)
    if len(cells.settings) < 5:
        return
    cases = [("cell", "one", [s]) for s in cells.settings]
    for lever, axis in AXES.items():
        values = sorted({s[axis] for s in cells.settings if s[axis] is not None})
        for i, value in enumerate(values if len(values) > 2 else []):
            where = "top" if i == len(values) - 1 else "bottom" if i == 0 else "middle"
            cases.append((lever, where, [s for s in cells.settings if s[axis] == value]))
    for what, where, hidden in cases:
        if len(cells.settings) - len(hidden) < 3:
            continue
        truth = cells.errors[[cells.settings.index(s) for s in hidden]]
        made = forecasts(cells, hidden, world)
        row: dict[str, object] = {"source": source, "hidden": what, "where": where}
        for way in ("law", "nearest", "last slope", "log-linear"):
            row[way] = float(100 * np.sqrt(np.nanmean((made[way] - truth) ** 2)))
        row["coverage"] = float(np.mean((made["low"] <= truth) & (truth <= made["high"])))
        yield row


def hidden_corners(source: str, world: World) -> Iterator[dict[str, object]]:
    """Decisions at points whose next image count and next budget were measured but are hidden."""
    cells = cells_of(world)
    sizes = sorted({s.images for s in cells.settings if s.images})
    budgets = sorted({s.presented for s in cells.settings if s.presented})
    for here in cells.settings:
        if here.images not in sizes[1:-1] or here.presented not in budgets[1:-1]:
            continue
        kept = cells.without(ahead_of(cells, here))
        if len(kept.settings) < FEWEST:
            continue
        (law,) = pooled([solved(world, kept)])
        made = decision_at(cells, law, here)
        if made is not None:
            yield {
                "source": source,
                "choice": made.choice,
                "odds": made.odds,
                "sure": made.sure,
                "regret": 100 * made.regret(made.choice),
                "always images": 100 * made.regret("images"),
                "always compute": 100 * made.regret("compute"),
                "never": 100 * made.regret("stop"),
                "right": made.right,
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep the summary in results/")
    asked = parser.parse_args()
    every = list(worlds())
    lines: list[dict[str, object]] = []
    groups: dict[tuple[str, str, str], list[dict[str, object]]] = defaultdict(list)
    for source, world in every:
        for row in hidden_values(source, world):
            groups[str(row["source"]), str(row["hidden"]), str(row["where"])].append(row)
    ways = ("law", "nearest", "last slope", "log-linear")
    for (source, hidden, where), rows in sorted(groups.items()):
        rms = {way: np.sqrt(np.nanmean([float(str(r[way])) ** 2 for r in rows])) for way in ways}
        lines.append(
            {"source": source, "hidden": hidden, "where": where, "cases": len(rows)}
            | {way: round(float(value), 2) for way, value in rms.items()}
            | {"coverage": round(float(np.mean([float(str(r["coverage"])) for r in rows])), 3)}
        )
    for source in ("published", "own"):
        rows = [r for s, world in every if s == source for r in hidden_corners(source, world)]
        if rows:
            sure = [r for r in rows if r["sure"]]
            means = {
                key: round(float(np.mean([float(str(r[key])) for r in rows])), 2)
                for key in ("regret", "always images", "always compute", "never")
            }
            counts = {"decisions": len(rows), "sure": len(sure), "sure and right":
                      sum(bool(r["right"]) for r in sure)}  # fmt: skip
            lines.append({"source": source, "hidden": "corner"} | counts | means)
    for line in lines:
        print(json.dumps(line), flush=True)
    if asked.write:
        keep("back_test", lines)


if __name__ == "__main__":
    main()
