"""What limits the runs of a claim: planted grids of images and budgets, and a law over them."""

from dataclasses import replace
from math import log2
from typing import Any

import pytest

from datayield.analysis.claims import ClaimVerdict, judge_claims
from datayield.analysis.levers import decide, evidence_of
from datayield.spec.run.run import RunSpec
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.analysed import claim_data
from tests.made_study import study_of
from tests.planted import planted

COUNTS, BUDGETS = [500, 1000, 2000], [{"images": c} for c in (25_600, 51_200, 102_400)]
AXES: dict[str, Any] = {"data.count": COUNTS, "budget": BUDGETS, "seed": [0, 1, 2]}
COMMON = {"says": "a finding", "cites": "planted", "of": "category"}
IMAGES = {**COMMON, "id": "N", "test": "monotone", "over": "data.count", "each": ["budget"]}
COMPUTE = {**COMMON, "id": "C", "test": "monotone", "over": "budget", "each": ["data.count"]}


def judged(
    claim: dict[str, Any], images: float, compute: float, noise: float = 0.003, items: int = 20_000
) -> ClaimVerdict:
    """One claim on a grid with these gains per doubling."""

    def score(run: RunSpec, _: float) -> float:
        doublings = log2((run.data.count or 0) / 500), log2(run.images / 25_600)
        return 0.5 + images * doublings[0] + compute * doublings[1]

    results = planted(AXES, score, noise=noise)
    study = validated(Study, {**study_of(AXES), "claims": [claim]}, where="planted")
    rows = tuple(row._replace(n_test=items) for row in results.rows)
    results = replace(results, study=study, rows=rows)
    (verdict,) = judge_claims(claim_data(results), decide(evidence_of(results)).laws)
    return verdict


@pytest.mark.parametrize(
    ("claim", "images", "compute", "limit"),
    [(IMAGES, 0.0, 0.02, "compute-limited"), (COMPUTE, 0.02, 0.0, "data-limited")],
)
def test_the_limit_is_said_with_both_gains(
    claim: dict[str, Any], images: float, compute: float, limit: str
) -> None:
    verdict = judged(claim, images, compute)
    assert verdict.verdict == "no effect"
    assert verdict.limit == limit
    assert verdict.evidence.startswith(f"No effect: {limit} here, ")
    assert verdict.evidence.count("per doubling") == 1
    assert "images" in verdict.evidence
    assert "compute" in verdict.evidence


def test_an_effect_is_never_called_none() -> None:
    assert judged(IMAGES, 0.02, 0.0).verdict == "reproduced"
    assert judged(IMAGES, 0.005, 0.02).verdict in ("inconclusive", "reproduced")


def test_noise_and_few_test_items_leave_it_inconclusive() -> None:
    assert judged(IMAGES, 0.0, 0.02, noise=0.03).verdict == "inconclusive"
    assert judged(IMAGES, 0.0, 0.02, items=200).verdict == "inconclusive"


def test_a_claim_about_anything_else_has_no_regime() -> None:
    other = {**IMAGES, "test": "flat", "margin": 0.01}
    del other["each"]
    assert judged(other, 0.0, 0.02).verdict == "inconclusive"
