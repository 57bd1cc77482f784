"""What to buy next: gains of a doubling, their odds and costs, and what would decide."""

from datayield.analysis.levers.back_test import BackTest, HiddenDecision
from datayield.analysis.levers.best_plan import BestPlan, Bought, FoundPlan
from datayield.analysis.levers.card import (
    Answer,
    Card,
    ForecastPoint,
    Recommendation,
    decide,
)
from datayield.analysis.levers.experiments import LEAST_RISE, Experiment
from datayield.analysis.levers.fan import Fan
from datayield.analysis.levers.law_map import LawMap
from datayield.analysis.levers.lever import LEVEL, USELESS, FittedScore, Lever, LeverName
from datayield.analysis.levers.market import FURTHEST
from datayield.analysis.levers.odds import SURE, WORTH, Purchase
from datayield.analysis.levers.of_more import GainOfMore, gain_of_more
from datayield.analysis.levers.of_study import evidence_of, tasks_of
from datayield.spec.study import Prices

__all__ = [
    "FURTHEST",
    "LEAST_RISE",
    "LEVEL",
    "SURE",
    "USELESS",
    "WORTH",
    "Answer",
    "BackTest",
    "BestPlan",
    "Bought",
    "Card",
    "Experiment",
    "Fan",
    "FittedScore",
    "ForecastPoint",
    "FoundPlan",
    "GainOfMore",
    "HiddenDecision",
    "LawMap",
    "Lever",
    "LeverName",
    "Prices",
    "Purchase",
    "Recommendation",
    "decide",
    "evidence_of",
    "gain_of_more",
    "tasks_of",
]
