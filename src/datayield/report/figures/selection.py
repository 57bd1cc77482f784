"""What each way of choosing a checkpoint leaves on the table, against N."""

from datayield.analysis.selection import BEST_ON_TEST, Ledger, criteria
from datayield.analysis.words import count, percent, points
from datayield.report.figures.canvas import Figure, Spec, layout_of, size_axis
from datayield.report.palette import COLOURS

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "triangle-down", "cross", "star")


def selection_figures(ledgers: list[Ledger]) -> list[Figure]:
    """Gap to the best on test over N, a line per way of choosing; one figure per curve."""
    found = []
    names = [name for name in criteria(ledgers) if name != BEST_ON_TEST] if ledgers else []
    for i, key in enumerate(dict.fromkeys(ledger.key for ledger in ledgers)):
        mine = [ledger for ledger in ledgers if ledger.key == key]
        spec = _gaps(mine, names)
        title = f"{key.place}, {key.name}: gap to the best on test"
        found.append(Figure(f"selection-{i}", title, spec, height=380))
    return found


def look(place: int) -> tuple[str, str]:
    """Colour and symbol of the way of choosing at `place` in `criteria`."""
    return COLOURS[place % len(COLOURS)], _SYMBOLS[place % len(_SYMBOLS)]


def _gaps(mine: list[Ledger], names: list[str]) -> Spec:
    data: list[Spec] = []
    for place, name in enumerate(names):
        cells = [(ledger, c) for ledger in mine for c in ledger.choices if c.by == name]
        if not cells:
            continue
        colour, symbol = look(place)
        gaps = [c.gap for _, c in cells]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "legendgroup": f"chosen by {name}",
                "x": [ledger.n for ledger, _ in cells],
                "y": [100 * gap.mean for gap in gaps],
                "line": {"color": colour, "width": 1.8},
                "marker": {"symbol": symbol, "size": 7},
                "text": [
                    f"<b>{name}</b><br>N = {count(ledger.n)}: {percent(c.score.mean)}, "
                    f"{points(-c.gap.mean)} points from the best on test<br>"
                    f"single seeds {points(-c.gap.high)} to {points(-c.gap.low)}"
                    for ledger, c in cells
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    sizes = sorted({ledger.n for ledger in mine})
    axis = {"title": {"text": "points below the best on test"}, "rangemode": "tozero"}
    layout = layout_of(size_axis(sizes), axis)
    layout |= {"showlegend": True, "legend": {"orientation": "h", "y": -0.22, "font": {"size": 11}}}
    return {"data": data, "layout": layout}
