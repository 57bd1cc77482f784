"""The larger set against the smaller, by what is held equal: one dot and interval for each."""

from datayield.analysis.cost import UNITS, Comparison, Equal
from datayield.analysis.findings import Findings
from datayield.analysis.format import method_name
from datayield.analysis.text import by_how_much, held, names
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.report.palette import COLOURS
from datayield.spec.run import Normaliser

SHORT: dict[Normaliser, str] = {
    "images": "images", "epochs": "epochs", "views": "views", "flops": "FLOPs", "seconds": "time",
}  # fmt: skip


def equal_cost_figures(f: Findings) -> list[Figure]:
    """One figure for each evaluation with a comparison under two normalisers or more."""
    figures = []
    for i, name in enumerate(dict.fromkeys(c.context.eval for c in f.normalised.comparisons)):
        mine = [c for c in f.normalised.comparisons if c.context.eval == name]
        if any(len(c.equals) > 1 for c in mine):
            folded = name in f.repeated
            title = f"{name}: the larger set minus the smaller"
            figures.append(Figure(f"normalised-{i}", title, _dots(mine), height=320, folded=folded))
    return figures


def colours(mine: list[Comparison]) -> list[str]:
    """A colour per method, or per comparison where there is one method."""
    methods = list(dict.fromkeys(c.context.method for c in mine))
    if len(methods) > 1:
        return [COLOURS[methods.index(c.context.method) % len(COLOURS)] for c in mine]
    return [COLOURS[i % len(COLOURS)] for i in range(len(mine))]


def _dots(mine: list[Comparison]) -> Spec:
    sets = sorted(
        {e.units for c in mine for e in c.equals}, key=lambda units: UNITS.index(units[0])
    )
    data: list[Spec] = []
    for i, (c, colour) in enumerate(zip(mine, colours(mine), strict=True)):
        shift = 0.0 if len(mine) == 1 else 0.5 * (i / (len(mine) - 1) - 0.5)
        x = [sets.index(e.units) + shift for e in c.equals]
        data.append(_trace(c, x, colour))
    axis: Spec = {
        "tickvals": list(range(len(sets))),
        "ticktext": ["at equal<br>" + ",<br>".join(SHORT[u] for u in units) for units in sets],
        "range": [-0.6, len(sets) - 0.4],
        "type": "linear",
    }
    layout = layout_of(axis, {"title": {"text": "points"}})
    layout["shapes"] = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0, "y1": 0,
         "line": {"color": "$muted", "width": 1}}
    ]  # fmt: skip
    layout["margin"] = {**layout["margin"], "b": 34 + 15 * max(len(units) for units in sets)}
    return {"data": data, "layout": layout}


def _trace(c: Comparison, x: list[float], colour: str) -> Spec:
    small, large = names(c)
    label = f"{method_name(c.context.method)}: {large} − {small}"
    d = [e.difference for e in c.equals]
    return {
        "type": "scatter",
        "name": label,
        "mode": "markers",
        "x": x,
        "y": [100 * each.mean for each in d],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [100 * each.arms[1] for each in d],
            "arrayminus": [100 * each.arms[0] for each in d],
            "color": colour,
            "thickness": 1.5,
            "width": 3,
        },
        "marker": {"size": 9, "color": colour, "symbol": [_symbol(e) for e in c.equals]},
        "text": [f"<b>{label}</b><br>{by_how_much(e)}<br>at {held(e)}" for e in c.equals],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _symbol(e: Equal) -> str:
    return "circle-open" if e.sign == "inconclusive" else "circle"
