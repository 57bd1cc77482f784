"""The selection ledger's figure for a paper."""

import math
from typing import TYPE_CHECKING, Any

from datayield.analysis.findings import Findings
from datayield.report.figures import selection_styles
from datayield.report.paper.style import COLUMNS, name_sizes, panels, shared_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def selection_sheet(f: Findings) -> "Figure | None":
    """Gap to the best on test over N, a panel per curve."""
    if not f.ledgers:
        return None
    look = selection_styles(f.ledgers)
    keys = list(dict.fromkeys(ledger.key for ledger in f.ledgers))
    figure, axes = panels(
        [f"{key.place}, {key.name}" for key in keys], math.ceil(len(look) / COLUMNS)
    )
    with shared_legend(figure, axes):
        for ax, key in zip(axes, keys, strict=True):
            mine = [ledger for ledger in f.ledgers if ledger.key == key]
            for name, style in look.items():
                cells = [(x.n, c.gap.mean) for x in mine for c in x.choices if c.by == name]
                x, y = [n for n, _ in cells], [100 * gap for _, gap in cells]
                line: Any = {"color": style.colour, "ls": style.pattern, "marker": style.marker}
                ax.plot(x, y, label=name, **line)
            ax.set_ylabel("points below best on test")
            ax.set_ylim(bottom=0)
            name_sizes(ax, sorted({ledger.n for ledger in mine}))
    return figure
