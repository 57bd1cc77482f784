"""Gap of each way to select a checkpoint to the best on test, against N."""

from datayield.analysis.decision import BEST_ON_TEST, Ledger, criteria
from datayield.analysis.findings import Findings
from datayield.analysis.format import count, percent, points
from datayield.report.figures.canvas import Figure, Spec, layout_of, size_axis
from datayield.report.palette import COLOURS, Style

_LOOKS = (("solid", "circle"), ("dash", "square"), ("dashdot", "diamond"))


def selection_figures(f: Findings) -> list[Figure]:
    """Gap to the best on test over N, a line per way of selecting; one figure per curve."""
    ledgers = f.ledgers
    figures = []
    look = selection_styles(ledgers)
    for i, key in enumerate(dict.fromkeys(ledger.key for ledger in ledgers)):
        mine = [ledger for ledger in ledgers if ledger.key == key]
        title = f"{key.place}, {key.name}"
        detail = key.eval in f.tasks
        figures.append(Figure(f"selection-{i}", title, _gaps(mine, look), 300, folded=detail))
    return figures


def selection_styles(ledgers: list[Ledger]) -> dict[str, Style]:
    """Way of selecting -> style: the same in all these figures; the best on test has none."""
    names = [name for name in criteria(ledgers) if name != BEST_ON_TEST]
    many = len(COLOURS)
    return {
        name: Style(COLOURS[i % many], *_LOOKS[i // many % len(_LOOKS)])
        for i, name in enumerate(names)
    }


def _gaps(mine: list[Ledger], look: dict[str, Style]) -> Spec:
    data: list[Spec] = []
    for name, style in look.items():
        cells = [(ledger, c) for ledger in mine for c in ledger.choices if c.by == name]
        if not cells:
            continue
        gaps = [c.gap for _, c in cells]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "legendgroup": f"chosen by {name}",
                "x": [ledger.n for ledger, _ in cells],
                "y": [100 * gap.mean for gap in gaps],
                "line": {"color": style.colour, "dash": style.dash, "width": 1.8},
                "marker": {"symbol": style.symbol, "size": 7},
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
    axis = {"title": {"text": "points below best on test"}, "rangemode": "tozero"}
    return {"data": data, "layout": layout_of(size_axis(sizes), axis)}
