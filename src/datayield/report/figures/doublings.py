"""Points per doubling of N, step by step, with intervals."""

import math

from datayield.analysis.findings import Findings
from datayield.analysis.format import count, points
from datayield.analysis.model import CurveGain
from datayield.report.figures.canvas import Figure, Spec, layout_of, size_axis
from datayield.report.palette import Styles


def gain_figures(f: Findings, look: Styles) -> list[Figure]:
    """Points per doubling of N, step by step, one figure per evaluation."""
    figures = []
    for i, name in enumerate(f.evals):
        mine = [g for key, g in f.gains.items() if key.eval == name]
        if mine:
            spec = _gains(mine, look, f.worth)
            folded = name in f.tasks
            figures.append(Figure(f"gain-{i}", mine[0].key.place, spec, 300, folded=folded))
    return figures


def _gains(lines: list[CurveGain], look: Styles, worth: float) -> Spec:
    data: list[Spec] = []
    for i, line in enumerate(lines):
        style = look[line.key.name]
        shift = (
            min(0.35, 0.07 * len(lines)) * (i - (len(lines) - 1) / 2) / max(1, (len(lines) - 1) / 2)
        )
        known = [s for s in line.steps if s.per_doubling.covers != "nothing"]
        x = [math.sqrt(s.n * s.to) * (s.to / s.n) ** shift for s in known]
        each = [s.per_doubling for s in known]
        errors = {
            "array": [100 * d.arms[1] for d in each],
            "arrayminus": [100 * d.arms[0] for d in each],
        }
        hollow = [style.symbol + ("" if d.decides else "-open") for d in each]
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": x,
                "y": [100 * d.mean for d in each],
                "legendgroup": line.key.name,
                "name": line.key.name,
                "error_y": {**errors, "type": "data", "width": 3, "thickness": 1.4},
                "marker": {"color": style.colour, "size": 7, "symbol": hollow},
                "text": [
                    f"<b>{line.key.name}</b><br>{count(s.n)} to {count(s.to)} images: {s.verdict}"
                    f"<br>{points(s.per_doubling.mean)} points per doubling "
                    f"({s.per_doubling.span or s.reason})"
                    for s in known
                ],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    sizes = sorted({n for line in lines for s in line.steps for n in (s.n, s.to)})
    layout = layout_of(size_axis(sizes), {"title": {"text": "points per doubling"}})
    ends = [math.log10(sizes[0] / 1.15), math.log10(sizes[-1] * 1.15)]
    layout["xaxis"]["range"] = ends  # there is no dot at the ends, so they would be cut off
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "layer": "below"}
    edges = {"y0": -100 * worth, "y1": 100 * worth, "fillcolor": "$muted", "opacity": 0.16}
    layout["shapes"].append({**band, **edges, "line": {"width": 0}})
    layout["yaxis"] |= {"zeroline": True, "zerolinecolor": "$muted", "zerolinewidth": 1}
    return {"data": data, "layout": layout}
