"""What is recommended in worlds whose law is known, and when nothing is."""

from pathlib import Path
from statistics import median

import pytest

from datayield.analysis.evidence import Evidence, Observation, Setting
from datayield.analysis.evidence.tables import evidence_of_table
from datayield.analysis.levers import Prices, decide
from datayield.analysis.levers.odds import odds_of
from datayield.analysis.text.deciding import deciding_runs, experiment
from tests.analysis.levers.made import (
    Truth,
    compute_helps,
    evidence,
    images_help,
    nothing_helps,
    runs,
)


@pytest.mark.parametrize(
    ("truth", "lever"),
    [(images_help, "images"), (compute_helps, "compute"), (nothing_helps, "stop")],
)
def test_the_lever_that_helps_is_recommended(truth: Truth, lever: str) -> None:
    answer = decide(evidence(truth))
    assert answer.recommendation.lever == lever
    assert answer.recommendation.probability > 0.9
    (card,) = answer.cards
    assert card.at == Setting(1000, 1e5, None, None)
    assert not card.would_decide
    for each in card.levers:
        more = (2000, 1e5) if each.lever == "images" else (1000, 2e5)
        gain = truth(1000, 1e5) - truth(*more)
        assert each.low - 0.002 <= gain <= each.high + 0.002
        assert (each.start, each.to) == ((1000, 2000) if each.lever == "images" else (1e5, 2e5))


def test_flat_worlds_rarely_make_anyone_buy() -> None:
    bought = [decide(evidence(nothing_helps, seed=s)).recommendation.lever for s in range(20)]
    assert set(bought) <= {"stop", "inconclusive"}


def test_noise_hides_what_helps_and_more_runs_would_decide() -> None:
    answer = decide(evidence(images_help, sizes=(500, 700, 1000), seeds=1, noise=0.03, seed=2))
    (card,) = answer.cards
    assert answer.recommendation.lever == "inconclusive"
    assert card.would_decide
    odds = [each.odds or 0.0 for each in card.would_decide]
    assert odds == sorted(odds)
    assert odds[0] > answer.recommendation.probability
    assert all(each.hours is not None for each in card.would_decide)


def test_a_lever_measured_at_two_values_is_not_recommended() -> None:
    answer = decide(evidence(compute_helps, budgets=(50_000, 100_000)))
    assert answer.recommendation.lever == "inconclusive"
    assert answer.recommendation.likely == "compute"
    doubts = {each.lever: each.doubt for each in answer.levers}
    assert doubts == {"images": "", "compute": "compute was measured at two values only"}
    (more,) = answer.cards[0].would_decide
    assert (more.setting.presented, more.odds) == (200_000, None)


def test_nobody_is_told_to_stop_where_compute_was_not_varied() -> None:
    answer = decide(evidence(nothing_helps, budgets=(100_000,)))
    assert answer.recommendation.lever == "inconclusive"
    assert answer.recommendation.likely == "stop"
    assert answer.cards[0].unvaried == ("compute", "labels")
    (more,) = answer.cards[0].would_decide
    assert more.setting == Setting(1000, 200_000.0, None, None)


def test_a_ladder_at_fixed_epochs_has_one_lever_for_both() -> None:
    ladder = tuple(
        run
        for n in (250, 500, 1000)
        for run in runs(images_help, sizes=(n,), budgets=(100.0 * n,), seed=n)
    )
    (card,) = decide(Evidence(ladder)).cards
    assert [(each.lever, each.with_compute) for each in card.levers] == [("images", True)]


def test_published_weights_are_an_alternative() -> None:
    published = Observation(
        "task", "resnet", Setting(0, None, None, None), None, 0.9, 2000, "others"
    )
    answer = decide(Evidence((*runs(images_help), published)))
    assert answer.recommendation.lever == "weights"
    answer = decide(Evidence((*runs(images_help), published._replace(score=0.3))))
    assert answer.recommendation.lever == "images"


def test_prices_decide_between_levers_that_both_help() -> None:
    def both(n: float, c: float) -> float:
        return 0.2 + 0.1 * (n / 1000) ** -0.5 + 0.1 * (c / 1e5) ** -0.5

    dear_images = decide(evidence(both), prices=Prices(image=1.0, hour=1.0))
    dear_hours = decide(evidence(both), prices=Prices(image=0.001, hour=1000.0))
    assert dear_images.recommendation.lever == "compute"
    assert dear_hours.recommendation.lever == "images"
    costs = {each.lever: each.cost for each in dear_images.levers}
    assert costs == {"images": 1000.0, "compute": pytest.approx(0.1)}


def test_the_setting_asked_about_may_be_incomplete() -> None:
    answer = decide(evidence(images_help), at=Setting(250, None, None, None))
    (card,) = answer.cards
    assert card.at == Setting(250, 1e5, None, None)
    images = next(each for each in card.levers if each.lever == "images")
    assert images.gain == pytest.approx(images_help(250, 0) - images_help(500, 0), abs=0.01)


