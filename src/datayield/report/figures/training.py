"""Accuracy and effective rank over training, where several shares of the budget are measured."""

from typing import Any

from datayield.analysis.words import count
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.report.findings import Findings
from datayield.report.palette import Style
from datayield.spec.budget import short_number


def time_figures(f: Findings) -> list[Figure]:
    """Accuracy and effective rank over training, for the smallest, middle and largest N."""
    found = []
    for title, lines, scale in (
        ("accuracy, %", f.accuracy_over_time, 100.0),
        ("effective rank", f.rank_over_time, 1.0),
    ):
        for i, name in enumerate(dict.fromkeys(key.eval for key, _ in lines)):
            mine = {k: v for k, v in lines.items() if k[0].eval == name}
            spec = _over_time(mine, f.styles, scale, title)
            place = next(iter(mine))[0].place
            found.append(Figure(f"time-{title[0]}-{i}", f"{place}: {title}", spec))
    return found


def _over_time(lines: Any, look: dict[str, Style], scale: float, y_title: str) -> Spec:
    sizes = sorted({n for _, n in lines})
    picked = sorted({sizes[0], sizes[len(sizes) // 2], sizes[-1]})
    symbols = dict(zip(picked, ("circle-open", "square-open", "diamond"), strict=False))
    data = []
    for (key, n), line in lines.items():
        if n in symbols:
            style, y = look[key.name], [scale * p.seeds.mean for p in line]
            label = ["", *[""] * (len(line) - 2), short_number(n)]
            hover = "%{customdata}<br>%{x:.0%} of the budget: %{y:.1f}<extra></extra>"
            data.append(
                {
                    "type": "scatter",
                    "x": [p.share for p in line],
                    "y": y,
                    "text": label,
                    "mode": "lines+markers+text",
                    "textposition": "middle right",
                    "legendgroup": key.name,
                    "name": key.name,
                    "cliponaxis": False,
                    "line": {"color": style.colour, "dash": style.dash, "width": 1.8},
                    "marker": {"symbol": symbols[n], "size": 7},
                    "textfont": {"size": 11, "color": "$ink"},
                    "customdata": [f"{key.name}, N = {count(n)}"] * len(line),
                    "hovertemplate": hover,
                }
            )
    x = {"title": {"text": "share of the budget spent"}, "tickformat": ".0%", "range": [0, 1.09]}
    return {"data": data, "layout": layout_of(x, {"title": {"text": y_title}})}
