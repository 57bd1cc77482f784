"""The tables of the page as rows of text, for the template to print."""

from collections import Counter
from typing import Any

from datayield.analysis.decision import LabelTable, criteria
from datayield.analysis.findings import Findings
from datayield.analysis.format import count, percent, plural, points
from datayield.analysis.model import CurveGain, Difference, Step
from datayield.analysis.results import CurveKey, Seeds, key_of
from datayield.spec.run import short_number

PageTable = dict[str, Any]


def gain_table(f: Findings, name: str) -> PageTable:
    """Rows: curves. Columns: steps between neighbouring sizes, then the total."""
    lines = [g for key, g in f.gains.items() if key.eval == name]
    steps = sorted({(s.n, s.to) for g in lines for s in g.steps})
    return {
        "title": lines[0].key.place if lines else name,
        "folded": name in f.tasks,
        "columns": [f"{short_number(a)} → {short_number(b)}" for a, b in steps],
        "rows": [
            {
                "name": g.key.name,
                "cells": [_step(_find(g, step)) for step in steps],
                "total": _step(g.total, whole=True),
                "range": f"{short_number(g.total.n)} → {short_number(g.total.to)}",
                "helps_up_to": count(g.helps_up_to) if g.helps_up_to else "–",
            }
            for g in lines
        ],
    }


def _find(line: CurveGain, step: tuple[int, int]) -> Step | None:
    return next((s for s in line.steps if (s.n, s.to) == step), None)


def _step(step: Step | None, *, whole: bool = False) -> dict[str, str] | None:
    """A step per doubling; the total in points."""
    if step is None:
        return None
    gain = step.gain if whole else step.per_doubling
    if gain.covers == "nothing":
        return {"mean": "–", "span": "", "verdict": step.verdict, "reason": step.reason}
    return {
        "mean": points(gain.mean),
        "span": gain.span,
        "verdict": step.verdict,
        "reason": step.reason,
    }


def group_rows(f: Findings) -> list[dict[str, str]]:
    """One row per group and curve: tasks, scores at the smallest and largest N, gain over tasks."""
    rows = []
    for g in f.group_gains:
        interval = g.gain.span if g.gain.decides else ""
        rows.append(
            {
                "group": g.group.name,
                "of": g.group.of,
                "absent": ", ".join(g.group.absent),
                "name": g.key.name,
                "range": f"{short_number(g.n)} → {short_number(g.to)}",
                "before": _cell(g.before)["mean"],
                "before_band": _cell(g.before)["band"],
                "after": _cell(g.after)["mean"],
                "after_band": _cell(g.after)["band"],
                "gain": points(g.mean),
                "span": interval,
            }
        )
    return rows


def fit_rows(f: Findings) -> list[dict[str, Any]]:
    """One row per curve: the law with its intervals, or the reason why there is none."""
    rows = []
    curved = set(f.curved)
    for key, fit in ((key, fit) for key, fit in f.fits.items() if key.eval in curved):
        row: dict[str, Any] = {"place": key.place, "name": key.name, "verdict": fit.verdict}
        row |= {"folded": key.eval in f.tasks, "reason": fit.reason, "best": fit.best, "law": None}
        if fit.law:
            a, c = fit.law.a, fit.law.c
            row["law"] = {
                "ceiling": percent(1 - a.value),
                "ceiling_span": f"{percent(1 - a.high)} to {percent(1 - a.low)}",
                "c": f"{c.value:.2f}",
                "c_span": f"{c.low:.2f} to {c.high:.2f}",
                "ahead": [
                    {
                        "n": short_number(n),
                        "value": percent(1 - e.value),
                        "span": f"{percent(1 - e.high)} to {percent(1 - e.low)}",
                    }
                    for n, e in fit.law.forecasts
                ],
            }
        row["left_out"] = {form: f"{100 * miss:.2f}" for form, miss in fit.left_out.items()}
        rows.append(row)
    return rows


