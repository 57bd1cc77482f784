"""A notebook: where it prints, and one output of a cell that is drawn again in place.

Rich shows live bars in a notebook only by ipywidgets; a display that is updated needs nothing.
"""

import io
import time
import warnings
from typing import Any

from rich.console import Console, RenderableType

WIDTH = 96  # columns
PAUSE = 0.4  # seconds between drawings
_PRE = '<pre style="line-height: 1.3; margin: 0">{code}</pre>'


def in_notebook() -> bool:
    """Whether this is a cell of a notebook."""
    return Console().is_jupyter


class NotebookConsole(Console):
    """Prints as Python does, into the text of the cell: of rich, each line is an output."""

    def __init__(self) -> None:
        # Of tqdm, which timm imports, in each notebook without ipywidgets; no bar of it is shown.
        warnings.filterwarnings("ignore", "IProgress not found")
        super().__init__(force_jupyter=False, force_terminal=False, width=WIDTH)


class Canvas:
    """One output of the cell, drawn again from time to time."""

    def __init__(self) -> None:
        from IPython.display import HTML, display

        self._html = HTML
        self._handle: Any = display(HTML(""), display_id=True)
        self._drawn = -PAUSE

    def draw(self, what: RenderableType, *, now: bool = False) -> None:
        """Show it in place of what is there, unless that was just drawn."""
        if not now and time.monotonic() - self._drawn < PAUSE:
            return
        paper = Console(
            file=io.StringIO(),
            record=True,
            force_jupyter=False,
            force_terminal=True,
            color_system="truecolor",
            width=WIDTH,
        )
        paper.print(what)
        self._handle.update(self._html(paper.export_html(inline_styles=True, code_format=_PRE)))
        self._drawn = time.monotonic()
