"""The committed grid of images, compute and labels: where each of them pays, on real images."""

from functools import cache
from pathlib import Path

import pytest

from datayield.analysis.evidence import Evidence, Setting
from datayield.analysis.evidence.tables import evidence_of_table
from datayield.analysis.levers import decide
from datayield.analysis.levers.lever import Lever

GRID = Path(__file__).parents[3] / "results/levers/pocket/table.csv"


@cache
def grid() -> Evidence:
    return evidence_of_table(GRID)


def levers_at(images: int, presented: int, labels: int) -> dict[str, Lever]:
    (card,) = decide(grid(), Setting(images, presented, labels, None)).cards
    return {lever.lever: lever for lever in card.levers}


def test_the_grid_is_whole() -> None:
    settings = {o.setting for o in grid().observations if o.pretrained_by == "us"}
    assert len(settings) == 4 * 4 * 3
    assert {o.task for o in grid().observations} == {"cifar10"}


@pytest.mark.parametrize(
    ("at", "pays", "does_not"),
    [
        ((128, 640_000, 10_000), "images", None),
        ((32, 10_000, 10_000), "compute", "images"),
        ((512, 160_000, 10_000), "compute", "images"),
        ((4096, 640_000, 100), "labels", "images"),
    ],
)
def test_each_lever_pays_somewhere(
    at: tuple[int, int, int], pays: str, does_not: str | None
) -> None:
    levers = levers_at(*at)
    assert levers[pays].low > 0
    if does_not is not None:
        assert levers[does_not].low <= 0 < levers[pays].gain - levers[does_not].gain


def test_few_labels_are_what_to_buy() -> None:
    answer = decide(grid(), Setting(4096, 640_000, 100, None))
    assert (answer.recommendation.lever, answer.recommendation.likely) == ("labels", "labels")
