"""Scores against the number of labelled images, a line per start, named at its end."""

import math

from datayield.analysis.decision import LabelTable, Start
from datayield.analysis.findings import Findings
from datayield.analysis.format import count, metric_name, percent, plural
from datayield.report.figures.canvas import Figure, Spec, layout_of, size_axis
from datayield.report.figures.training import apart
from datayield.report.palette import BASELINES, Style, Styles

MOST_NAMED = 10  # lines; more are distinguished only by the legend


def label_figures(f: Findings, look: Styles) -> list[Figure]:
    """One figure per ladder of labels."""
    return [
        Figure(f"labels-{i}", table.place, _lines(table, look), height=420)
        for i, table in enumerate(f.labels)
    ]


def start_style(start: Start, look: Styles) -> Style:
    """The style of the start's curve; baselines are grey and dashed."""
    return look.get(start.style) or Style(BASELINES[start.kind], "dash", "circle")


def _lines(table: LabelTable, look: Styles) -> Spec:
    data: list[Spec] = []
    ends: list[tuple[float, str]] = []
    colours = {start.name: start_style(start, look).colour for start in table.starts}
    for start in table.starts:
        style = start_style(start, look)
        seen = [(x, c) for x, c in zip(table.labels, start.cells, strict=True) if c]
        if not seen:
            continue
        x = [n for n, _ in seen]
        low, high = ([100 * getattr(c, edge) for _, c in seen] for edge in ("low", "high"))
        shared = {"type": "scatter", "legendgroup": start.style or start.name, "name": start.name}
        band = {"x": x + x[::-1], "y": high + low[::-1], "mode": "lines", "line": {"width": 0}}
        band |= {"fill": "toself", "fillcolor": style.tint(0.14), "hoverinfo": "skip"}
        line = {
            "x": x,
            "y": [100 * c.mean for _, c in seen],
            "mode": "lines+markers",
            "line": {"color": style.colour, "dash": style.dash, "width": 2},
            "marker": {"size": 7, "symbol": style.symbol},
            "text": [
                f"<b>{start.name}</b><br>{count(n)} labelled images: {percent(c.mean)}<br>"
                f"{plural(len(c.values), 'seed')}, {percent(c.low)} to {percent(c.high)}"
                for n, c in seen
            ],
            "hovertemplate": "%{text}<extra></extra>",
        }
        data += [shared | band, shared | line]
        ends.append((100 * seen[-1][1].mean, start.name))
    values = [y for trace in data for y in trace["y"]]
    axis = {**size_axis(list(table.labels)), "title": {"text": "labelled images"}}
    layout = layout_of(axis, {"title": {"text": f"{metric_name(table.metric)}, %"}})
    if values and len(ends) <= MOST_NAMED:
        layout["margin"] = {**layout["margin"], "r": 14 + 7 * max(len(name) for _, name in ends)}
        layout["annotations"] = [
            {"x": math.log10(table.labels[-1]), "xshift": 9, "y": y, "text": text,
             "xanchor": "left", "showarrow": False, "font": {"size": 12, "color": colours[text]}}
            for y, text in apart(ends, 0.05 * (max(values) - min(values)))
        ]  # fmt: skip
    return {"data": data, "layout": layout}
