"""Tables of how conclusions depend on the normaliser, and of when an accuracy was reached."""

from typing import Any

from datayield.analysis.cost import Comparison, Frontier, amount
from datayield.analysis.findings import Findings
from datayield.analysis.format import count, join, method_name, percent, points, span
from datayield.analysis.text import WORDS, names, sentence
from datayield.report.figures import cost_words

LISTED = 40  # lines of a table of times; comparisons of a table of normalisers


def normalised_sentences(f: Findings) -> list[dict[str, str]]:
    """The comparisons whose conclusion depends on what is held equal, flips first."""
    order = ("flips", "rests", "partly")
    told = [
        c
        for c in f.normalised.comparisons
        if c.conclusion in order and c.context.eval not in f.repeated
    ]
    told.sort(key=lambda c: order.index(c.conclusion))
    return [{"conclusion": c.conclusion, "text": sentence(c)} for c in told[:12]]


def normalised_tables(f: Findings) -> list[dict[str, Any]]:
    """A table per evaluation: a row for each comparison and normaliser, of the first `LISTED`."""
    tables = []
    for name in dict.fromkeys(c.context.eval for c in f.normalised.comparisons):
        mine = [c for c in f.normalised.comparisons if c.context.eval == name]
        if any(len(c.equals) > 1 for c in mine):
            rows = [row for c in mine[:LISTED] for row in _rows(c)]
            rest = max(0, len(mine) - LISTED)
            tables.append({"title": name, "rows": rows, "rest": rest, "folded": name in f.repeated})
    return tables


def _rows(c: Comparison) -> list[dict[str, str]]:
    small, large = names(c)
    return [
        {
            "name": f"{method_name(c.context.method)}: {large}" if i == 0 else "",
            "against": f"against {small}" if i == 0 else "",
            "units": join([WORDS[u] for u in e.units]),
            "level": amount(e.units[0], e.level)
            + (", interpolated" if e.interpolated else "")
            + (", one seed" if e.difference.seeds == 1 else ""),
            "before": f"{100 * e.before.mean:.1f}",
            "after": f"{100 * e.after.mean:.1f}",
            "change": points(e.difference.mean),
            "span": span(e.difference.low, e.difference.high),
            "sign": e.sign,
            "curve": "; ".join(f"{count(n)}: {100 * s.mean:.1f}" for n, s in e.curve),
        }
        for i, e in enumerate(c.equals)
    ]


def time_tables(f: Findings) -> list[dict[str, Any]]:
    """When each line reached the final accuracy of the study's first line."""
    return [_times(front) for front in f.frontiers if front.cost == "seconds"]


def _times(front: Frontier) -> dict[str, Any]:
    on = {s.line for s in front.spots if s.best}
    reached = sorted(
        front.reached, key=lambda r: (r.cost is None, r.cost if r.cost is not None else -r.final)
    )
    return {
        "title": f"{front.place}: time to {percent(front.target)}",
        "target": f"final score of {front.target_of.name}",
        "rows": [
            {
                "name": r.line.name,
                "time": cost_words(front.cost, r.cost) if r.cost is not None else "not reached",
                "band": f"{cost_words(front.cost, r.low)} to {cost_words(front.cost, r.high)}"
                if r.low is not None and r.high is not None and r.high > r.low
                else "",
                "final": percent(r.final),
                "frontier": "yes" if r.line in on else "",
            }
            for r in reached[:LISTED]
        ],
        "rest": max(0, len(reached) - LISTED),
    }
