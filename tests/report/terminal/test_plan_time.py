"""What a time estimate rests on, in lines that fit a terminal of 80 columns."""

import io
from collections.abc import Iterator

from rich.console import Console

from datayield.report.terminal.measuring import show_measuring
from datayield.report.terminal.plan import basis_words
from datayield.run.timing.plan_timing import Measuring
from datayield.store.estimate_basis import EstimateBasis


def test_one_basis_is_one_phrase() -> None:
    assert basis_words(EstimateBasis(5, 0, 0, 0, 0, ())) == "from runs on this machine"
    assert basis_words(EstimateBasis(0, 1, 0, 0, 0, ())) == "measured on this machine"


def test_several_have_a_line_each() -> None:
    words = basis_words(EstimateBasis(0, 3, 0, 2, 0, ("convnet",)))
    assert words.splitlines() == [
        "by 5 kinds of work:",
        "  3 measured on this machine",
        "  2 scaled by FLOPs from convnet: wider range",
    ]
    assert basis_words(EstimateBasis(0, 0, 0, 1, 0, ())).splitlines()[0] == "by 1 kind of work:"


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
