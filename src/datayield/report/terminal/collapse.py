"""Runs that seem to have learned nothing, as text and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from datayield.store.collapse import Collapse, in_words

LINES = 6


def show_collapsed(console: Console, collapsed: Sequence[Collapse]) -> None:
    """One line a run, and what that means for the results; nothing where there is none."""
    for each in collapsed[:LINES]:
        console.print(Text.assemble(("warning", "yellow"), f"  {in_words(each)}"))
    if len(collapsed) > LINES:
        console.print(f"... and {len(collapsed) - LINES:,} more: see runs.csv", style="dim")
    if collapsed:
        one = len(collapsed) == 1
        runs = "1 run seems" if one else f"{len(collapsed):,} runs seem"
        console.print(
            f"{runs} to have learned nothing; the results include {'it' if one else 'them'}, "
            "marked. Look at the images, lower optim.lr, or try another method.",
            highlight=False,
        )


def collapse_json(collapse: Collapse) -> dict[str, Any]:
    """The signs and their numbers."""
    check = collapse.check
    return {
        "run": collapse.run,
        "label": collapse.label,
        "signs": list(collapse.signs),
        "check": check.model_dump(mode="json") if check else None,
        "scores": [score._asdict() | {"below": score.below} for score in collapse.scores],
    }
