"""Published weights against one's own pretraining: better, worse, inconclusive, in a sentence."""

import pytest

from datayield.analysis.evidence import Evidence, Observation, Setting
from datayield.analysis.levers import decide
from datayield.analysis.text.recommendation import (
    advice,
    cost,
    published_of_cards,
    published_sentence,
    reason,
)
from datayield.spec.study import Prices
from tests.analysis.levers.made import images_help, nothing_helps, runs


def weights(score: float, task: str = "task", labels: int | None = None) -> Observation:
    setting = Setting(None, None, labels, None)
    return Observation(task, "lite0", setting, 0, score, 2000, "others")


@pytest.mark.parametrize(
    ("score", "says", "choice"),
    [
        (0.62, "Use the published weights (lite0): +11.9 points", "weights"),
        (0.40, "Pretraining on your own images beats the published weights (lite0)", "stop"),
        (0.501, "Inconclusive whether the published weights (lite0) are better", "stop"),
    ],
)
def test_the_three_cases(score: float, says: str, choice: str) -> None:
    answer = decide(Evidence((*runs(nothing_helps), weights(score))))
    (card,) = answer.cards
    sentence = published_sentence(card)
    assert sentence.startswith(says)
    assert sentence in reason(card)
    assert sentence in reason(answer)
    assert f"{100 * score:.1f}% against 50." in sentence
    assert "the odds that they are better: " in sentence
    assert (answer.recommendation.lever == "weights") == (choice == "weights")
    if choice == "weights":
        assert advice(answer) == "Use the published weights (lite0)"


def test_nothing_has_a_cost_where_no_price_is_known() -> None:
    answer = decide(Evidence((*runs(nothing_helps), weights(0.62))))
    lever = next(each for each in answer.levers if each.lever == "weights")
    assert cost(lever, Prices()) == ""
    assert cost(lever, Prices(image=0.02)) == "0.00"  # beside others that cost something


def test_one_setting_is_enough_to_compare() -> None:
    mine = runs(nothing_helps, sizes=(500,), budgets=(50_000,), seeds=4)
    answer = decide(Evidence((*mine, weights(0.62))))
    (card,) = answer.cards
    assert card.few
    assert published_sentence(card).startswith("Use the published weights (lite0): +12")
    assert answer.recommendation.lever == "weights"


def test_a_single_run_is_too_few() -> None:
    mine = runs(nothing_helps, sizes=(500,), budgets=(50_000,), seeds=1)
    answer = decide(Evidence((*mine, weights(0.62))))
    sentence = published_sentence(answer)
    assert sentence.startswith("Inconclusive whether the published weights (lite0) are better")
    assert "too few runs to estimate the noise" in sentence
    assert answer.recommendation.lever == "inconclusive"


def test_a_shift_of_a_seed_is_noise_of_the_comparison_though_not_of_the_sizes() -> None:
    """Three seeds of two sizes are enough; a seed that shifts both widens the interval."""
    at = [Setting(n, 12_800, None, None) for n in (300, 1200)]

    def width(shift: float) -> float:
        mine = [
            Observation("task", "simclr", each, s, 0.5 + shift * (s - 1) + 0.001 * (-1) ** (s + i))
            for i, each in enumerate(at)
            for s in range(3)
        ]
        (card,) = decide(Evidence((*mine, weights(0.7)))).cards
        assert published_sentence(card).startswith("Use the published weights (lite0): +")
        lever = next(each for each in card.levers if each.lever == "weights")
        return lever.high - lever.low

    assert width(0.03) > width(0.0) + 0.05


def test_only_scores_with_as_many_labels_are_compared() -> None:
    def labelled(labels: int) -> list[Observation]:
        return [
            each._replace(setting=each.setting._replace(labels=labels))
            for each in runs(nothing_helps, seed=labels)
        ]

    both = (*labelled(100), *labelled(400))
    answer = decide(Evidence((*both, weights(0.1, labels=100), weights(0.62, labels=400))))
    assert published_sentence(answer).startswith("Use the published weights (lite0): +11.9")
    other = decide(Evidence((*both, weights(0.62, labels=50))))
    assert published_sentence(other) == ""


def test_few_test_images_leave_a_small_difference_open() -> None:
    mine = runs(nothing_helps, noise=0.001)
    known = weights(0.52)
    sure = decide(Evidence((*mine, known._replace(items=100_000))))
    open_ = decide(Evidence((*mine, known._replace(items=50))))
    assert published_sentence(sure).startswith("Use the published weights")
    assert published_sentence(open_).startswith("Inconclusive")


def test_each_task_is_told_and_the_mean_of_all() -> None:
    made = (*runs(nothing_helps, task="a"), *runs(images_help, task="b", seed=3))
    answer = decide(Evidence((*made, weights(0.7, "a"), weights(0.2, "b"))))
    first, second = published_of_cards(answer)
    assert first.startswith("a, simclr: Use the published weights (lite0)")
    assert second.startswith("b, simclr: Pretraining on your own images beats")
    assert "against" not in published_sentence(answer)
