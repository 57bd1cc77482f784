"""Scores and effective rank over training at the smallest N, one above the other."""

from datayield.analysis.decision import Peak
from datayield.analysis.findings import RANK, Findings
from datayield.analysis.format import count, metric_name
from datayield.analysis.results import ALL, SCORE
from datayield.analysis.text import smallest
from datayield.report.figures.canvas import Figure, Spec, layout_of
from datayield.report.palette import Style, Styles

_PANEL, _FOOT = 190, 60  # px


def overfitting_figure(f: Findings, look: Styles) -> Figure | None:
    """One panel each: the first evaluation over training, a suite's mean, the effective rank."""
    scores = [p for p in f.peaks if p.key.metric != RANK and p.key.eval not in f.tasks]
    alone = [p for p in scores if p.key.metric != SCORE]
    whole = {group.name for group in f.groups if group.group == ALL}
    suites = [p for p in scores if p.key.eval in whole]
    ranks = [p for p in f.peaks if p.key.metric == RANK]
    panels = [_of_one(peaks) for peaks in (alone, suites, ranks)]
    panels = [panel for panel in panels if panel]
    if not panels:
        return None
    n = min(peak.n for panel in panels for peak in panel)
    evals = [panel[0].key.eval for panel in panels]
    title = f"{', '.join(evals)} at N = {count(n)}"
    return Figure("peak", title, _stacked(panels, look), _PANEL * len(panels) + _FOOT)


def _of_one(peaks: list[Peak]) -> list[Peak]:
    """The smallest N of each curve of the first evaluation among these."""
    return smallest([p for p in peaks if p.key.eval == peaks[0].key.eval])


def _stacked(panels: list[list[Peak]], look: Styles) -> Spec:
    data: list[Spec] = []
    gap, height = 0.07, 1 / len(panels)
    layout = layout_of({}, {})
    plain = layout["yaxis"]
    for i, panel in enumerate(panels):
        axis = f"y{i + 1}" if i else "y"
        metric = panel[0].key.metric
        scale, unit = (1.0, "") if metric == RANK else (100.0, ", %")
        top = 1 - i * height
        layout[f"yaxis{i + 1 if i else ''}"] = {
            **plain,
            "domain": [max(0.0, top - height + gap), top],
            "title": {"text": f"{metric_name(metric)}{unit}", "standoff": 8},
        }
        layout["annotations"].append(
            {"xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": top,
             "yanchor": "bottom", "showarrow": False, "text": panel[0].key.place,
             "font": {"size": 11, "color": "$muted"}}
        )  # fmt: skip
        for peak in panel:
            data += _course(peak, look[peak.key.name], axis, scale)
    layout["margin"] = {**layout["margin"], "t": 20}
    layout["xaxis"] |= {
        "title": {"text": "share of the budget spent"},
        "tickformat": ".0%",
        "range": [0, 1.03],
        "anchor": f"y{len(panels)}" if len(panels) > 1 else "y",
    }
    return {"data": data, "layout": layout}


def _course(peak: Peak, style: Style, axis: str, scale: float) -> list[Spec]:
    x = [p.share for p in peak.line]
    low, high = ([scale * getattr(p.seeds, e) for p in peak.line] for e in ("low", "high"))
    name = peak.key.name
    shared = {"type": "scatter", "legendgroup": name, "name": name, "yaxis": axis}
    band = {"x": x + x[::-1], "y": high + low[::-1], "mode": "lines", "line": {"width": 0}}
    band |= {"fill": "toself", "fillcolor": style.tint(0.16), "hoverinfo": "skip"}
    line = {
        "x": x,
        "y": [scale * p.seeds.mean for p in peak.line],
        "mode": "lines+markers",
        "line": {"color": style.colour, "dash": style.dash, "width": 2},
        "marker": {"size": 6, "symbol": style.symbol},
        "customdata": [f"<b>{name}</b>, N = {count(peak.n)}: {peak.course}"] * len(x),
        "hovertemplate": "%{customdata}<br>%{x:.0%} of the budget: %{y:.3~g}<extra></extra>",
    }
    return [shared | band, shared | line]
