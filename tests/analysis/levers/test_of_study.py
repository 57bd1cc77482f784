"""A study as evidence: what its rows become, and its prices."""

from dataclasses import replace

from datayield.analysis.findings import analyse
from datayield.analysis.levers import decide, evidence_of
from datayield.analysis.levers.of_study import settings_of
from datayield.spec.run import RunSpec
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


VIEW = {"scale": [0.2, 1.0]}
WITH_VIEWS = {
    "run": [
        {"name": f"{v} views of {n}", "data": {"count": n}, "views": [{"count": v, **VIEW}]}
        for n in (250, 500, 1000)
        for v in (2, 4, 8)
    ],
    "seed": [0, 1, 2],
}


def views_help(run: RunSpec, _: float) -> float:
    return 0.7 - 0.2 * run.view_count**-0.5 - 0.5 * (run.data.count or 0) ** -0.5


def test_runs_that_differ_in_views_are_one_law() -> None:
    results = planted(WITH_VIEWS, views_help, method={"name": "barlow_twins"})
    evidence = evidence_of(results)
    assert {o.method for o in evidence.observations} == {"Barlow Twins"}
    assert {o.setting.views for o in evidence.observations} == {2, 4, 8}
    (card,) = decide(evidence).cards
    levers = {each.lever: each for each in card.levers}
    views = levers["views"]
    assert (views.start, views.to) == (8, 16)
    true = 0.2 * (8**-0.5 - 16**-0.5)
    assert views.low - 0.003 <= true <= views.high + 0.003
    cells = results.study.cells({})
    before = settings_of(cells)
    assert {(o.method, o.setting) for o in evidence.observations} == set(before.values())


def test_pending_runs_of_several_encoders_belong_to_their_law() -> None:
    results = planted(
        AXES | {"encoder.width": [8, 16]}, lambda run, _: 0.5 + 0.01 * (run.encoder.width or 0)
    )
    named = tuple(row._replace(encoder=f"convnet {row.axes_label}") for row in results.rows)
    results = replace(results, rows=named)
    methods = {o.method for o in evidence_of(results).observations}
    assert methods == {"SimCLR, encoder.width=8", "SimCLR, encoder.width=16"}
    assert {method for method, _ in settings_of(results.study.cells({})).values()} == methods


def test_views_at_equal_compute_cost_images_presented() -> None:
    axes = {
        "data.count": [500],
        "views": [[{"count": v, **VIEW}] for v in (2, 4, 8)],
        "budget": [{"images": 25_600}, {"images": 51_200}, {"images": 102_400}],
        "seed": [0, 1, 2],
    }

    def score(run: RunSpec, _: float) -> float:
        return 0.7 - 0.1 * run.view_count**-0.5 - 20.0 * run.images**-0.5

    results = planted(axes, score, method={"name": "barlow_twins"})
    (views,) = (x for x in decide(evidence_of(results)).levers if x.lever == "views")
    assert views.equal_compute is not None
    true = 0.1 * (8**-0.5 - 16**-0.5) - 20.0 * (51_200**-0.5 - 102_400**-0.5)
    assert views.equal_compute.low - 0.004 <= true <= views.equal_compute.high + 0.004
    assert views.equal_compute.score < 0 < views.gain


def test_views_with_other_augmentations_stay_apart() -> None:
    runs = [
        {"name": "2 weak", "views": [{"count": 2, "scale": [0.8, 1.0]}]},
        {"name": "4 strong", "views": [{"count": 4, **VIEW}]},
    ]
    results = planted({"run": runs, "data.count": [250, 500], "seed": [0]}, views_help,
                      method={"name": "barlow_twins"})  # fmt: skip
    observations = evidence_of(results).observations
    assert {o.method for o in observations} == {"Barlow Twins, 2 weak", "Barlow Twins, 4 strong"}
    assert {o.setting.views for o in observations} == {None}
