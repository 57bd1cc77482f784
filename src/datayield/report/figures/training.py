"""Scores and the state of the representation over training, if there are several milestones."""

from dataclasses import replace

from datayield.analysis.findings import STATE, Findings
from datayield.analysis.format import count, metric_name
from datayield.analysis.results import CurveKey, Point
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.report.palette import Styles
from datayield.spec.run import short_number

TrainingCurves = dict[tuple[CurveKey, int], list[Point]]


def time_figures(f: Findings, look: Styles) -> list[Figure]:
    """Scores and effective rank over training, for the smallest, middle and largest N."""
    main = {"main": ("", f.main_over_time, 100.0)}
    return _figures(f, look, {**main, "rank": ("effective rank", f.rank_over_time, 1.0)})


def state_figures(f: Findings, look: Styles) -> list[Figure]:
    """The other metrics of state@1 over training, likewise."""
    figures = _figures(
        f, look, {m: (STATE[m], lines, 1.0) for m, lines in f.state_over_time.items()}
    )
    return [replace(figure, folded=True) for figure in figures]


def _figures(
    f: Findings, look: Styles, metrics: dict[str, tuple[str, TrainingCurves, float]]
) -> list[Figure]:
    figures = []
    for metric, (named, lines, scale) in metrics.items():
        for i, name in enumerate(dict.fromkeys(key.eval for key, _ in lines)):
            mine = {k: v for k, v in lines.items() if k[0].eval == name}
            first = next(iter(mine))[0]
            title = named or f"{metric_name(first.metric)}, %"
            spec = _over_time(mine, look, scale, title)
            place = first.place
            folded = name in f.tasks
            figures.append(Figure(f"time-{metric}-{i}", f"{place}: {title}", spec, folded=folded))
    return figures


def _over_time(lines: TrainingCurves, look: Styles, scale: float, y_title: str) -> Spec:
    sizes = sorted({n for _, n in lines})
    picked = sorted({sizes[0], sizes[len(sizes) // 2], sizes[-1]})
    symbols = dict(zip(picked, ("circle-open", "square-open", "diamond"), strict=False))
    drawn = {at: line for at, line in lines.items() if at[1] in symbols}
    data: list[Spec] = []
    for (key, n), line in drawn.items():
        style = look[key.name]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [p.share for p in line],
                "y": [scale * p.seeds.mean for p in line],
                "legendgroup": key.name,
                "name": key.name,
                "line": {"color": style.colour, "dash": style.dash, "width": 1.8},
                "marker": {"symbol": symbols[n], "size": 7},
                "customdata": [f"{key.name}, N = {count(n)}"] * len(line),
                "hovertemplate": "%{customdata}<br>%{x:.0%} of the budget: %{y:.3~g}"
                "<extra></extra>",
            }
        )
    right = 1.02 * max(p.share for line in drawn.values() for p in line)
    axis = {"title": {"text": "share of the budget spent"}, "tickformat": ".0%"}
    layout = layout_of({**axis, "range": [0, 1.1 * right]}, {"title": {"text": y_title}})
    values = [y for trace in data for y in trace["y"]]
    ends = [(scale * line[-1].seeds.mean, short_number(n)) for (_, n), line in drawn.items()]
    layout["annotations"] = [
        {"x": right, "y": y, "text": text, "xanchor": "left", "showarrow": False, "borderpad": 0}
        for y, text in apart(ends, 0.06 * (max(values) - min(values)))
    ]
    return {"data": data, "layout": layout}


def apart(labels: list[tuple[float, str]], gap: float) -> list[tuple[float, str]]:
    """Labels moved up until none overlap; equal ones that would touch are merged."""
    placed: list[tuple[float, str]] = []
    for y, text in sorted(labels):
        if placed and y - placed[-1][0] < gap:
            if text == placed[-1][1]:
                continue
            y = placed[-1][0] + gap
        placed.append((y, text))
    return placed
