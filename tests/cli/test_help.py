"""Help says what the source says: no bracket is taken for markup, no word is lost to a width."""

import click
import pytest
import typer
from typer.testing import CliRunner

from datayield.cli import app

GROUP = typer.main.get_command(app)
VERBS = sorted(GROUP.commands)  # type: ignore[attr-defined]


def _packed(text: str) -> str:
    """Without white space: where lines are broken does not matter."""
    return "".join(text.split())


def _help(monkeypatch: pytest.MonkeyPatch, columns: int, *verb: str) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = CliRunner().invoke(app, [*verb, "--help"])
    assert done.exit_code == 0
    return _packed(done.output)


def _texts(command: click.Command) -> list[str]:
    """What the source says of a verb, its arguments and its options."""
    said = [command.help, *(getattr(param, "help", None) for param in command.params)]
    return [text for text in said if text]


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("verb", VERBS)
def test_every_text_of_a_verb_survives(
    monkeypatch: pytest.MonkeyPatch, verb: str, columns: int
) -> None:
    command = GROUP.commands[verb]  # type: ignore[attr-defined]
    printed = _help(monkeypatch, columns, verb)
    for text in _texts(command):
        assert _packed(text) in printed
    for param in command.params:
        assert all(name in printed for name in param.opts if name.startswith("-"))


@pytest.mark.parametrize("columns", [80, 200])
def test_brackets_survive(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    assert "run:<id>[@share]" in _help(monkeypatch, columns, "distance")


@pytest.mark.parametrize("columns", [80, 200])
def test_the_list_of_verbs_names_all(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    printed = _help(monkeypatch, columns)
    assert _packed(GROUP.help or "") in printed
    for verb in VERBS:
        summary = (GROUP.commands[verb].help or "").split(".")[0]  # type: ignore[attr-defined]
        assert _packed(f"{verb} {summary}")[:40] in printed
