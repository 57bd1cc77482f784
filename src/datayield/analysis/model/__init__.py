"""What the evidence says of one quantity: paired differences, gains per doubling, power laws."""

from datayield.analysis.model.doublings import (
    WORTH,
    CurveGain,
    Step,
    Verdict,
    gains,
    verdict_of_gain,
)
from datayield.analysis.model.fits import CurveFit
from datayield.analysis.model.paired import Difference, Noise, Pair, differences, moderate, pair

__all__ = [
    "WORTH",
    "CurveFit",
    "CurveGain",
    "Difference",
    "Noise",
    "Pair",
    "Step",
    "Verdict",
    "differences",
    "gains",
    "moderate",
    "pair",
    "verdict_of_gain",
]
