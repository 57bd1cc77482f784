"""Published findings judged against the results: one file a test, one for their noise."""

from datayield.analysis.claims.cells import ClaimData
from datayield.analysis.claims.noise import ITEM_CORRELATION
from datayield.analysis.claims.published import Beside, Panel, Series, Spot, beside, same
from datayield.analysis.claims.tests import LEVEL
from datayield.analysis.claims.verdicts import Judged, judge, said, tally

__all__ = [
    "ITEM_CORRELATION",
    "LEVEL",
    "Beside",
    "ClaimData",
    "Judged",
    "Panel",
    "Series",
    "Spot",
    "beside",
    "judge",
    "said",
    "same",
    "tally",
]
