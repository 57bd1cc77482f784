"""The selection ledger on planted courses, where what each criterion must choose is known."""

import dataclasses

import pytest

from datayield.analysis.decision.checkpoints import (
    BEST_ON_TEST,
    LAST,
    LOSS,
    VALIDATION,
    criteria,
    ledgers,
)
from tests.simulated import simulate, with_milestones

SHARES = (0.25, 0.5, 0.75, 1.0)
# Seed 0 is best at 0.5, seed 1 at 0.75; both end lower.
TEST = [[0.50, 0.60, 0.58, 0.52], [0.40, 0.50, 0.56, 0.51]]
VAL = [[0.50, 0.55, 0.59, 0.50], [0.40, 0.60, 0.55, 0.50]]  # misled by one milestone each
TASK = {"accuracy": TEST, "accuracy_val": VAL}
STATE = {
    "effective_rank": [[9, 8, 7, 6], [6, 9, 8, 7]],
    "alpha_req": [[1.4, 0.7, 1.2, 0.5], [0.2, 0.9, 0.5, 2.0]],
    "projection_lidar": [[1, 2, 3, 4], [4, 4, 1, 1]],
}


def by_name(results) -> dict:  # type: ignore[no-untyped-def, type-arg]
    (ledger,) = ledgers(results)
    return {choice.by: choice for choice in ledger.choices}


def test_every_criterion_scores_what_it_chose() -> None:
    results = with_milestones(
        {"category": TASK, "spectrum": STATE}, SHARES, losses=[3.0, 1.0, 2.0, 4.0]
    )
    choices = by_name(results)
    scores = {by: [v for _, v in choice.score.values] for by, choice in choices.items()}
    assert scores == {
        LAST: [0.52, 0.51],
        VALIDATION: [0.58, 0.50],
        "highest effective rank": [0.50, 0.50],
        "alpha-ReQ nearest 1": [0.58, 0.50],
        "highest LiDAR of projections": [0.52, 0.40],  # equals: the earliest
        LOSS: [0.60, 0.50],
        BEST_ON_TEST: [0.60, 0.56],
    }
    assert next(iter(choices)) == LAST
    assert list(choices)[-1] == BEST_ON_TEST
    assert choices[VALIDATION].shares.values == ((0, 0.75), (1, 0.5))


def test_gaps_are_means_over_seeds_of_what_each_run_misses() -> None:
    choices = by_name(with_milestones({"category": TASK}, SHARES))
    assert choices[LAST].gap.mean == pytest.approx((0.08 + 0.05) / 2)
    assert choices[VALIDATION].gap.mean == pytest.approx((0.02 + 0.06) / 2)
    assert choices[BEST_ON_TEST].gap.mean == 0
    assert (choices[LAST].gap.low, choices[LAST].gap.high) == pytest.approx((0.05, 0.08))


def test_a_transfer_task_is_also_chosen_by_the_validation_of_the_data_pretrained_on() -> None:
    away = {"accuracy": [[0.3, 0.2, 0.1, 0.0]] * 2, "accuracy_val": [[0.3, 0.2, 0.1, 0.0]] * 2}
    results = with_milestones({"category": TASK, "away": away}, SHARES)
    evs = results.study.evaluations
    moved = (evs[0], evs[1].model_copy(update={"dataset": "cifar10"}))
    study = results.study.model_copy(update={"evaluations": moved})
    results = dataclasses.replace(results, study=study)
    home, transfer = ledgers(results)
    names = [choice.by for choice in transfer.choices]
    assert names == [LAST, VALIDATION, f"{VALIDATION} of category", BEST_ON_TEST]
    assert [v for _, v in transfer.choices[2].score.values] == [0.1, 0.2]
    assert [choice.by for choice in home.choices] == [LAST, VALIDATION, BEST_ON_TEST]


def test_a_criterion_with_a_hole_is_left_out() -> None:
    holed = with_milestones({"category": TASK, "spectrum": STATE}, SHARES)
    kept = tuple(
        row
        for row in holed.rows
        if not (row.metric == "alpha_req" and row.share == 0.5 and row.seed == 1)
    )
    choices = by_name(dataclasses.replace(holed, rows=kept))
    assert "alpha-ReQ nearest 1" not in choices
    assert "highest effective rank" in choices


def test_the_untrained_encoder_is_no_milestone() -> None:
    task = {name: [[0.99, *course] for course in TASK[name]] for name in TASK}
    with_0 = with_milestones({"category": task}, (0.0, *SHARES))
    assert ledgers(with_0) == ledgers(with_milestones({"category": TASK}, SHARES))
    two = with_milestones({"category": {"accuracy": [[0.1, 0.2]]}}, (0.0, 1.0))
    assert ledgers(two) == []


def test_a_run_without_all_milestones_takes_no_part() -> None:
    results = with_milestones({"category": TASK}, SHARES)
    kept = tuple(row for row in results.rows if not (row.seed == 1 and row.share == 1.0))
    choices = by_name(dataclasses.replace(results, rows=kept))
    assert [seed for seed, _ in choices[LAST].score.values] == [0]


def test_one_share_has_no_ledger_and_sizes_have_one_each() -> None:
    assert ledgers(simulate()) == []
    many = ledgers(with_milestones({"category": TASK}, SHARES, sizes=(250, 1000)))
    assert [ledger.n for ledger in many] == [250, 1000]
    assert criteria(many) == [LAST, VALIDATION, BEST_ON_TEST]


def test_two_evaluations_of_one_metric_are_told_apart() -> None:
    results = with_milestones(
        {"category": TASK, "seen": {"rankme": STATE["effective_rank"]}, "unseen": {"rankme": TEST}},
        SHARES,
    )
    choices = by_name(results)
    assert {"highest RankMe (seen)", "highest RankMe (unseen)"} <= choices.keys()
    assert choices["highest RankMe (unseen)"].gap.mean == 0
