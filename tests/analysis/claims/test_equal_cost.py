"""Claims at equal amounts, times to a score, and sides that differ in two axes; planted worlds."""

import math
from dataclasses import replace
from typing import Any

import pytest

from datayield.analysis.claims.verdicts import ClaimVerdict
from datayield.analysis.results.results import StudyResults
from datayield.spec.claims.claims import Correlates, Gain
from datayield.spec.run.run import RunSpec
from datayield.spec.validate import validated
from datayield.store.distances import DistanceRecord, MetricRecord
from tests.analysed import verdicts_of
from tests.analysis.cost.test_comparison import SEEDS, SIZES, by_images, worse_with_n
from tests.planted import planted

CONSTANT = {"lr": 0.001, "warmup": 0.0, "schedule": "constant"}
LADDER: dict[str, Any] = {"data.count": SIZES, "budget": [{"images": 32000}], "seed": SEEDS}
SHARES = (0.0625, 0.25, 1.0)


def _decide(results: StudyResults, **claim: Any) -> ClaimVerdict:
    raw = {"id": "C1", "test": "gain", "says": "x", "cites": "y", "of": "category",
           "over": "data.count", **claim}  # fmt: skip
    study = type(results.study).model_validate(
        {**results.study.model_dump(), "claims": [raw]}, strict=False
    )
    (verdict,) = verdicts_of(replace(results, study=study))
    return verdict


def test_at_equal_epochs_milestones_at_a_constant_rate_are_read() -> None:
    results = planted(LADDER, worse_with_n, SHARES, optim=CONSTANT)
    epochs = _decide(results, by="epochs")
    assert epochs.verdict == "reproduced"
    assert epochs.effect == pytest.approx(12, abs=1)  # 4 doublings of compute, less 4 of 2 points
    assert "at equal 20 epochs" in epochs.evidence
    images = _decide(results, by="images")
    assert images.verdict == "contradicted"
    assert images.effect == pytest.approx(-8, abs=1)
    pairs = _decide(results, by="epochs", **{"from": [100, 400], "to": [400, 1600]})
    assert pairs.parts == 2
    assert "80 epochs" in pairs.evidence or "20 epochs" in pairs.evidence


def test_where_the_schedule_forbids_it_is_not_asked() -> None:
    verdict = _decide(planted(LADDER, worse_with_n, SHARES), by="epochs")
    assert verdict.verdict == "not tested"
    assert "no milestone of these runs stands for a smaller budget" in verdict.evidence
    assert _decide(planted(LADDER, worse_with_n, SHARES), by="flops").verdict == "contradicted"
    ends = _decide(planted(LADDER, worse_with_n, optim=CONSTANT), by="epochs")
    assert ends.verdict == "not tested"
    assert "evaluated only at their ends" in ends.evidence


def test_a_conclusion_flips_under_what_is_held_equal() -> None:
    axes = LADDER | {"budget": [{"epochs": 20}, {"images": 32000}]}
    results = planted(axes, worse_with_n)  # a cosine: each budget is a run of its own
    verdict = _decide(results, test="flips_under", under="by", settings=["epochs", "images"])
    assert verdict.verdict == "reproduced"
    assert verdict.effect == pytest.approx(20, abs=1)
    assert "20 epochs and 32k images" in verdict.evidence
    none = _decide(planted(axes, by_images), test="flips_under", under="by",
                   settings=["epochs", "images"])  # fmt: skip
    assert none.verdict != "reproduced"


def _course(run: RunSpec, share: float) -> float:
    """A larger set learns as if it had twice the images by then."""
    return 0.2 + 0.05 * math.log2(share * run.images * (2 if run.data.count == 1600 else 1) / 1000)


def test_how_long_it_took_to_reach_a_score() -> None:
    shares = (0.0625, 0.125, 0.25, 0.5, 1.0)
    results = planted(LADDER, _course, shares, noise=0.0005)
    results = replace(results, rows=tuple(r._replace(n_test=10**8) for r in results.rows))
    for reach in (40, {"data.count": 100}):
        verdict = _decide(results, by="seconds", reach=reach, expect="fall")
        assert verdict.verdict == "reproduced", verdict.evidence
        assert verdict.effect == pytest.approx(-1, abs=0.06)  # a doubling
        assert "doublings of seconds" in verdict.evidence
    slower = {"from": 1600, "to": 100}
    assert _decide(results, by="flops", reach=40, expect="fall", **slower).verdict == "contradicted"
    # 100 images end at 45%: that they would have taken longer is known
    never = _decide(results, by="flops", reach=48, expect="fall")
    assert never.verdict == "reproduced"
    assert never.effect is not None
    assert never.effect > -1  # a bound: no more than it took in all
    nobody = _decide(results, by="flops", reach=90, expect="fall")
    assert nobody.verdict == "inconclusive"
    assert "order is unknown" in nobody.evidence