def result_table(f: Findings, name: str) -> PageTable:
    """Rows: sizes and baselines. Columns: curves."""
    lines = f.of(name)
    cells = {(p.n, key): p.seeds for key, line in lines.items() for p in line}
    sizes = sorted({n for n, _ in cells})
    last = {(p.n, key): p.share for key, line in lines.items() for p in line}
    collapsed = Counter(
        (row.n, key_of(row))
        for row in f.results.main.rows
        if row.collapsed and last.get((row.n, key_of(row))) == row.share
    )
    return {
        "title": next(iter(lines)).place,
        "folded": name in f.tasks,
        "columns": [key.name for key in lines],
        "rows": [
            {"name": count(n), "cells": _row(cells, collapsed, n, list(lines))} for n in sizes
        ],
        "baselines": [
            {"name": b.name, "cell": _cell(b.seeds)} for b in f.baselines if b.eval == name
        ],
    }


def _row(
    cells: dict[tuple[int, CurveKey], Seeds],
    collapsed: Counter[tuple[int, CurveKey]],
    n: int,
    keys: list[CurveKey],
) -> list[dict[str, str] | None]:
    return [
        _cell(cells[n, key]) | {"collapsed": _failed_seeds(collapsed[n, key], cells[n, key])}
        if (n, key) in cells
        else None
        for key in keys
    ]


def _failed_seeds(failed: int, seeds: Seeds) -> str:
    return f"{failed} of {plural(len(seeds.values), 'seed')} collapsed" if failed else ""


def _cell(seeds: Seeds) -> dict[str, str]:
    many = len(seeds.values) > 1
    band = f"{100 * seeds.low:.1f} to {100 * seeds.high:.1f}" if many else ""
    return {
        "mean": f"{100 * seeds.mean:.1f}",
        "band": band,
        "seeds": plural(len(seeds.values), "seed"),
    }


def label_table(table: LabelTable) -> PageTable:
    """Rows: starts. Columns: labelled images, and the gain from first to last."""
    return {
        "title": table.place,
        "columns": [count(n) for n in table.labels],
        "rows": [
            {
                "name": start.name,
                "note": start.note,
                "cells": [
                    _start_cell(cell, over)
                    for cell, over in zip(start.cells, start.over_untrained, strict=True)
                ],
                "gain": None
                if start.gain is None or start.gain.covers == "nothing"
                else {
                    "mean": points(start.gain.mean),
                    "span": start.gain.span,
                    "verdict": start.verdict,
                },
            }
            for start in table.starts
        ],
    }


def _start_cell(cell: Seeds | None, over: Difference | None) -> dict[str, str] | None:
    if cell is None:
        return None
    half = 50 * (cell.high - cell.low)
    mean = f"{100 * cell.mean:.1f}" + (f" ± {half:.1f}" if len(cell.values) > 1 else "")
    if over is None or over.covers == "nothing":
        return {"mean": mean, "over": "", "chip": ""}
    sure = over.decides and (over.low > 0 or over.high < 0)
    chip = ("beats" if over.low > 0 else "loses") if sure else ""
    return {
        "mean": mean,
        "over": points(over.mean) + (f" ({over.span})" if over.span else ""),
        "chip": chip,
    }


def selection_table(f: Findings, name: str) -> PageTable:
    """Rows: curves at their smallest and largest N. Columns: ways to select a checkpoint."""
    every = [ledger for ledger in f.ledgers if ledger.key.eval == name]
    ends = {
        key: {min(at), max(at)}
        for key in dict.fromkeys(ledger.key for ledger in every)
        for at in [[ledger.n for ledger in every if ledger.key == key]]
    }
    mine = [ledger for ledger in every if ledger.n in ends[ledger.key]]
    columns = criteria(mine)
    rows = []
    for ledger in mine:
        by = {choice.by: choice for choice in ledger.choices}
        cells = [
            {
                "score": f"{100 * by[c].score.mean:.1f}",
                "gap": points(-by[c].gap.mean),
                "share": f"at {percent(by[c].shares.mean)}",
            }
            if c in by
            else None
            for c in columns
        ]
        many = plural(len(ledger.milestones), "milestone")
        seeds = plural(len(ledger.choices[0].score.values), "seed")
        n = f"N = {count(ledger.n)}"
        note = f"{n}, {many}, {seeds}"
        rows.append({"name": ledger.key.name, "note": note, "cells": cells})
    place = mine[0].key.place
    return {"title": place, "columns": columns, "rows": rows, "folded": name in f.tasks}
