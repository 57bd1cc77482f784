"""Common parts of all interactive figures: a figure is plain plotly data, drawn by the page.

Colours that follow the page's theme are written `$ink`, `$grid`, ...: the page substitutes its own
values. Traces of one curve have its name as `legendgroup`, for the page's single legend.
"""

import math
from dataclasses import dataclass
from typing import Any

from datayield.spec.run import short_number

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the page: `spec` has plotly's `data` and `layout`."""

    id: str
    title: str
    spec: Spec
    height: int = 340
    least_width: int = 0  # px; a narrower screen scrolls
    log_toggle: bool = False
    folded: bool = False  # of a single task, or a detail: drawn when the reader opens it


def size_axis(sizes: list[int]) -> Spec:
    """A log axis that names the sizes of the study, not powers of ten."""
    every = max(1, math.ceil(len(sizes) / 7))
    ticks = sizes[::-1][::every][::-1]
    text = [short_number(n) for n in ticks]
    return {"type": "log", "tickvals": ticks, "ticktext": text, "title": {"text": "images N"}}


def layout_of(x: Spec, y: Spec) -> Spec:
    """A quiet layout with these axes; no legend, since the page has one for all figures."""
    axis = {
        "gridcolor": "$grid",
        "linecolor": "$line",
        "zeroline": False,
        "ticks": "outside",
        "tickcolor": "$line",
        "ticklen": 4,
        "automargin": True,
        "fixedrange": False,
    }
    return {
        "xaxis": {**axis, **x},
        "yaxis": {**axis, **y},
        "margin": {"l": 56, "r": 14, "t": 8, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "inherit", "size": 12, "color": "$ink"},
        "hoverlabel": {"bgcolor": "$card", "bordercolor": "$line", "font": {"color": "$ink"}},
        "hovermode": "closest",
        "showlegend": False,
        "dragmode": False,
        "shapes": [],
        "annotations": [],
    }