def test_one_setting_tells_nothing() -> None:
    answer = decide(evidence(images_help, sizes=(1000,), budgets=(1e5,)))
    assert answer.recommendation.lever == "inconclusive"
    assert answer.cards[0].few
    assert decide(Evidence(())).cards == ()


def test_many_small_worlds_decide_together() -> None:
    """Three sizes, one seed each: no world alone is sure, all of them are."""
    made = tuple(
        run
        for i in range(12)
        for run in runs(images_help, budgets=(1e5,), seeds=1, noise=0.012, seed=i, task=f"task {i}")
    )
    answer = decide(Evidence(made))
    assert answer.recommendation.lever == "images"
    assert len(answer.cards) == 12
    widths = [each.high - each.low for card in answer.cards for each in card.levers]
    (overall,) = answer.levers
    assert overall.high - overall.low < 0.5 * median(widths)


def test_a_handful_of_runs_without_repeats_decides_nothing() -> None:
    answer = decide(evidence(images_help, budgets=(1e5,), seeds=1, noise=0.0))
    assert answer.recommendation.lever == "inconclusive"
    (card,) = answer.cards
    assert card.levers[0].doubt == "there are too few runs to estimate the noise"
    (more,) = card.would_decide
    assert (more.setting, more.runs) == (card.at, 3)


def test_what_does_not_beat_the_untrained_encoder_decides_nothing() -> None:
    nothing = Setting(0, None, None, None)
    untrained = Observation("task", "convnet", nothing, 0, 0.501, 2000, "nobody")
    answer = decide(Evidence((*runs(nothing_helps), untrained)))
    assert answer.recommendation.lever == "inconclusive"
    assert "untrained" in answer.levers[0].doubt
    answer = decide(Evidence((*runs(nothing_helps), untrained._replace(score=0.45))))
    assert answer.recommendation.lever == "stop"


def test_a_ladder_costs_its_images_and_their_training() -> None:
    ladder = tuple(
        run
        for n in (250, 500, 1000)
        for run in runs(images_help, sizes=(n,), budgets=(100.0 * n,), seed=n)
    )
    (both,) = decide(Evidence(ladder), prices=Prices(image=0.1, hour=10.0)).levers
    assert both.cost == pytest.approx(100 + 10 * 0.1)
    (alone,) = decide(Evidence(ladder), prices=Prices(image=0.1)).levers
    assert alone.cost is None


def test_a_view_takes_time_as_another_does(tmp_path: Path) -> None:
    """A run at the largest setting takes 16 hours: its double, of images or views, 16 more."""
    rows = [
        f"{n},{v},{n * v / 2000},{100},{31 + 3 * i + 2.5 * j + 0.1 * (i * j)}"
        for i, n in enumerate((1000, 2000, 4000))
        for j, v in enumerate((2, 4, 8))
    ]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["images,views,hours,epochs,score", *rows]))
    of = decide(evidence_of_table(table), None, Prices(hour=2, image=0.01), 40)
    assert {each.lever: each.cost for each in of.levers} == pytest.approx(
        {"images": 40 + 32, "views": 32}
    )
    assert of.best_plan is not None
    assert any(why.startswith("views: ") for why in of.best_plan.left_out)


def test_few_test_images_leave_a_gain_less_certain() -> None:
    wide, narrow = (
        decide(Evidence(tuple(o._replace(items=n) for o in runs(compute_helps))))
        for n in (50, 50_000)
    )
    for few, many in zip(wide.levers, narrow.levers, strict=True):
        assert few.high - few.low > 1.2 * (many.high - many.low)


def test_a_lever_that_costs_next_to_nothing_must_help_to_be_best() -> None:
    """Odds of the levers and of stopping are those of all that can happen, whatever the prices."""
    prices = Prices(image=1.0, hour=1e-6)
    for truth in (images_help, nothing_helps):
        of = decide(evidence(truth, noise=0.01), prices=prices)
        stop = odds_of(of.pulls[0]).stop
        total = stop + sum(lever.probability for lever in of.levers)
        assert total == pytest.approx(1.0, abs=0.03)
    assert decide(evidence(images_help), prices=prices).recommendation.likely == "images"


def test_few_test_images_limit_what_many_seeds_can_tell() -> None:
    few = tuple(
        run._replace(items=20)
        for run in runs(lambda n, c: 0.55 - 0.006 * (n / 500), seeds=8, noise=0.004, seed=3)
    )
    answer = decide(Evidence(few))
    assert answer.recommendation.lever == "inconclusive"
    first = answer.cards[0].would_decide[0]
    assert first.test_images == 80
    assert first.item_share > 0.5
    words = experiment(first, answer.cards[0].at)
    assert words.startswith("80 test images: the draw of the existing ones makes up")
    assert "of the variance of the gain, so further seeds would hardly narrow it" in words
    many = decide(Evidence(tuple(run._replace(items=20_000) for run in few)))
    assert all(each.test_images is None for each in many.cards[0].would_decide)
    two = decide(Evidence((*few, *(run._replace(task="other") for run in few))))
    assert deciding_runs(two.cards)[0].startswith("80 test images, more than further seeds, for 2")
