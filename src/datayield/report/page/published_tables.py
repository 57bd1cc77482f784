"""Comparison with the paper: every published number with ours, and the shape of each curve."""

from typing import Any

from datayield.analysis.claims import PublishedComparison, PublishedPoint, Series, same
from datayield.analysis.findings import Findings
from datayield.analysis.format import method_name, points
from datayield.report.figures.published import AXES
from datayield.spec.claims import Published
from datayield.spec.run import short_number

_SIGN = {
    "percent": "%", "points": " points", "factor": " times", "epochs": " epochs", "seconds": " s",
    "distance": "", "": "",
}  # fmt: skip


def shape_tables(f: Findings) -> list[dict[str, Any]]:
    """First to last of each curve, theirs and ours: what can be compared at any scale."""
    return [
        {
            "title": f"{both.figure}: from the first to the last of {AXES[both.x]}, points",
            "rows": [_shape("published", s, both) for s in both.theirs.series if len(s.spots) > 1]
            + [_shape("ours", s, both) for s in both.ours.series if len(s.spots) > 1],
        }
        for both in f.published
        if both.ours is not None
    ]


def _shape(whose: str, s: Series, both: PublishedComparison) -> dict[str, str]:
    first, last = s.spots[0], s.spots[-1]
    share = both.x == "label_fraction"
    ends = [f"{100 * p.x:g}%" if share else short_number(p.x) for p in (first, last)]
    d = s.whole
    return {
        "whose": whose,
        "name": s.name,
        "range": " → ".join(ends),
        "values": f"{first.mean:.1f} → {last.mean:.1f}",
        "change": points((last.mean - first.mean) / 100),
        "span": d.span if d is not None else "",
    }


def number_rows(f: Findings) -> list[dict[str, str]]:
    """Each published number; ours if task, method, arm and position are the same."""
    rows = []
    for p in f.reference:
        ours, comparable = _ours(f, p)
        value = "not printed" if p.value is None else f"{p.value:g}{_SIGN[p.unit]}"
        gap = points((ours.mean - p.value) / 100) if ours and comparable and p.value else ""
        rows.append(
            {
                "figure": p.figure,
                "what": ", ".join(x for x in (method_name(p.method), p.arm) if x) or "–",
                "where": f"{AXES[p.x]} {_place(p)}" if p.x else "",
                "task": p.evaluation,
                "metric": p.metric.replace("_", " "),
                "value": value + (" †" if p.doubtful else ""),
                "spread": f"± {p.spread:g}" if p.spread is not None else "",
                "ours": f"{ours.mean:.1f}" if ours else "",
                "band": f"{ours.low:.1f} to {ours.high:.1f}"
                if ours and ours.high > ours.low
                else "",
                "gap": gap,
                "source": p.source,
                "note": p.note,
            }
        )
    return rows


def _place(p: Published) -> str:
    at = p.at or 0.0
    return f"{100 * at:g}%" if p.x == "label_fraction" else short_number(at)


def _ours(f: Findings, p: Published) -> tuple[PublishedPoint | None, bool]:
    for both in f.published:
        alike = (both.figure, both.x, both.theirs.evaluation) == (p.figure, p.x, p.evaluation)
        if not (alike and both.metric == p.metric and both.ours and both.same_task):
            continue
        for s in both.ours.series:
            if s.method == p.method and same(s.arm, p.arm):
                for spot in s.spots:
                    if spot.x == p.at:
                        return spot, both.comparable
    return None, False
