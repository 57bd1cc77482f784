"""The paper's figure and ours beside it: the same axes, each at its own scale."""

from datayield.analysis.published import Beside, Panel, Series
from datayield.analysis.words import metric_name
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.report.findings import Findings
from datayield.report.palette import COLOURS, Style
from datayield.spec.budget import short_number
from datayield.spec.reference import Axis

AXES: dict[Axis, str] = {
    "n": "images N",
    "images": "images presented",
    "labels": "labelled images",
    "label_fraction": "share of the labels",
    "views": "views of each image",
    "projector": "width of the projector",
    "beta": "weight of orthogonality",
}
_DASHES = ("solid", "dash", "dashdot", "longdash")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
_NAMED = 26  # px of height for each row of the legend


def published_figures(f: Findings) -> list[Figure]:
    """Theirs, then ours, for each published panel; panels without ours are folded away."""
    found = []
    for i, both in enumerate(f.beside):
        look = looks([*both.theirs.series, *(both.ours.series if both.ours else ())])
        folded = both.ours is None
        title = f"Published: {both.figure}, {both.theirs.evaluation}"
        found.append(_figure(f"theirs-{i}", title, both, both.theirs, look, folded))
        if both.ours is not None:
            stand_in = "" if both.same_task else ", standing in"
            at = f" at scale {f.results.study.scale}" if f.results.study.scale else ""
            title = f"Ours{at}: {both.ours.evaluation}{stand_in}"
            found.append(_figure(f"ours-{i}", title, both, both.ours, look, folded))
    return found


def looks(series: list[Series]) -> dict[str, Style]:
    """Series name -> style: a colour per method, or per curve where there is one method."""
    methods = list(dict.fromkeys(s.method for s in series if s.method))
    found: dict[str, Style] = {}
    seen: dict[str, int] = {}
    for s in series:
        if s.name in found:
            continue
        kind = seen[s.method] = seen.get(s.method, -1) + 1
        if s.arm == "untrained":
            found[s.name] = Style("#7A7A7A", "dash", "circle")
            continue
        hue = methods.index(s.method) if len(methods) > 1 and s.method else len(found)
        dash = _DASHES[kind % len(_DASHES)] if len(methods) > 1 else "solid"
        symbol = _SYMBOLS[kind % len(_SYMBOLS)]
        found[s.name] = Style(COLOURS[hue % len(COLOURS)], dash, symbol)
    return found


def _figure(
    name: str, title: str, both: Beside, panel: Panel, look: dict[str, Style], folded: bool
) -> Figure:
    data = [trace for s in panel.series for trace in _traces(s, look[s.name])]
    places = sorted({spot.x for s in panel.series for spot in s.spots})
    axis = _axis(both.x, places)
    layout = layout_of(axis, {"title": {"text": f"{metric_name(both.metric)}, %"}})
    rows = (len(panel.series) + 1) // 2
    height = 300 + _NAMED * rows
    layout["showlegend"] = True
    layout["legend"] = {
        "orientation": "h",
        "yref": "container",
        "y": 0,
        "yanchor": "bottom",
        "x": 0,
        "font": {"size": 11},
    }
    layout["margin"] = {**layout["margin"], "b": 50 + _NAMED * rows}
    return Figure(name, title, {"data": data, "layout": layout}, height=height, folded=folded)


def _traces(s: Series, style: Style) -> list[Spec]:
    band = [spot for spot in s.spots if spot.high > spot.low]
    x = [spot.x for spot in s.spots]
    shared = {"type": "scatter", "name": s.name, "legendgroup": f"beside {s.name}"}
    line = {
        "x": x,
        "y": [spot.mean for spot in s.spots],
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "marker": {
            "size": 7,
            "symbol": [style.symbol + ("-open" if spot.doubtful else "") for spot in s.spots],
        },
        "text": [
            f"<b>{s.name}</b><br>at {short_number(spot.x)}: {spot.mean:.2f}%"
            + (f" ({spot.low:.2f} to {spot.high:.2f})" if spot.high > spot.low else "")
            + (f"<br>{spot.seeds} seeds" if spot.seeds else "")
            + ("<br>doubtful in the text at hand" if spot.doubtful else "")
            for spot in s.spots
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }
    if not band:
        return [shared | line]
    lows, highs = [spot.low for spot in s.spots], [spot.high for spot in s.spots]
    area = {
        "x": x + x[::-1],
        "y": highs + lows[::-1],
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": style.tint(0.14),
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [shared | area, shared | line]


def _axis(x: Axis, places: list[float]) -> Spec:
    shown = places[:: max(1, -(-len(places) // 7))]
    text = [f"{100 * p:g}%" if x == "label_fraction" else short_number(p) for p in shown]
    return {"type": "log", "tickvals": shown, "ticktext": text, "title": {"text": AXES[x]}}
