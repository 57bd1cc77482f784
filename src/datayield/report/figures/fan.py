"""The forecast fan: the score by how much there is of the lever that matters most."""

from datayield.analysis.levers import Answer, Fan, LeverName
from datayield.analysis.levers.fan import fan
from datayield.analysis.text.recommendation import card_name
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.spec.run import short_number

MOST = 4  # fans that are drawn; the first is open
NAMES: dict[LeverName, str] = {
    "images": "images N",
    "compute": "images presented C",
    "labels": "labels",
    "views": "views of each image",
}


def forecast_fans(of: Answer) -> list[Figure]:
    """One for each task and method, along the lever that the answer is about."""
    figures: list[Figure] = []
    for card, law in zip(of.cards, of.laws, strict=True):
        if card.few or len(figures) == MOST:
            continue
        made = fan(law, card, of.recommendation.likely)
        if made is not None:
            spec = {"data": _traces(made), "layout": _layout(made)}
            name = f"{card_name(card)}: score by {NAMES[made.lever.lever]}, and its forecast"
            i = len(figures)
            figures.append(Figure(f"fan-{i}", name, spec, 300, folded=i > 0))
    return figures


def _traces(of: Fan) -> list[Spec]:
    amounts = of.amounts.tolist()
    band = {
        "type": "scatter",
        "mode": "lines",
        "x": [*amounts, *amounts[::-1]],
        "y": (100 * of.high).round(2).tolist() + (100 * of.low[::-1]).round(2).tolist(),
        "fill": "toself",
        "fillcolor": "rgba(86,180,233,0.3)",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": amounts,
        "y": (100 * of.scores).round(2).tolist(),
        "customdata": (100 * of.low).round(1).tolist(),
        "text": (100 * of.high).round(1).astype(str).tolist(),
        "line": {"color": "#0072b2", "width": 2},
        "hovertemplate": "%{x:,.0f}: %{y:.1f}% (%{customdata:.1f} to %{text})<extra></extra>",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [amount for amount, _ in of.measured],
        "y": [round(100 * score, 2) for _, score in of.measured],
        "marker": {"size": 7, "color": "$ink"},
        "hovertemplate": "measured: %{y:.1f}%<extra></extra>",
    }
    return [band, line, dots]


def _layout(of: Fan) -> Spec:
    start = of.lever.start
    ticks = sorted({*(amount for amount, _ in of.measured), start, 2 * start, 4 * start})
    x = {
        "type": "log",
        "tickvals": ticks,
        "ticktext": [short_number(round(t)) for t in ticks],
        "title": {"text": NAMES[of.lever.lever]},
    }
    return layout_of(x, {"title": {"text": "score in percent"}})
