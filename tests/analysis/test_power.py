"""What a planned design can decide: as the decision itself finds it, and in words."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from datayield.analysis import power
from datayield.analysis.evidence import Evidence
from datayield.analysis.levers import decide, lever, odds
from datayield.analysis.levers.odds import SURE
from datayield.analysis.model.law import fitted_law
from datayield.analysis.planned_power import planned_power
from datayield.analysis.power import detectable, run_noise
from datayield.analysis.text.recommendation import reason
from datayield.report.terminal.power import power_json, power_words
from datayield.spec.study import Study
from datayield.spec.validate import validated
from tests.analysis.levers.made import evidence, images_help, runs
from tests.made_study import study_of

GRID = tuple(product((250.0, 500.0, 1000.0), (25e3, 5e4, 1e5)))


def test_the_numbers_are_those_of_the_law_and_the_odds() -> None:
    assert (power.REACH, power.DRIFT) == (fitted_law.REACH, fitted_law.DRIFT)
    assert (power.WORTH, power.FEWEST, power.SPARE) == (odds.WORTH, lever.FEWEST, lever.SPARE)
    assert power.ALIKE == lever.ALIKE
    assert SURE == 0.9


@pytest.mark.parametrize(("times", "least", "most"), [(1.2, 5, 8), (0.3, 0, 2)])
def test_gains_above_it_are_recommended_and_far_below_they_are_not(
    times: float, least: int, most: int
) -> None:
    smallest = detectable(GRID, 3, 0.01).images
    assert smallest is not None
    amplitude = times * smallest / (1 - 2**-0.4)
    found = [
        decide(
            evidence(lambda n, c: 0.4 + amplitude * (n / 1000) ** -0.4, noise=0.01, seed=seed)
        ).recommendation.lever
        for seed in range(8)
    ]
    assert least <= found.count("images") <= most


def test_more_seeds_items_and_values_show_smaller_gains() -> None:
    by_seeds = [detectable(GRID, s, 0.02).images or 0.0 for s in (2, 3, 5, 10)]
    assert by_seeds == sorted(by_seeds, reverse=True)
    by_items = [detectable(GRID, 3, run_noise(n)).images or 0.0 for n in (100, 400, 10_000)]
    assert by_items == sorted(by_items, reverse=True)
    assert run_noise(105) == pytest.approx(0.058, abs=0.001)
    noiseless = detectable(GRID, 3, 0.0).images
    assert power.WORTH < (noiseless or 0.0) < 0.008


def test_what_no_design_could_recommend_has_no_gain() -> None:
    two_budgets = [p for p in GRID if p[1] > 25e3]
    assert detectable(two_budgets, 3, 0.01).compute is None
    assert detectable(GRID[:1], 3, 0.01) == (None, None, None, False)
    assert detectable([], 3, 0.01) == (None, None, None, False)
    ladder = detectable([(n, 100 * n) for n in (250, 500, 1000)], 3, 0.01)
    assert ladder.ladder
    assert ladder.images is not None
    assert ladder.compute is None
    assert detectable([(n, 100 * n) for n in (250, 500, 1000)], 1, 0.01).images is None


def test_a_study_is_told_what_it_can_decide() -> None:
    axes = {
        "data.count": [250, 500, 1000],
        "budget": [{"images": 25_600}, {"images": 51_200}, {"images": 102_400}],
        "seed": [0, 1],
    }
    study = validated(Study, study_of(axes), where="t")
    tests = {ev.spec.id: (1000, 105) for ev in study.evaluations}
    (told,) = planned_power(study, study.cells({}), tests)
    assert (told.n_test, told.seeds) == (105, 2)
    words = power_words(told)
    assert "105 test images, 2 seeds: gains under about" in words
    assert "points per doubling cannot be seen; 420 test images" in words
    assert "5 seeds to about" in words
    smallest = power_json(told)["smallest_gain"]
    assert smallest["images"] == pytest.approx(100 * (told.found.images or 0), abs=0.01)
    assert planned_power(study, study.cells({}), {}) == []
    assert np.isfinite(smallest["compute"])


def test_one_budget_and_a_long_ladder_need_larger_gains() -> None:
    sizes = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0)
    ladder = detectable([(n, 100 * n) for n in sizes], 2, 0.01).images or 0.0
    one_budget = detectable([(n, 25e3) for n in sizes], 2, 0.01).images or 0.0
    grid = detectable(list(product(sizes, (25e3, 5e4, 1e5))), 2, 0.01).images or 0.0
    assert 0.015 < grid < one_budget < ladder  # of which the first two say least
    assert 0.030 < ladder < 0.040


def test_what_a_long_ladder_is_told_is_recommended() -> None:
    sizes = (125, 250, 500, 1000, 2000, 4000)
    smallest = detectable([(float(n), 100.0 * n) for n in sizes], 2, 0.01).images or 0.0
    slope = 1.1 * smallest / np.log(2)
    found = [
        decide(
            Evidence(
                tuple(
                    run
                    for n in sizes
                    for run in runs(
                        lambda n, c: 0.4 - slope * np.log(n / 4000),
                        (n,),
                        (100.0 * n,),
                        seeds=2,
                        noise=0.01,
                        seed=100 * seed + n,
                    )
                )
            )
        ).recommendation.lever
        for seed in range(5)
    ]
    assert found.count("images") >= 3


def test_labels_are_a_lever_where_evaluations_are_a_ladder() -> None:
    none = detectable(GRID, 2, 0.01)
    told = detectable(GRID, 2, 0.01, (125, 250, 500))
    assert told[:2] == none[:2]
    assert none.labels is None
    assert detectable(GRID, 2, 0.01, (125, 250)).labels is None
    alone = detectable(GRID[:1], 5, 0.01, (125, 250, 500))
    assert alone[:2] == (None, None)
    assert told.labels is not None
    assert 0.01 < told.labels < (alone.labels or 0.0) < 0.03


def test_a_ladder_of_labels_is_told_once() -> None:
    of = {"protocol": "linear@1", "dataset": "digits", "label": "digit"}
    evals = [of | {"name": f"digit {k}", "label_fraction": k / 100} for k in (10, 30, 100)]
    axes = {"data.count": [250, 500], "seed": [0, 1, 2]}
    study = validated(Study, study_of(axes) | {"evaluations": evals}, where="t")
    tests = {ev.spec.id: (1000, 400) for ev in study.evaluations}
    (told,) = planned_power(study, study.cells({}), tests)
    assert told.task == "digit 100"
    assert told.found.labels is not None
    assert "nor any of images or compute (fewer than three values)" in power_words(told)
    assert power_json(told)["smallest_gain"]["images"] is None


def test_runs_that_decide_nothing_say_what_they_could_show() -> None:
    answer = decide(evidence(images_help, sizes=(500, 700, 1000), seeds=1, noise=0.03, seed=2))
    (card,) = answer.cards
    seen = card.visible
    assert seen is not None
    assert seen.with_seeds is not None
    assert seen.with_seeds[0] == 5
    assert 0.01 < seen.with_seeds[1] < seen.gain
    words = (
        f"These runs can show gains of about {100 * seen.gain:.1f} points per doubling; it would"
    )
    assert words in reason(answer)
    few_items = replace(card, visible=seen._replace(with_seeds=None, with_items=(8000, 0.1)))
    assert reason(few_items).endswith("it would take 8,000 test images to show 10.")
    assert decide(evidence(images_help)).cards[0].visible is None
    assert "can show" not in reason(decide(evidence(images_help)))
