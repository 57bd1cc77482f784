"""The probe's optimism: what tuning on test labels would have added."""

from datayield.analysis.findings import Curves, Findings
from datayield.analysis.format import count, percent
from datayield.report.figures.canvas import Figure, layout_of
from datayield.report.palette import Styles

BEST_ON_TEST = "_best_on_test"  # after the name of a metric


def probe_optimism_figure(f: Findings, look: Styles) -> Figure | None:
    """Optimism of each cell if the probe were tuned on the test labels."""
    data = []
    best: Curves = {}  # by the key of the honest curve
    for metric in dict.fromkeys(key.metric for key in f.main):
        curves = f.results.metric(metric + BEST_ON_TEST).curves
        honest_keys = {key._replace(metric=metric): line for key, line in curves.items()}
        best |= {key: line for key, line in honest_keys.items() if key in f.main}
    evals = list(dict.fromkeys(key.eval for key in best))
    names = list(dict.fromkeys(key.name for key in best))
    cells = {(k, p.n): p.seeds.mean for k, line in f.main.items() for p in line}
    for i, name in enumerate(names):
        x, y, text = [], [], []
        for key, line in ((k, v) for k, v in best.items() if k.name == name):
            for j, p in enumerate(line):
                honest = cells.get((key, p.n))
                if honest is not None:
                    spread = (i + (j + 1) / (len(line) + 1)) / len(names)
                    x.append(evals.index(key.eval) + 0.8 * (spread - 0.5))
                    y.append(100 * (p.seeds.mean - honest))
                    text.append(
                        f"<b>{name}</b><br>N = {count(p.n)}: {percent(honest)} tuned without test, "
                        f"{percent(p.seeds.mean)} best on test"
                    )
        marker = {"color": look[name].colour, "size": 7, "opacity": 0.85}
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": x,
                "y": y,
                "text": text,
                "legendgroup": name,
                "name": name,
                "marker": marker,
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    if not any(trace["x"] for trace in data):
        return None
    ticks = {"tickvals": list(range(len(evals))), "ticktext": evals, "showgrid": False}
    layout = layout_of(ticks, {"title": {"text": "optimism, points"}, "rangemode": "tozero"})
    return Figure(
        "optimism", "best on test − score without tuning on test", {"data": data, "layout": layout}
    )
