"""Statistics of the scores: one noise model per evaluation, gains per doubling, power laws."""

from datayield.analysis.model.assumed_items import (
    ITEM_CORRELATION,
    OWN_SHARE,
    OWN_SHARE_ALONE,
    ItemTerm,
    own_variance_over_items,
    variance_over_items,
)
from datayield.analysis.model.contrast import CellWeights, LayoutCell
from datayield.analysis.model.difference import Difference
from datayield.analysis.model.doublings import CurveGain, Step, gains
from datayield.analysis.model.fits import CurveFit
from datayield.analysis.model.gain_verdict import (
    GAINED,
    WORTH,
    GainVerdict,
    together,
    verdict_of_gain,
)
from datayield.analysis.model.multiplicity import most_p
from datayield.analysis.model.noise_model import FEW, NoiseModel
from datayield.analysis.model.study_noise import NoiseModels, base_key, noise_models, point_key
from datayield.analysis.model.suite_gains import GroupGain, suite_gains

__all__ = [
    "FEW",
    "GAINED",
    "ITEM_CORRELATION",
    "OWN_SHARE",
    "OWN_SHARE_ALONE",
    "WORTH",
    "CellWeights",
    "CurveFit",
    "CurveGain",
    "Difference",
    "GainVerdict",
    "GroupGain",
    "ItemTerm",
    "LayoutCell",
    "NoiseModel",
    "NoiseModels",
    "Step",
    "base_key",
    "gains",
    "most_p",
    "noise_models",
    "own_variance_over_items",
    "point_key",
    "suite_gains",
    "together",
    "variance_over_items",
    "verdict_of_gain",
]
