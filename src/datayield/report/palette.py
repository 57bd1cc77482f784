"""Colours and dashes of curves: distinct without colour vision, the same in every figure.

Colours are those of Okabe & Ito (2008), "Color Universal Design".
"""

from collections.abc import Iterable
from dataclasses import dataclass

from datayield.analysis.results import CurveKey

# Three more than theirs, so that nine methods have nine colours.
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
    "#7A5CC7", "#A33B4F", "#8A8A1F",
)  # fmt: skip
BASELINES = {
    "untrained": "#7A7A7A",
    "pretrained": "#5B6FA8",
    "weights": "#4F8A8B",
    "pixels": "#A0742D",
}
# One dash per budget and axes; dotted is reserved for fitted laws.
_DASHES = ("solid", "dash", "longdash", "dashdot", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")
_MARKERS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "x": "X"}
_PATTERNS = {"solid": "-", "dash": "--", "longdash": (0, (9, 3)), "dashdot": "-."}


@dataclass(frozen=True, slots=True)
class Style:
    """How one curve is drawn."""

    colour: str
    dash: str  # plotly's names of both
    symbol: str

    @property
    def pattern(self) -> object:
        """The dash as matplotlib's linestyle."""
        return _PATTERNS.get(self.dash, (0, (9, 2, 2, 2)))

    @property
    def marker(self) -> str:
        """The symbol as matplotlib's marker."""
        return _MARKERS[self.symbol]

    def tint(self, alpha: float) -> str:
        """The colour as a translucent fill."""
        red, green, blue = (int(self.colour[i : i + 2], 16) for i in (1, 3, 5))
        return f"rgba({red},{green},{blue},{alpha})"


Styles = dict[str, Style]  # by the curve's name


def styles(keys: Iterable[CurveKey]) -> Styles:
    """Curve name -> style: a colour per method, a dash and a symbol per budget and axes.

    If these identify the methods too (one method, or chains of stages), they get the colours.
    """
    keys = list(keys)
    methods = list(dict.fromkeys(key.method for key in keys))
    others = list(dict.fromkeys((key.budget, key.axes) for key in keys))
    told = len({(key.method, key.budget, key.axes) for key in keys}) == len(others) >= len(methods)
    told = told and (len(methods) == 1 or len(others) > len(methods))
    by_name = {}
    for key in keys:
        other = others.index((key.budget, key.axes))
        hue = other if told else methods.index(key.method)
        colour, kind = COLOURS[hue % len(COLOURS)], other % len(_DASHES)
        by_name[key.name] = Style(colour, _DASHES[kind], _SYMBOLS[kind])
    return by_name
