"""A study as evidence: what its rows become, and its prices."""

from dataclasses import replace

from datayield.analysis.findings import analyse
from datayield.analysis.levers import evidence_of
from datayield.spec.study import Prices
from tests.planted import planted

AXES = {
    "data.count": [250, 500, 1000],
    "budget": [{"images": 25_600}, {"images": 51_200}, {"images": 102_400}],
    "seed": [0, 1, 2],
}


def test_rows_become_observations_with_their_time() -> None:
    results = planted(AXES, lambda run, _: 0.5 + 0.0001 * (run.data.count or 0), noise=0.0)
    observations = evidence_of(results).observations
    assert len(observations) == 27
    first = next(o for o in observations if o.setting.images == 250 and o.seed == 0)
    assert first.method == "SimCLR"
    assert first.task == "category"
    assert first.hours is not None
    assert first.hours > 0


def test_the_prices_of_a_study_are_those_of_its_answer() -> None:
    results = planted(AXES, lambda run, _: 0.5 + 0.0001 * (run.data.count or 0))
    study = results.study.model_copy(update={"prices": Prices(image=0.02, hour=1.5)})
    levers = {each.lever: each for each in analyse(replace(results, study=study)).purchase.levers}
    assert levers["images"].cost == 20.0
    assert levers["compute"].cost is not None


def test_the_money_of_a_study_is_planned() -> None:
    results = planted(AXES, lambda run, _: 0.5 + 0.0001 * (run.data.count or 0))
    priced = {"prices": Prices(image=0.02, hour=1.5), "spend": 30.0}
    plan = analyse(
        replace(results, study=results.study.model_copy(update=priced))
    ).purchase.best_plan
    assert plan is not None
    assert plan.found is not None
    assert plan.found.cost <= 30.0
