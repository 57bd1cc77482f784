"""One law of error in images, compute, labels and views: forms, non-negative fits, samples."""

from datayield.analysis.model.law.cells import MeasuredCells, cells_of
from datayield.analysis.model.law.fitted_law import SAMPLES, FittedLaw, fit_laws, pooled

__all__ = ["SAMPLES", "FittedLaw", "MeasuredCells", "cells_of", "fit_laws", "pooled"]
