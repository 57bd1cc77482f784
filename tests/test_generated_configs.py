"""Odd studies neither end in a traceback nor hang (more: `python -m tests.generated_configs`)."""

from pathlib import Path

from tests.generated_configs import LONGEST, generated, place, planned


def test_odd_studies_are_planned_or_refused(tmp_path: Path) -> None:
    with place(tmp_path):
        outcomes = [outcome for _, outcome in planned(generated(60, seed=7), tmp_path)]
    assert not [outcome.crashed for outcome in outcomes if outcome.crashed]
    assert {outcome.code for outcome in outcomes} == {0, 2}
    assert max(outcome.seconds for outcome in outcomes) < LONGEST


def test_the_same_seed_gives_the_same_studies() -> None:
    assert list(generated(20, seed=3)) == list(generated(20, seed=3))
    assert list(generated(20, seed=3)) != list(generated(20, seed=4))
