"""One law of error in images, compute, labels and views: forms, non-negative fits, samples."""

from datayield.analysis.model.law.cells import MeasuredCells, cells_of
from datayield.analysis.model.law.fitted_law import (
    SAMPLES,
    FittedLaw,
    SolvedCells,
    fit_laws,
    pooled,
    solved,
)

__all__ = [
    "SAMPLES",
    "FittedLaw",
    "MeasuredCells",
    "SolvedCells",
    "cells_of",
    "fit_laws",
    "pooled",
    "solved",
]
