"""The paper's figures next to ours, for a paper: each at its own scale."""

import math
from typing import TYPE_CHECKING

from datayield.analysis.claims import Panel
from datayield.analysis.findings import Findings
from datayield.analysis.format import metric_name
from datayield.report.figures import looks
from datayield.report.figures.published import AXES
from datayield.report.paper.style import COLUMNS, panels, shared_legend
from datayield.spec.run import short_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 6  # published panels on a sheet: the first of them


def published_sheet(f: Findings) -> "Figure | None":
    """Theirs on the left and ours on the right, of the panels that have both."""
    both = [each for each in f.published if each.ours is not None][:MOST]
    if not both:
        return None
    sides: list[Panel] = [p for each in both for p in (each.theirs, each.ours) if p is not None]
    names = {s.name for panel in sides for s in panel.series}
    titles = [
        title
        for each in both
        for title in (
            f"Published: {each.figure}, {each.theirs.evaluation}",
            f"Ours: {each.ours.evaluation if each.ours else ''}"
            + ("" if each.same_task else ", as substitute"),
        )
    ]
    look = looks(both)
    figure, axes = panels(titles, math.ceil(len(names) / COLUMNS))
    with shared_legend(figure, axes):
        for i, (ax, panel) in enumerate(zip(axes, sides, strict=True)):
            each = both[i // 2]
            for s in panel.series:
                style, x = look[s.name], [spot.x for spot in s.spots]
                low, high = [spot.low for spot in s.spots], [spot.high for spot in s.spots]
                ax.fill_between(x, low, high, color=style.colour, alpha=0.15, lw=0)
                y = [spot.mean for spot in s.spots]
                ax.plot(x, y, marker=style.marker, ls=style.pattern, color=style.colour,
                        label=s.name)  # fmt: skip
            places = sorted({spot.x for s in panel.series for spot in s.spots})
            ticks = places[:: max(1, -(-len(places) // 7))]
            share = each.x == "label_fraction"
            ax.set_xscale("log")
            ax.minorticks_off()
            ax.set_xticks(ticks, [f"{100 * p:g}%" if share else short_number(p) for p in ticks])
            ax.set_xlabel(AXES[each.x], labelpad=1)
            ax.set_ylabel(f"{metric_name(each.metric)}, %")
    return figure
