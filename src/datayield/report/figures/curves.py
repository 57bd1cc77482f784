"""A score, or effective rank, against N: mean, band, seeds, baselines and the fitted law."""

from datayield.analysis.findings import Curves, Findings
from datayield.analysis.format import count, metric_name, percent, plural
from datayield.analysis.model import CurveFit
from datayield.analysis.results import Baseline, Point
from datayield.report.figures.baselines import add_baselines
from datayield.report.figures.canvas import Figure, Spec, layout_of, size_axis
from datayield.report.palette import Style, Styles


def yield_figures(f: Findings, look: Styles) -> list[Figure]:
    """The main metric against N, one figure per evaluation; tasks of a suite are folded."""
    figures = []
    for i, name in enumerate(f.curved):
        lines = f.of(name)
        bases = [b for b in f.baselines if b.eval == name]
        fitted = {k.name: f.fits[k] for k in lines if f.fits[k].verdict == "decided"}
        first = next(iter(lines))
        axis = f"{metric_name(first.metric)}, %"
        spec = _curves(lines, bases, look, fitted, 100.0, axis)
        folded = name in f.tasks
        figures.append(Figure(f"yield-{i}", first.place, spec, log_toggle=True, folded=folded))
    return figures


def rank_figures(f: Findings, look: Styles) -> list[Figure]:
    """Effective rank against N, one figure per evaluation that measures it."""
    figures = []
    for i, name in enumerate(dict.fromkeys(key.eval for key in f.rank)):
        lines = {key: line for key, line in f.rank.items() if key.eval == name}
        bases = [b for b in f.rank_baselines if b.eval == name]
        spec = _curves(lines, bases, look, {}, 1.0, "effective rank")
        title = f"{next(iter(lines)).place}: effective rank"
        figures.append(Figure(f"rank-{i}", title, spec, log_toggle=True))
    return figures


def group_figures(f: Findings, look: Styles) -> list[Figure]:
    """Mean score against N, one figure per group of a suite's tasks."""
    figures = []
    for i, group in enumerate(f.groups):
        lines = {key: line for key, line in f.scores.items() if key.eval == group.name}
        if lines:
            bases = [b for b in f.score_baselines if b.eval == group.name]
            spec = _curves(lines, bases, look, {}, 100.0, "mean score, %")
            figures.append(
                Figure(f"group-{i}", f"{group.name} ({group.of})", spec, log_toggle=True)
            )
    return figures


def _curves(
    lines: Curves,
    bases: list[Baseline],
    look: Styles,
    fitted: dict[str, CurveFit],
    scale: float,
    y_title: str,
) -> Spec:
    data: list[Spec] = []
    for key, line in lines.items():
        data += _curve(key.name, line, look[key.name], scale)
        if key.name in fitted:
            data.append(_law(key.name, fitted[key.name], look[key.name], line[-1].n))
    sizes = sorted({p.n for line in lines.values() for p in line})
    values = [y for t in data for y in t["y"]]
    values += [scale * v for b in bases for v in (b.seeds.low, b.seeds.high)]
    low, high = min(values), max(values)
    pad = 0.07 * (high - low) or 0.02 * scale
    layout = layout_of(size_axis(sizes), {"title": {"text": y_title}})
    layout["yaxis"]["range"] = [low - pad, high + pad]
    add_baselines(layout, bases, scale, high - low)
    return {"data": data, "layout": layout}


def _curve(name: str, line: list[Point], style: Style, scale: float) -> list[Spec]:
    """Band, mean line, and the single seeds."""
    x = [p.n for p in line]
    shared = {"legendgroup": name, "name": name}
    low, high = ([scale * getattr(p.seeds, edge) for p in line] for edge in ("low", "high"))
    band = {
        "x": x + x[::-1],
        "y": high + low[::-1],
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": style.tint(0.16),
        "hoverinfo": "skip",
    }
    text = [
        f"<b>{name}</b><br>N = {count(p.n)}, {count(p.images)} presented<br>"
        f"mean {_value(p.seeds.mean, scale)}, band {_value(p.seeds.low, scale)} to "
        f"{_value(p.seeds.high, scale)}<br>{plural(len(p.seeds.values), 'seed')}"
        for p in line
    ]
    mean = {
        "x": x,
        "y": [scale * p.seeds.mean for p in line],
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "marker": {"size": 6, "symbol": style.symbol},
        "text": text,
        "hovertemplate": "%{text}<extra></extra>",
    }
    single = [(p.n, seed, v) for p in line for seed, v in p.seeds.values if len(p.seeds.values) > 1]
    dots = {
        "x": [n for n, _, _ in single],
        "y": [scale * v for _, _, v in single],
        "mode": "markers",
        "marker": {"size": 5, "color": style.tint(0.45)},
        "text": [f"{name}, seed {seed}: {_value(v, scale)}" for _, seed, v in single],
        "hovertemplate": "%{text}<extra></extra>",
    }
    return [{"type": "scatter", **shared, **each} for each in (band, dots, mean)]


def _law(name: str, fit: CurveFit, style: Style, top: int) -> Spec:
    """The fitted law to twice the largest N; only for decided fits."""
    law = fit.law
    points = (
        [(n, e) for n, e in zip(law.grid, law.error, strict=True) if n <= 2.05 * top] if law else []
    )
    return {
        "type": "scatter",
        "legendgroup": name,
        "name": f"{name}, law",
        "mode": "lines",
        "x": [n for n, _ in points],
        "y": [100 * (1 - e.value) for _, e in points],
        "line": {"color": style.colour, "dash": "dot", "width": 1.5},
        "text": [
            f"{name}, fitted law at {count(n)}<br>{percent(1 - e.value)} "
            f"({percent(1 - e.high)} to {percent(1 - e.low)})"
            for n, e in points
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _value(value: float, scale: float) -> str:
    return percent(value) if scale == 100 else f"{value:.1f}"
