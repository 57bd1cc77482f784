"""A study's findings and their verdicts, for a terminal of 80 columns."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

STYLES = {"reproduced": "green", "contradicted": "red"}


def show_claims(console: Console, kept: Mapping[str, Any], *, each: bool) -> None:
    """The tally of `claims.json`; with `each`, first a line for each finding."""
    if each and kept.get("claims"):
        table = Table.grid(padding=(0, 2))
        for claim in kept["claims"]:
            verdict = claim["verdict"]
            said = f"{claim['id']}: {claim['says']}"
            table.add_row(Text(verdict, style=STYLES.get(verdict, "")), Text(said))
        console.print(table, highlight=False)
        console.print()
    if tally := kept.get("tally"):
        console.print(tally, highlight=False, markup=False)
