"""Interactive figures, one file each, as plotly dictionaries."""

from datayield.report.figures.baselines import label_sides
from datayield.report.figures.canvas import Figure
from datayield.report.figures.checkpoints import selection_figures, selection_styles
from datayield.report.figures.curves import group_figures, rank_figures, yield_figures
from datayield.report.figures.doublings import gain_figures
from datayield.report.figures.equal_cost import equal_cost_figures
from datayield.report.figures.fan import forecast_fans
from datayield.report.figures.labels import label_figures
from datayield.report.figures.law_map import law_maps
from datayield.report.figures.overfitting import overfitting_figure
from datayield.report.figures.pareto import cost_words, pareto_figures
from datayield.report.figures.probe_optimism import probe_optimism_figure
from datayield.report.figures.published import looks, published_figures
from datayield.report.figures.regimes import regime_figures
from datayield.report.figures.spectrum import spectrum_figures
from datayield.report.figures.training import state_figures, time_figures

__all__ = [
    "Figure",
    "cost_words",
    "equal_cost_figures",
    "forecast_fans",
    "gain_figures",
    "group_figures",
    "label_figures",
    "label_sides",
    "law_maps",
    "looks",
    "overfitting_figure",
    "pareto_figures",
    "probe_optimism_figure",
    "published_figures",
    "rank_figures",
    "regime_figures",
    "selection_figures",
    "selection_styles",
    "spectrum_figures",
    "state_figures",
    "time_figures",
    "yield_figures",
]
