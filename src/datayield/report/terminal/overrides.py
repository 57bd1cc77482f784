"""The overrides of a study below its heading."""

from rich.console import Console
from rich.text import Text

from datayield.spec.study import Study, as_texts


def show_overrides(console: Console, study: Study) -> None:
    """A line with each `KEY=VALUE`; nothing for a study as its file has it."""
    if study.overrides:
        told = ", ".join(as_texts(study.overrides))
        console.print(Text.assemble(("set", "yellow"), f"  {told}"))