def test_what_was_there_before_its_first_milestone_cannot_be_the_slower() -> None:
    results = planted(LADDER, _course, (0.25, 0.5, 1.0), noise=0.0005)
    results = replace(results, rows=tuple(r._replace(n_test=10**8) for r in results.rows))
    verdict = _decide(results, by="flops", reach=32, expect="fall", **{"from": 100, "to": 1600})
    assert verdict.verdict == "inconclusive"  # both were there: neither time is known
    back = _decide(results, by="flops", reach=36, expect="rise", **{"from": 1600, "to": 100})
    assert back.verdict == "reproduced"
    assert _decide(results, by="flops", reach=36, expect="fall").verdict == "reproduced"


def test_sides_that_differ_in_two_axes() -> None:
    axes = LADDER | {"budget": [{"images": 16000}, {"images": 64000}]}
    results = planted(axes, worse_with_n)
    held = {"at_from": {"budget": "first"}, "at_to": {"budget": "last"}}
    verdict = _decide(results, **{"from": 1600, "to": 400}, **held)
    assert verdict.verdict == "reproduced"
    assert verdict.effect == pytest.approx(14, abs=1)  # 2 doublings of compute and of N
    assert "1600, budget first to 400, budget last" in verdict.evidence


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"by": "epochs", "where": {"budget": "first"}}, "remove it"),
        ({"by": "hours"}, "seconds"),
        ({"reach": 80}, "by: images"),
        ({"at_to": {"data.count": 100}}, "elsewhere"),
    ],
)
def test_what_makes_no_sense_is_refused(keys: dict[str, Any], words: str) -> None:
    raw = {"id": "C1", "test": "gain", "says": "x", "cites": "y", "of": "a", "over": "data.count"}
    with pytest.raises(Exception, match=words):
        validated(Gain, {**raw, **keys}, where="claims")


def _far(a: str, b: str, value: float, n: int = 2000) -> DistanceRecord:
    metric = MetricRecord(
        metric="fid", value=value, interval=None, null=None, halves=(None, None), unbiased=False
    )
    net: dict[str, Any] = {"encoder": "net", "identity": "net", "width": 8, "size": 64}
    about: dict[str, Any] = {"available": (n, n), "data_digests": ("", ""), "versions": {}}
    return DistanceRecord(a=a, b=b, n=n, metrics=(metric,), **net, **about)


def test_distances_that_are_measured_are_ranked_with_scores() -> None:
    results = planted(LADDER, by_images)
    names = ["e1", "e2", "e3", "e4", "e5", "e6", "e7"]
    (evaluation,) = results.study.evaluations
    evals = [{**evaluation.model_dump(), "name": n, "dataset": f"set {n}"} for n in names]
    study = type(results.study).model_validate(
        {**results.study.model_dump(), "evaluations": evals}, strict=False
    )
    rows = tuple(
        row._replace(eval=name, value=row.value - 0.05 * i)
        for row in results.rows
        for i, name in enumerate(names)
    )
    world = replace(results, study=study, rows=rows)
    claim = {"test": "correlates", "of": names, "with": {"distance": "fid"}, "expect": "negative",
             "over": None}  # fmt: skip
    assert isinstance(validated(Correlates, {"id": "C1", "says": "x", "cites": "y", **claim},
                                where="claims"), Correlates)  # fmt: skip
    lacking = _decide(world, **claim)
    assert lacking.verdict == "not tested"
    assert "datayield distance" in lacking.evidence
    own = rows[0].dataset
    near = tuple(_far(own, f"set {name}", 10.0 + i) for i, name in enumerate(names))
    worse = tuple(_far(f"set {name}", own, 1.0, n=100) for name in names[:3])
    verdict = _decide(replace(world, distances=(*worse, *near)), **claim)
    assert verdict.verdict == "reproduced"
    assert verdict.effect == pytest.approx(-1)
    assert "fid (net, 2,000 images per dataset) over 7 cells" in verdict.evidence
    assert _decide(replace(world, distances=near[:-1]), **claim).verdict == "not tested"
    by = claim | {"with": {"distance": "fid", "encoder": "weights:lite0"}}
    asked = _decide(replace(world, distances=near), **by)
    assert asked.verdict == "not tested"
    assert "with weights:lite0; run datayield distance" in asked.evidence
    theirs = tuple(each.model_copy(update={"encoder": "weights:lite0"}) for each in near)
    assert _decide(replace(world, distances=(*near, *theirs)), **by).verdict == "reproduced"
