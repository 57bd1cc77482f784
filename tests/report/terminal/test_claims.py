"""The findings of a study in the terminal: a line each where it asks nothing else."""

import io

import pytest
from rich.console import Console

from datayield.report.terminal.claims import show_claims

KEPT = {
    "claims": [
        {"id": "G2", "says": "narrow projectors match wide ones " * 3, "verdict": "reproduced"},
        {"id": "G3", "says": "the best weight follows 1/d", "verdict": "inconclusive"},
    ],
    "tally": "claims: 1 reproduced, 1 inconclusive",
}


def shown(kept: dict[str, object], *, each: bool) -> list[str]:
    out = io.StringIO()
    show_claims(Console(file=out, width=80), kept, each=each)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_each_finding_with_its_verdict() -> None:
    lines = shown(KEPT, each=True)
    assert lines[0].startswith("reproduced    G2: narrow projectors")
    assert "inconclusive  G3: the best weight follows 1/d" in lines
    assert lines[-2:] == ["", "claims: 1 reproduced, 1 inconclusive"]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(("kept", "lines"), [(KEPT, [KEPT["tally"]]), ({}, [])])
def test_the_tally_alone(kept: dict[str, object], lines: list[str]) -> None:
    assert shown(kept, each=False) == lines
