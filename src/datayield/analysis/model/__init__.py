"""Statistics of the scores: paired differences, gains per doubling, power laws."""

from datayield.analysis.model.doublings import CurveGain, Step, gains
from datayield.analysis.model.fits import CurveFit
from datayield.analysis.model.gain_verdict import WORTH, GainVerdict, verdict_of_gain
from datayield.analysis.model.paired import Difference, Noise, Pair, differences, moderate, pair

__all__ = [
    "WORTH",
    "CurveFit",
    "CurveGain",
    "Difference",
    "GainVerdict",
    "Noise",
    "Pair",
    "Step",
    "differences",
    "gains",
    "moderate",
    "pair",
    "verdict_of_gain",
]
