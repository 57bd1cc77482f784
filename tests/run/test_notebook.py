"""Progress in a notebook: one output that is drawn again, and text as Python prints it."""

import re
from typing import Any

import IPython.display
import pytest

from datayield.run.loop import Tick
from datayield.run.notebook import NotebookConsole, in_notebook
from datayield.run.progress import Display
from datayield.session import open_study
from tests.conftest import Call


class Handle:
    """What `display` returns: keeps what the output was made of."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    def update(self, html: Any) -> None:
        self.drawn.append(html.data)


def test_bars_are_drawn_in_place(
    datayield: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handle = Handle()
    monkeypatch.setattr(IPython.display, "display", lambda *_, **__: handle)
    plan = open_study("tiny.yaml").plan()
    display, task = Display(plan, NotebookConsole()), plan.todo[-1]
    display.start(task)
    for step in range(1, 20):
        display.show(task, Tick(step, 20, 1234.0, 0.0, 1.0))
    display.say("a line")
    display.finish(task)
    display.close()
    first, *_, last = (re.sub("<[^>]*>", "", html) for html in handle.drawn)
    assert first.startswith("0 of 11 done, 1 running")
    assert last.startswith("1 of 11 done in ")
    assert len(handle.drawn) < 8  # not at each step
    assert capsys.readouterr() == ("a line\n", "")


def test_this_is_no_notebook() -> None:
    assert not in_notebook()
