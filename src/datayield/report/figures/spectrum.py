"""Eigenvalues of the augmentation kernel against their index, from few views and from all."""

from itertools import product
from math import log10

from datayield.analysis.findings import Findings
from datayield.analysis.format import count
from datayield.analysis.results import CurveKey
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.report.palette import BASELINES, COLOURS
from datayield.spec.evaluation import FEW_VIEWS, LEADING_EIGENVALUES, eigenvalue_metric

_FULLY_SHOWN = 2  # figures; further curves are folded

Eigenvalues = dict[int, float]  # index -> eigenvalue
Spectra = dict[int | None, Eigenvalues]  # views (None: all of them) -> line


def spectrum_figures(f: Findings) -> list[Figure]:
    """One figure per evaluation and curve, at its largest N and last share of the budget."""
    measured = {row.metric for row in f.results.rows}
    of_curves: dict[tuple[CurveKey, int], Spectra] = {}
    of_bases: dict[str, dict[tuple[str, str], Eigenvalues]] = {}
    for views, index in product((None, *FEW_VIEWS), range(1, LEADING_EIGENVALUES + 1)):
        metric = eigenvalue_metric(index, views)
        if metric not in measured:
            continue
        for key, points in f.results.metric(metric).curves.items():
            mine = of_curves.setdefault((key._replace(metric=""), points[-1].n), {})
            mine.setdefault(views, {})[index] = points[-1].seeds.mean
        for b in f.results.metric(metric).baselines if views is None else ():
            of_bases.setdefault(b.eval, {}).setdefault((b.kind, b.name), {})[index] = b.seeds.mean
    return [
        Figure(
            f"spectrum-{i}",
            f"{key.place}, {key.name}, N = {count(n)}",
            _spectra(lines, of_bases.get(key.eval, {})),
            height=400,
            folded=i >= _FULLY_SHOWN,
        )
        for i, ((key, n), lines) in enumerate(of_curves.items())
    ]


def _spectra(lines: Spectra, bases: dict[tuple[str, str], Eigenvalues]) -> Spec:
    order = sorted(lines, key=lambda views: views or 10**9)
    colours = [*COLOURS[1 : len(order)], COLOURS[0]]
    data = [
        _line(lines[views], f"{views} views" if views else "all views", colour, "solid")
        for views, colour in zip(order, colours, strict=True)
    ]
    data += [
        _line(line, f"{name}, all views", BASELINES[kind], "dash")
        for (kind, name), line in bases.items()
    ]
    least = min((y for trace in data for y in trace["y"]), default=0.1)
    top = max((x for trace in data for x in trace["x"]), default=1)
    ticks = [1, 2, 4, 8, 16, 32]
    x: Spec = {"type": "log", "tickvals": ticks, "ticktext": [str(t) for t in ticks]}
    x |= {"range": [-0.03, 0.03 + log10(top)], "title": {"text": "index of the eigenvalue"}}
    steps = [v for v in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1) if v >= least / 2]
    y: Spec = {"type": "log", "tickvals": steps, "ticktext": [f"{v:g}" for v in steps]}
    y |= {"title": {"text": "eigenvalue"}, "range": [log10(least) - 0.05, 0.03]}
    layout = layout_of(x, y)
    layout |= {
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": -0.18, "yanchor": "top", "font": {"size": 11}},
    }
    return {"data": data, "layout": layout}


def _line(values: Eigenvalues, name: str, colour: str, dash: str) -> Spec:
    positive = {k: v for k, v in sorted(values.items()) if v > 0}  # a log axis has no 0
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(positive),
        "y": list(positive.values()),
        "line": {"color": colour, "dash": dash, "width": 1.8},
        "marker": {"size": 5},
        "hovertemplate": f"{name}<br>eigenvalue %{{x}}: %{{y:.3f}}<extra></extra>",
    }
