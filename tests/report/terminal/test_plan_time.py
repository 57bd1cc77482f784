"""What a time estimate rests on, in lines that fit a terminal of 80 columns."""

import io
from collections.abc import Iterator

from rich.console import Console

from datayield.report.terminal.measuring import show_measuring
from datayield.report.terminal.plan import time_words
from datayield.run.timing.plan_timing import Measuring
from datayield.store.estimate import TimeEstimate
from datayield.store.estimate_basis import EstimateBasis
from datayield.store.planned_time import PlannedTime, by_the_clock


def words(basis: EstimateBasis, jobs: int = 1) -> str:
    hour = TimeEstimate(1800.0, 3600.0, 7200.0, "measured")
    return time_words(PlannedTime(hour, jobs, float(jobs), basis))


def test_one_basis_is_one_phrase() -> None:
    span = "about 60 min (30 min to 2 h 00 min)"
    assert words(EstimateBasis(5, 0, 0, 0, 0, ())) == f"{span}, from runs on this machine"
    assert words(EstimateBasis(0, 1, 0, 0, 0, ())) == f"{span}, measured on this machine"


def test_several_have_a_line_each() -> None:
    assert words(EstimateBasis(0, 3, 0, 2, 0, ("convnet",)), 2).splitlines() == [
        "about 60 min (30 min to 2 h 00 min), 2 runs at once, by 5 kinds of work:",
        "  3 measured on this machine",
        "  2 scaled by FLOPs from convnet: wider range",
    ]
    assert words(EstimateBasis(0, 0, 0, 1, 0, ())).splitlines()[0].endswith("by 1 kind of work:")


def test_a_time_that_is_not_known_has_no_words() -> None:
    assert time_words(PlannedTime(None, 2, 1.7, EstimateBasis(0, 0, 0, 0, 1, ()))) == ""


def test_the_clock_goes_slower_than_the_work_of_two_processes() -> None:
    whole = by_the_clock(TimeEstimate(90.0, 160.0, 330.0, "runs"), 10, 1.7)
    assert whole[:3] == (100 / 1.7, 100.0, 200.0)
    assert whole.basis == "runs"


def test_measuring_says_how_far_it_came() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80)

    def two_of_three(deadline: float) -> Iterator[Measuring]:
        yield from (Measuring("simclr, convnet, batch 32", 1, 3), Measuring("knn", 2, 3))
        yield Measuring("", 2, 3)

    told = show_measuring(console, two_of_three, 60.0)
    assert (told["timed"], told["of"], told["limit_seconds"]) == (2, 3, 60.0)
    assert out.getvalue().splitlines() == [
        "measuring 1 of 3: simclr, convnet, batch 32 (0 s of 60 s)",
        "measuring 2 of 3: knn (0 s of 60 s)",
        "measured 2 of 3 kinds of work in 0 s, its limit; more time: --seconds 120",
    ]
