"""The best plan for a sum of money, against brute force over a fine grid of the same law."""

from itertools import product

import numpy as np
import pytest

from datayield.analysis.evidence import Evidence, Observation, Setting
from datayield.analysis.levers import FURTHEST, Answer, BestPlan, FoundPlan, Prices, decide
from datayield.analysis.levers.odds import TIE
from datayield.analysis.text.best_plan import plan_advice, plan_reasons
from tests.analysis.levers.made import compute_helps, evidence, images_help, nothing_helps, runs

PRICES = Prices(image=0.02, hour=150.0, label=0.1)  # an hour presents 1M images


def with_labels(per_label: float) -> Evidence:
    """Images, compute and labels limit alike, or labels not at all."""
    rng = np.random.default_rng(0)
    return Evidence(
        tuple(
            Observation(
                "task",
                "simclr",
                Setting(n, c, labels, None),
                seed,
                0.7
                - 0.05 * (n / 1000) ** -0.5
                - 0.05 * (c / 1e5) ** -0.5
                - per_label * (labels / 200) ** -0.5
                + rng.normal(0, 0.003),
                hours=c / 1e6,
            )
            for n, c, labels in product((250, 500, 1000), (25e3, 5e4, 1e5), (50, 100, 200))
            for seed in (0, 1)
        )
    )


def planned(answer: Answer) -> tuple[BestPlan, FoundPlan]:
    assert answer.best_plan is not None
    assert answer.best_plan.found is not None
    return answer.best_plan, answer.best_plan.found


@pytest.mark.parametrize("spend", [20.0, 60.0])
def test_no_plan_of_a_fine_grid_scores_more(spend: float) -> None:
    answer = decide(with_labels(0.05), prices=PRICES, spend=spend)
    _, found = planned(answer)
    grid = [
        Setting(int(n), c, int(labels), None)
        for n, c, labels in product(
            np.linspace(1000, 4000, 12), np.linspace(1e5, 4e5, 12), np.linspace(200, 800, 12)
        )
        if (n - 1000) * 0.02 + (c - 1e5) * 150e-6 + (labels - 200) * 0.1 <= spend
    ]
    scores = np.concatenate(
        [
            (1 - answer.laws[0].errors(grid[i : i + 100])).mean(axis=0)
            for i in range(0, len(grid), 100)
        ]
    )
    assert found.score.score >= scores.max() - TIE - 0.0005
    assert {each.lever for each in found.bought} == {"images", "compute", "labels"}


@pytest.mark.parametrize("spend", [7.0, 60.0, 500.0])
def test_what_is_bought_adds_up_to_its_cost(spend: float) -> None:
    _, found = planned(decide(with_labels(0.05), prices=PRICES, spend=spend))
    by_lever = {each.lever: each for each in found.bought}
    unit = {"images": 0.02, "compute": 150e-6, "labels": 0.1}
    for lever, each in by_lever.items():
        assert each.cost == pytest.approx(unit[lever] * (each.to - each.start))
        assert each.to <= FURTHEST * each.start * (1 + 1e-9)
    assert found.cost == pytest.approx(sum(each.cost for each in found.bought))
    assert found.cost <= spend * (1 + 1e-9)
    bought_hours = by_lever["compute"].hours if "compute" in by_lever else 0.0
    more = (found.setting.presented or 0) - 1e5
    assert bought_hours == pytest.approx(more / 1e6)


def test_useless_labels_are_not_bought() -> None:
    _, found = planned(decide(with_labels(0.0), prices=PRICES, spend=60.0))
    assert {each.lever for each in found.bought} == {"images", "compute"}
    assert found.setting.labels == 200
    assert found.odds is not None
    assert found.odds > 0.9
    assert found.over_single.score > 0


def test_where_one_lever_helps_it_alone_is_bought() -> None:
    for truth, lever in ((images_help, "images"), (compute_helps, "compute")):
        plan, found = planned(decide(evidence(truth), prices=PRICES, spend=40.0))
        assert [each.lever for each in found.bought] == [lever]
        assert found.single == lever
        assert found.odds is None
        assert plan.left_out == ("labels: not varied in the runs",)


def test_where_nothing_helps_nothing_is_bought() -> None:
    plan, found = planned(decide(evidence(nothing_helps), prices=PRICES, spend=40.0))
    assert (found.bought, found.cost) == ((), 0.0)
    assert found.setting == Setting(1000, 1e5, None, None)
    assert plan_advice(plan, PRICES) == "For 40: buy nothing"


def test_a_large_sum_stops_where_the_law_is_not_asked() -> None:
    plan, found = planned(decide(evidence(images_help), prices=PRICES, spend=1e6))
    (images,) = found.bought
    assert images.to <= 4000
    assert found.furthest == (("images",) if images.to >= 3960 else ())
    assert any("4 times the largest measured" in each for each in plan_reasons(plan, PRICES))
    far = decide(evidence(images_help), Setting(4000, 4e5, None, None), PRICES, 100.0).best_plan
    assert far is not None
    assert far.found is None
    assert all("is not extrapolated beyond" in each for each in far.left_out[:2])


def test_what_has_no_price_is_left_out_and_why() -> None:
    some = decide(evidence(images_help), prices=Prices(hour=150.0), spend=50.0).best_plan
    assert some is not None
    assert some.left_out[0].startswith("images: no price is known (--price image=...")
    none = decide(evidence(images_help), prices=Prices(), spend=50.0).best_plan
    assert none is not None
    assert none.found is None
    assert plan_advice(none, Prices()) == "No plan for 50"
    untimed = Evidence(tuple(r._replace(hours=None) for r in runs(images_help)))
    timeless = decide(untimed, prices=PRICES, spend=50.0).best_plan
    assert timeless is not None
    assert timeless.left_out[0].startswith("compute: the time of the runs is unknown")


def test_a_ladder_buys_images_with_their_training() -> None:
    ladder = tuple(
        run
        for n in (250, 500, 1000)
        for run in runs(images_help, sizes=(n,), budgets=(100.0 * n,), seed=n)
    )
    _, found = planned(decide(Evidence(ladder), prices=PRICES, spend=40.0))
    (images,) = found.bought
    assert images.cost == pytest.approx((0.02 + 100 * 150e-6) * (images.to - 1000))
    assert found.setting.presented == 100 * images.to
    assert images.hours == pytest.approx(100 * (images.to - 1000) / 1e6)
