"""The selection ledger's figure for a paper."""

import math
from typing import TYPE_CHECKING

from datayield.analysis.selection import BEST_ON_TEST, criteria
from datayield.report.figures.selection import look
from datayield.report.findings import Findings
from datayield.report.paper import COLUMNS, name_sizes, panels, shared_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = {
    "circle": "o",
    "square": "s",
    "diamond": "D",
    "triangle-up": "^",
    "x": "X",
    "triangle-down": "v",
    "cross": "P",
    "star": "*",
}


def selection_sheet(f: Findings) -> "Figure | None":
    """Gap to the best on test over N, a panel per curve."""
    if not f.ledgers:
        return None
    names = [name for name in criteria(f.ledgers) if name != BEST_ON_TEST]
    keys = list(dict.fromkeys(ledger.key for ledger in f.ledgers))
    figure, axes = panels(
        [f"{key.place}, {key.name}" for key in keys], math.ceil(len(names) / COLUMNS)
    )
    with shared_legend(figure, axes):
        for ax, key in zip(axes, keys, strict=True):
            mine = [ledger for ledger in f.ledgers if ledger.key == key]
            for place, name in enumerate(names):
                cells = [(x.n, c.gap.mean) for x in mine for c in x.choices if c.by == name]
                colour, symbol = look(place)
                x, y = [n for n, _ in cells], [100 * gap for _, gap in cells]
                ax.plot(x, y, color=colour, marker=_MARKERS[symbol], label=name)
            ax.set_ylabel("points below best on test")
            ax.set_ylim(bottom=0)
            name_sizes(ax, sorted({ledger.n for ledger in mine}))
    return figure
