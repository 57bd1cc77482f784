"""Error against seconds and FLOPs: every run at every milestone, and the Pareto frontier."""

from datayield.analysis.cost import Cost, Frontier, ParetoPoint
from datayield.analysis.findings import Findings
from datayield.analysis.format import metric_name, percent
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.report.palette import Styles
from datayield.spec.run import short_number
from datayield.store.format import duration

AXES: dict[Cost, str] = {"seconds": "seconds of pretraining", "flops": "FLOPs of pretraining"}


def pareto_figures(f: Findings, look: Styles) -> list[Figure]:
    """A figure per evaluation and cost; those after the first evaluation are folded."""
    figures = []
    first = f.frontiers[0].eval if f.frontiers else ""
    for i, front in enumerate(f.frontiers):
        title = f"{front.place}: error against {'time' if front.cost == 'seconds' else 'FLOPs'}"
        folded = front.eval != first
        figures.append(
            Figure(f"frontier-{i}", title, _spec(look, front), height=360, folded=folded)
        )
    return figures


def cost_words(cost: Cost, value: float) -> str:
    """'45 s', '3.2P FLOPs'."""
    return duration(value) if cost == "seconds" else f"{short_number(value)} FLOPs"


def _spec(look: Styles, front: Frontier) -> Spec:
    data: list[Spec] = []
    for line, mine in front.by_line().items():
        style = look.get(line.key.name)
        if style is None:  # not shown on this page
            continue
        data.append(
            {
                "type": "scatter",
                "legendgroup": line.key.name,
                "name": line.name,
                "mode": "lines+markers",
                "x": [s.cost for s in mine],
                "y": [100 * s.error for s in mine],
                "line": {"color": style.tint(0.45), "dash": style.dash, "width": 1},
                "marker": {"size": 7, "symbol": style.symbol, "color": style.colour},
                "text": [_text(front, s) for s in mine],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    best = sorted((s for s in front.spots if s.best), key=lambda s: s.cost)
    last = max((s.cost for s in front.spots), default=1.0)
    data.append(
        {
            "type": "scatter",
            "name": "frontier",
            "mode": "lines",
            "x": [*(s.cost for s in best), last],
            "y": [*(100 * s.error for s in best), *(100 * s.error for s in best[-1:])],
            "line": {"color": "$ink", "width": 2, "shape": "hv"},
            "hoverinfo": "skip",
        }
    )
    y = f"100 − {metric_name(front.metric)}, %"
    layout = layout_of({"type": "log", "title": {"text": AXES[front.cost]}}, {"title": {"text": y}})
    layout["xaxis"]["dtick"] = "D2"  # 1, 2 and 5 are named
    layout["xaxis"]["exponentformat"] = "power" if front.cost == "flops" else "none"
    return {"data": data, "layout": layout}


def _text(front: Frontier, s: ParetoPoint) -> str:
    at = "at the end" if s.share >= 1 else f"at {percent(s.share)} of its budget"
    spread = f" ({percent(s.low)} to {percent(s.high)})" if s.high > s.low else ""
    mark = "<br>on the frontier" if s.best else ""
    return (
        f"<b>{s.line.name}</b><br>{at}: error {percent(s.error)}{spread}<br>"
        f"{cost_words(front.cost, s.cost)}{mark}"
    )
