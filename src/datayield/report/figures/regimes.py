"""The score over N and C as a heat map, with the regime of each cell."""

from datayield.analysis.decision import Grid, GridCell
from datayield.analysis.findings import Findings
from datayield.analysis.format import percent
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.spec.run import short_number

_SCALE = [[0, "#f4f1e6"], [1, "#6fb3dc"]]  # light throughout, so that one ink reads on all of it


def regime_figures(f: Findings) -> list[Figure]:
    """The score over N and C with the regime of each cell."""
    figures = []
    for i, grid in enumerate(f.grids):
        spec = _heat(grid)
        columns = len(spec["data"][0]["x"])
        rows = len(spec["data"][0]["y"])
        title = f"{grid.key.place}, {grid.key.name}"
        size = 110 + 62 * rows, 76 + 66 * columns
        figures.append(Figure(f"heat-{i}", title, spec, *size, folded=grid.key.eval in f.tasks))
    return figures


def _heat(grid: Grid) -> Spec:
    sizes = sorted({c.n for c in grid.cells})
    budgets = sorted({c.images for c in grid.cells})
    at = {(c.n, c.images): c for c in grid.cells}
    z = [[100 * at[n, c].seeds.mean if (n, c) in at else None for n in sizes] for c in budgets]
    text = [[_label(at[n, c]) if (n, c) in at else "" for n in sizes] for c in budgets]
    data = {
        "type": "heatmap",
        "z": z,
        "text": text,
        "texttemplate": "%{text}",
        "xgap": 2,
        "x": [short_number(n) for n in sizes],
        "y": [short_number(c) for c in budgets],
        "colorscale": _SCALE,
        "showscale": False,
        "ygap": 2,
        "hoverinfo": "skip",
        "textfont": {"size": 11, "color": "#14181c"},
    }
    axes = {"type": "category", "showgrid": False}
    layout = layout_of(
        {**axes, "title": {"text": "images N"}},
        {**axes, "title": {"text": "images presented C", "standoff": 14}},
    )
    return {"data": [data], "layout": layout}


def _label(cell: GridCell) -> str:
    regime = cell.regime.replace("-", "-<br>").replace(" ", "<br>")
    return f"<b>{percent(cell.seeds.mean)}</b><br>{regime}"
