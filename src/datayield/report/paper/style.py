"""Sheets for a paper: style, panels in two columns, one legend, and reproducible files."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datayield.spec.atomic_files import write_with
from datayield.spec.run import short_number

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2
STYLE: Any = {
    "svg.hashsalt": "datayield",  # otherwise element ids are random
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # as by itself, but not worked out anew at each drawing
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e9ec",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 3.5,
}
_PANEL = (3.3, 2.3)  # inches: two panels fill the width of a page


def save(figure: "Figure", path: Path) -> Path:
    """Write `path` as its suffix says, without dates; return it."""
    kind = path.suffix[1:]
    dates: dict[str, Any] = {"Date": None} if kind == "svg" else {"CreationDate": None}
    write_with(path, lambda file: figure.savefig(file, format=kind, metadata=dates))
    return path


def panels(titles: list[str], legend: int) -> "tuple[Figure, list[Axes]]":
    """A figure of panels in two columns with room for `legend` rows of names below."""
    from matplotlib.figure import Figure

    columns = min(2, len(titles))
    rows = math.ceil(len(titles) / columns)
    width, foot = _PANEL[0] * columns + 0.2, 0.3 + 0.19 * legend
    height = _PANEL[1] * rows + foot
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(
        left=0.6 / width,
        right=1 - 0.15 / width,
        top=1 - 0.28 / height,
        bottom=(foot + 0.25) / height,
        wspace=0.27,
        hspace=0.42,
    )
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(len(titles))]
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title)
    return figure, axes


@contextmanager
def shared_legend(figure: "Figure", axes: "list[Axes]") -> Iterator[None]:
    """One legend below all panels, each name once."""
    yield
    handles: dict[str, Artist] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        list(handles.values()), list(handles), loc="lower center", ncols=COLUMNS, fontsize=7.5
    )


def name_sizes(ax: "Axes", sizes: list[int]) -> None:
    """A log axis that names the sizes of the study, not powers of ten."""
    every = max(1, math.ceil(len(sizes) / 7))
    ticks = sizes[::-1][::every][::-1]
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(ticks, [short_number(n) for n in ticks])
    ax.set_xlabel("images N", labelpad=1)
