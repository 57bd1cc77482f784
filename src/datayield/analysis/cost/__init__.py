"""Comparisons at equal cost: scores by cost, matched budgets, the Pareto frontier."""

from datayield.analysis.cost.comparison import Comparison, Equal, Normalised, normalise
from datayield.analysis.cost.matching import CLOSE, ScoresAtLevel, at, highest
from datayield.analysis.cost.pareto import Cost, Frontier, ParetoPoint, frontiers, time_to
from datayield.analysis.cost.readings import UNITS, Reading, RunCosts, amount

__all__ = [
    "CLOSE",
    "UNITS",
    "Comparison",
    "Cost",
    "Equal",
    "Frontier",
    "Normalised",
    "ParetoPoint",
    "Reading",
    "RunCosts",
    "ScoresAtLevel",
    "amount",
    "at",
    "frontiers",
    "highest",
    "normalise",
    "time_to",
]
