"""The paper's figure next to ours: the same axes, each at its own scale."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from datayield.analysis.claims import Panel, PublishedComparison, Series
from datayield.analysis.findings import Findings
from datayield.analysis.format import metric_name, plural
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.report.palette import BASELINES, COLOURS, Style
from datayield.spec.claims import Axis
from datayield.spec.run import short_number

AXES: dict[Axis, str] = {
    "n": "images N",
    "images": "images presented",
    "labels": "labelled images",
    "label_fraction": "fraction of labels",
    "views": "views per image",
    "projector": "projector width",
    "beta": "orthogonality weight",
}
BARE = Style(BASELINES["untrained"], "dash", "circle")
_DASHES = ("solid", "dash", "dashdot", "longdash")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
_WIDE = 330  # px of a legend's row on a phone
_NAMED = 20  # px of height for each row of the legend


def published_figures(f: Findings) -> list[Figure]:
    """Theirs, then ours, for each published panel; panels without ours are folded away."""
    figures = []
    for i, both in enumerate(f.published):
        look = looks([both])
        folded = both.ours is None
        title = f"Published: {both.figure}, {both.theirs.evaluation}"
        figures.append(_figure(f"theirs-{i}", title, both, both.theirs, look, folded))
        if both.ours is not None:
            stand_in = "" if both.same_task else ", as substitute"
            at = f" at scale {f.results.study.scale}" if f.results.study.scale else ""
            title = f"Ours{at}: {both.ours.evaluation}{stand_in}"
            figures.append(_figure(f"ours-{i}", title, both, both.ours, look, folded))
    return figures


def looks(comparisons: Sequence[PublishedComparison]) -> dict[str, Style]:
    """Series name -> style for all panels beside one legend.

    A colour per method if methods identify the curves of each panel. Else curves that correspond
    look alike, if theirs and ours have as many of each method: the fewest images there and here.
    """
    pairs = [[p for p in (each.theirs, each.ours) if p is not None] for each in comparisons]
    by_method = all(len({s.method for s in p.series}) == len(p.series) for p in chain(*pairs))
    keys: dict[str, object] = {}
    for sides in pairs:
        ranked = [_ranks(panel) for panel in sides]
        alike = len(sides) == 2 and {*ranked[0].values()} == {*ranked[1].values()}
        for name, rank in chain(*(of.items() for of in ranked)):
            method = rank[0]
            keys.setdefault(name, method if by_method and method else rank if alike else name)
    hues = {key: hue for hue, key in enumerate(dict.fromkeys(keys.values()))}
    styles = {s.name: BARE for panel in chain(*pairs) for s in panel.series if s.untrained}
    for name, key in keys.items():
        hue = hues[key]
        dash = _DASHES[hue // len(COLOURS) % len(_DASHES)]
        styles[name] = Style(COLOURS[hue % len(COLOURS)], dash, _SYMBOLS[hue % len(_SYMBOLS)])
    return styles


def _ranks(panel: Panel) -> dict[str, tuple[str, int]]:
    """The method of each trained curve, and its place among those of the method."""
    ranks, before = dict[str, tuple[str, int]](), Counter[str]()
    for s in panel.series:
        if not s.untrained:
            ranks[s.name] = s.method, before[s.method]
            before[s.method] += 1
    return ranks


def _figure(
    name: str,
    title: str,
    both: PublishedComparison,
    panel: Panel,
    look: dict[str, Style],
    folded: bool,
) -> Figure:
    data = [trace for s in panel.series for trace in _traces(s, look[s.name])]
    places = sorted({spot.x for s in panel.series for spot in s.spots})
    axis = _axis(both.x, places)
    layout = layout_of(axis, {"title": {"text": f"{metric_name(both.metric)}, %"}})
    rows = _rows([s.name for s in panel.series])
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


def _rows(names: list[str]) -> int:
    """Rows that a legend of these names needs on a narrow screen."""
    rows, used = 1, 0.0
    for name in names:
        width = 45 + 6.2 * len(name)
        rows, used = (rows, used + width) if used + width <= _WIDE else (rows + 1, width)
    return rows


def _traces(s: Series, style: Style) -> list[Spec]:
    band = [spot for spot in s.spots if spot.high > spot.low]
    x = [spot.x for spot in s.spots]
    shared = {"type": "scatter", "name": s.name, "legendgroup": f"published next to {s.name}"}
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
            + (f"<br>{plural(spot.seeds, 'seed')}" if spot.seeds else "")
            + ("<br>uncertain in the available text" if spot.doubtful else "")
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
    ticks = places[:: max(1, -(-len(places) // 7))]
    text = [f"{100 * p:g}%" if x == "label_fraction" else short_number(p) for p in ticks]
    return {"type": "log", "tickvals": ticks, "ticktext": text, "title": {"text": AXES[x]}}
