"""Error against cost for a paper: every run at every milestone, and the Pareto frontier."""

import math
from typing import TYPE_CHECKING, Any

from datayield.analysis.findings import Findings
from datayield.analysis.format import metric_name
from datayield.report.figures.pareto import AXES
from datayield.report.palette import Styles
from datayield.report.paper.style import COLUMNS, panels, shared_legend
from datayield.spec.run import short_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_NAMES = 24  # in a legend; with more, one entry for all N of a curve


def frontier_sheet(f: Findings, look_of: Styles) -> "Figure | None":
    """A panel for each evaluation and cost; both axes as on the page."""
    if not f.frontiers:
        return None
    lines = list(dict.fromkeys(s.line for front in f.frontiers for s in front.spots))
    drawn = [line for line in lines if line.key.name in look_of]
    few = len(drawn) <= MOST_NAMES
    names = {line: line.name if few else line.key.name for line in drawn}
    legend = len(set(names.values())) + 1
    titles = [f"{front.place}, {AXES[front.cost]}" for front in f.frontiers]
    figure, axes = panels(titles, math.ceil(legend / COLUMNS))
    with shared_legend(figure, axes):
        for ax, front in zip(axes, f.frontiers, strict=True):
            by_line = front.by_line()
            for line in drawn:
                mine = by_line.get(line, [])
                style = look_of[line.key.name]
                look: Any = {"color": style.colour, "ls": style.pattern, "marker": style.marker}
                x, y = [s.cost for s in mine], [100 * s.error for s in mine]
                ax.plot(x, y, lw=0.8, label=names[line], **look) if mine else None
            best = sorted((s for s in front.spots if s.best), key=lambda s: s.cost)
            x, y = [s.cost for s in best], [100 * s.error for s in best]
            last = max(s.cost for s in front.spots)
            ax.step([*x, last], [*y, y[-1]], where="post", color="#111111", label="frontier")
            first = min(s.cost for s in front.spots)
            ticks = [m * 10.0**k for k in range(-3, 25) for m in (1, 2, 5)]
            ticks = [tick for tick in ticks if 0.8 * first <= tick <= 1.25 * last]
            ticks = ticks[:: max(1, -(-len(ticks) // 7))]
            name = short_number if front.cost == "flops" else "{:g}".format
            ax.set_xscale("log")
            ax.minorticks_off()
            ax.set_xticks(ticks, [name(tick) for tick in ticks])
            ax.set_ylabel(f"100 − {metric_name(front.metric)}, %")
    return figure
