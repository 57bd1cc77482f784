"""How many tasks and methods a sentence is about: those that have a gain."""

import io
import re
from dataclasses import replace

from rich.console import Console

from datayield.analysis.evidence import Setting
from datayield.analysis.evidence.observations import Observation, World
from datayield.analysis.levers import (
    USELESS,
    Answer,
    Card,
    Experiment,
    FittedScore,
    Lever,
    Prices,
    Recommendation,
)
from datayield.analysis.text.deciding import experiment
from datayield.analysis.text.recommendation import (
    advice,
    reason,
    unjudged,
    where,
)
from datayield.report.terminal.answer import show_answer

CHOICE = Recommendation("images", 0.95, "images", 0.0)
LEVERS = (Lever("images", 1, 2, 0.01, 0.005, 0.015, None, 0.95),)
CARD = Card("flowers", "SimCLR", Setting(100, 1e4, None, None), None, CHOICE, LEVERS)
FEW = Card("", "BYOL", CARD.at, None, Recommendation("inconclusive", 0.0), few=True)


def answered(*cards: Card) -> Answer:
    return Answer(CHOICE, LEVERS, cards, Prices())


def test_tasks_measured_at_one_setting_are_not_among_those_of_the_mean() -> None:
    two = answered(CARD, replace(CARD, method="VICReg"), FEW, FEW)
    assert "(mean of 2 tasks and methods; 90% intervals)" in reason(two)
    assert unjudged(two).startswith("2 further tasks and methods were")
    assert unjudged(answered(CARD, FEW)).startswith("1 further task or method was")
    assert unjudged(answered(CARD)) == ""
    assert "mean of" not in reason(answered(CARD, FEW))


def test_the_terminal_shows_one_task_in_full_beside_some_that_are_not_judged() -> None:
    console = Console(width=80, file=io.StringIO(), record=True)
    show_answer(console, answered(CARD, FEW))
    told = console.export_text()
    assert "At 100 images, 10k presented" in told
    assert "1 further task or method was" in told
    assert "BYOL" not in told
    assert re.search(r"none of these +under 1%", told)


def test_the_score_stands_beside_that_without_pretraining() -> None:
    score = FittedScore(0.505, 0.493, 0.518)
    told = where(replace(CARD, score=score, untrained=0.429))
    assert told == (
        "At 100 images, 10k presented: 50.5% by the fitted law (49.3 to 51.8), "
        "42.9% without pretraining."
    )
    assert "without pretraining" not in where(replace(CARD, score=score))


def test_untrained_scores_are_those_with_as_many_labels() -> None:
    at = Setting(0, None, 25, None)
    free = [
        Observation("t", "", at._replace(labels=n), 0, score, pretrained_by="nobody")
        for n, score in ((25, 0.3), (400, 0.4), (None, 0.5))
    ]
    world = World("t", "SimCLR", (), (*free, free[0]._replace(pretrained_by="others", score=0.9)))
    assert world.untrained(25) == [0.3, 0.5]
    assert world.untrained(None) == [0.3, 0.4, 0.5]
    assert world.untrained(50) == [0.5]


def test_pretraining_that_brings_nothing_is_the_first_thing_said() -> None:
    held = Recommendation("inconclusive", 0.99, "stop", 0.0, 0.99)
    levers = (replace(LEVERS[0], gain=0.0, doubt=USELESS),)
    of = Answer(held, levers, (replace(CARD, recommendation=held, levers=levers),), Prices())
    assert advice(of) == (
        "Inconclusive: pretraining does not clearly beat an untrained encoder here"
    )
    assert "try larger images, a larger encoder or published weights" in reason(of)
    other = replace(of, levers=(replace(LEVERS[0], doubt="measured at two values only"),))
    assert "most likely nothing here is worth buying" in advice(other)


def test_a_proposed_run_says_what_it_takes_that_is_not_there() -> None:
    at = Setting(1800, 9e4, 360, None)
    more = Experiment(at._replace(images=3600, labels=720), 1, None, None, None)
    assert experiment(more, at) == (
        "1 run at 3.6k images, 90k presented, 720 labels, which takes 1.8k more images and 360 "
        "more labels: no such run has been measured"
    )
    longer = Experiment(at._replace(presented=1.8e5), 1, None, None, None)
    assert "takes" not in experiment(longer, at)
