"""Interactive figures, one file each, as plotly dictionaries."""

from datayield.report.figures.baselines import label_sides
from datayield.report.figures.canvas import Figure
from datayield.report.figures.checkpoints import selection_figures, selection_styles
from datayield.report.figures.curves import group_figures, rank_figures, yield_figures
from datayield.report.figures.doublings import gain_figures
from datayield.report.figures.equal_cost import normalised_figures
from datayield.report.figures.labels import label_figures
from datayield.report.figures.overfitting import peak_figure
from datayield.report.figures.pareto import cost_words, frontier_figures
from datayield.report.figures.probe_optimism import honesty_figure
from datayield.report.figures.published import looks, published_figures
from datayield.report.figures.regimes import heat_figures
from datayield.report.figures.spectrum import spectrum_figures
from datayield.report.figures.training import state_figures, time_figures

__all__ = [
    "Figure",
    "cost_words",
    "frontier_figures",
    "gain_figures",
    "group_figures",
    "heat_figures",
    "honesty_figure",
    "label_figures",
    "label_sides",
    "looks",
    "normalised_figures",
    "peak_figure",
    "published_figures",
    "rank_figures",
    "selection_figures",
    "selection_styles",
    "spectrum_figures",
    "state_figures",
    "time_figures",
    "yield_figures",
]
