"""Accuracy over N and C as a heat map, with the regime of each cell."""

from datayield.analysis.regime import Grid
from datayield.analysis.words import percent
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.spec.budget import short_number


def heat_figures(grids: list[Grid]) -> list[Figure]:
    """Accuracy over N and C with the regime of each cell."""
    found = []
    for i, grid in enumerate(grids):
        spec = _heat(grid)
        columns = len(spec["data"][0]["x"])
        rows = len(spec["data"][0]["y"])
        title = f"{grid.key.place}, {grid.key.name}"
        found.append(Figure(f"heat-{i}", title, spec, 130 + 62 * rows, 110 + 78 * columns))
    return found


def _heat(grid: Grid) -> Spec:
    sizes = sorted({c.n for c in grid.cells})
    budgets = sorted({c.images for c in grid.cells})
    at = {(c.n, c.images): c for c in grid.cells}
    z = [[100 * at[n, c].seeds.mean if (n, c) in at else None for n in sizes] for c in budgets]
    text = [
        [
            f"<b>{percent(at[n, c].seeds.mean)}</b><br>{at[n, c].regime.replace('-', '-<br>')}"
            if (n, c) in at
            else ""
            for n in sizes
        ]
        for c in budgets
    ]
    data = {
        "type": "heatmap",
        "z": z,
        "text": text,
        "texttemplate": "%{text}",
        "xgap": 2,
        "x": [short_number(n) for n in sizes],
        "y": [short_number(c) for c in budgets],
        "colorscale": "Cividis",
        "showscale": False,
        "ygap": 2,
        "hoverinfo": "skip",
        "textfont": {"size": 11},
    }
    axes = {"type": "category", "showgrid": False}
    layout = layout_of(
        {**axes, "title": {"text": "images N"}},
        {**axes, "title": {"text": "images presented C"}},
    )
    return {"data": [data], "layout": layout}
