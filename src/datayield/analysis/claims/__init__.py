"""Published findings tested against the results: one file per test, one for the noise."""

from datayield.analysis.claims.cells import ClaimData
from datayield.analysis.claims.published import (
    Panel,
    PublishedComparison,
    PublishedPoint,
    Series,
    compare_with_published,
    same,
)
from datayield.analysis.claims.statistical_tests import LEVEL
from datayield.analysis.claims.verdicts import (
    ClaimOutcome,
    ClaimVerdict,
    judge_claims,
    said,
    tally,
)

__all__ = [
    "LEVEL",
    "ClaimData",
    "ClaimOutcome",
    "ClaimVerdict",
    "Panel",
    "PublishedComparison",
    "PublishedPoint",
    "Series",
    "compare_with_published",
    "judge_claims",
    "said",
    "same",
    "tally",
]
