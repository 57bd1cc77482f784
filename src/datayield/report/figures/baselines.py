"""Untrained encoder and raw pixels: lines across a figure, with their names at its sides."""

from datayield.analysis.results import Baseline
from datayield.report.figures.canvas import Spec
from datayield.report.palette import BASELINES


def add_baselines(layout: Spec, bases: list[Baseline], scale: float, height: float) -> None:
    """Lines across the figure with their names; names of close lines go to opposite ends."""
    for b, side in label_sides(bases, height / scale):
        at, colour = scale * b.seeds.mean, BASELINES[b.kind]
        common = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "layer": "below"}
        line = {"color": colour, "width": 1.5, "dash": "5px,3px"}
        layout["shapes"].append({**common, "type": "line", "y0": at, "y1": at, "line": line})
        if len(b.seeds.values) > 1:
            edges = {"y0": scale * b.seeds.low, "y1": scale * b.seeds.high}
            fill = {"fillcolor": colour, "opacity": 0.13, "line": {"width": 0}}
            layout["shapes"].append({**common, **edges, **fill, "type": "rect"})
        layout["annotations"].append(
            {
                "xref": "paper",
                "x": 0 if side == "left" else 1,
                "xanchor": side,
                "y": at,
                "yanchor": "bottom",
                "showarrow": False,
                "borderpad": 1,
                "bgcolor": "$card",
                "opacity": 0.85,
                "text": b.name,
                "font": {"size": 11, "color": "$muted"},
            }
        )


def label_sides(bases: list[Baseline], height: float) -> list[tuple[Baseline, str]]:
    """Baselines from low to high with the side for their name: opposite ends if they are close.

    `height` is that of the figure, in the baselines' own unit.
    """
    placed: list[tuple[Baseline, str]] = []
    for b in sorted(bases, key=lambda b: b.seeds.mean):
        close = [side for a, side in placed if b.seeds.mean - a.seeds.mean < 0.09 * height]
        placed.append((b, "left" if "right" in close and "left" not in close else "right"))
    return placed
