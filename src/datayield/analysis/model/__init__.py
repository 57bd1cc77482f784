"""What the evidence says of one quantity: paired differences, gains per doubling, power laws."""

from datayield.analysis.model.doublings import WORTH, CurveGain, Step, Verdict, gains, judge
from datayield.analysis.model.fits import Fit
from datayield.analysis.model.paired import Difference, Noise, Pair, differences, moderate, pair

__all__ = [
    "WORTH",
    "CurveGain",
    "Difference",
    "Fit",
    "Noise",
    "Pair",
    "Step",
    "Verdict",
    "differences",
    "gains",
    "judge",
    "moderate",
    "pair",
]
