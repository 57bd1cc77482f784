"""The law over images and compute, with lines of equal score and the point one is at."""

from itertools import islice

from datayield.analysis.levers import Answer, Card, LawMap
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.spec.run import short_number

MOST = 4  # maps that are drawn; the first is open


def law_maps(of: Answer) -> list[Figure]:
    """One map for each task and method whose runs vary both."""
    figures = []
    for i, (card, made) in enumerate(islice(of.maps(), MOST)):
        spec = {"data": _traces(made), "layout": _layout(made)}
        figures.append(Figure(f"law-{i}", _title(card), spec, 380, folded=i > 0))
    return figures


def _title(card: Card) -> str:
    named = ", ".join(part for part in (card.task, card.method) if part)
    return f"{named}: fitted score in percent"


def _traces(made: LawMap) -> list[Spec]:
    measured = {
        "type": "scatter",
        "mode": "markers",
        "x": [n for n, _, _ in made.measured],
        "y": [c for _, c, _ in made.measured],
        "text": [f"measured: {100 * score:.1f}%" for _, _, score in made.measured],
        "hoverinfo": "text",
        "marker": {"size": 6, "color": "$ink"},
    }
    here = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [made.at.images],
        "y": [made.at.presented],
        "text": ["you are here"],
        "textposition": "bottom center",
        "hoverinfo": "skip",
        "marker": {"size": 15, "color": "rgba(0,0,0,0)", "line": {"width": 2.5, "color": "$bad"}},
        "textfont": {"color": "$bad", "size": 12},
    }
    lines = {
        "type": "contour",
        "x": made.images.tolist(),
        "y": made.presented.tolist(),
        "z": (100 * made.scores).round(2).tolist(),
        "contours": {"coloring": "lines", "showlabels": True, "labelfont": {"color": "$ink"}},
        "line": {"width": 1.5},
        "colorscale": [[0, "#56b4e9"], [1, "#0072b2"]],
        "showscale": False,
        "hovertemplate": "N = %{x:,.0f}, C = %{y:,.0f}: %{z:.1f}%<extra></extra>",
    }
    return [lines, measured, here]


def _layout(made: LawMap) -> Spec:
    return layout_of(
        _axis([n for n, _, _ in made.measured], "images N"),
        _axis([c for _, c, _ in made.measured], "images presented C"),
    )


def _axis(values: list[int] | list[float], title: str) -> Spec:
    ticks = sorted({round(v) for v in values})
    ticks = [*ticks, 2 * ticks[-1], 4 * ticks[-1]]
    return {
        "type": "log",
        "tickvals": ticks,
        "ticktext": [short_number(t) for t in ticks],
        "title": {"text": title},
    }
