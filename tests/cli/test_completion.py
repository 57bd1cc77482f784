"""What a shell is offered: verbs, options, studies that ship, scales of the study named."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from datayield.cli import app
from datayield.spec.study import shipped_studies


def _offered(*words: str) -> set[str]:
    """What bash is told to offer for the last of the words."""
    typed = ["datayield", *words]
    env = {
        "_DATAYIELD_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
    }
    done = CliRunner(env=env).invoke(app, [], prog_name="datayield")
    return set(done.output.split())


def test_studies_that_ship() -> None:
    assert _offered("plan", "hammoud2024-b") == {"hammoud2024-budget"}
    assert _offered("status", "") == {path.stem for path in shipped_studies()}
    assert "bridge2025" in _offered("answer", "bri")


@pytest.mark.parametrize("verb", ["plan", "run", "status", "report", "answer"])
def test_scales_of_the_study(verb: str) -> None:
    assert _offered(verb, "hammoud2024-budget", "--scale", "p") == {"pocket", "paper"}


def test_scales_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("scales: {tiny: {}, huge: {}}")
    assert _offered("plan", "mine.yaml", "--scale", "") == {"tiny", "huge"}
    Path("broken.yaml").write_text("scales: [")
    assert _offered("plan", "broken.yaml", "--scale", "") == set()
    assert _offered("plan", "nosuch", "--scale", "") == set()


def test_verbs_and_options() -> None:
    assert {"plan", "status", "answer"} <= _offered("")
    assert _offered("plan", "demo", "--se") == {"--set", "--seconds"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_shown(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, shell))
    done = CliRunner().invoke(app, ["--show-completion"], prog_name="datayield")
    assert done.exit_code == 0, done.output
    assert "_DATAYIELD_COMPLETE" in done.output
