"""What a planned design can decide: as the decision itself finds it, and in words."""

from itertools import product

import numpy as np
import pytest

from datayield.analysis import power
from datayield.analysis.levers import decide, lever, odds
from datayield.analysis.levers.odds import SURE
from datayield.analysis.model.law import fitted_law
from datayield.analysis.planned_power import planned_power
from datayield.analysis.power import detectable, run_noise
from datayield.report.terminal.power import power_json, power_words
from datayield.spec.study import Study
from datayield.spec.validate import validated
from tests.analysis.levers.made import evidence
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
    assert detectable(GRID[:1], 3, 0.01) == (None, None, False)
    assert detectable([], 3, 0.01) == (None, None, False)
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
