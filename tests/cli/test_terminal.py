"""Odd terminals and environments: the output arrives, or the exit code says that it did not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from datayield.cli.terminal import CLOSED, prepare
from datayield.spec.environment import cache_dir, home_dir, process_rank
from datayield.spec.errors import ConfigError


@pytest.mark.parametrize(
    ("columns", "kept"), [("0", None), ("²", None), ("abc", None), ("1", "40"), ("9999", "500")]
)
def test_a_width_is_usable(monkeypatch: pytest.MonkeyPatch, columns: str, kept: str | None) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    prepare()
    assert os.environ.get("COLUMNS") == kept


def test_a_minus_is_a_minus_in_ascii() -> None:
    prepare()
    assert "• −1.6 ± 0.2 × é 漢".encode("ascii", "datayield") == b"* -1.6 +/- 0.2 x e ?"


@pytest.mark.parametrize("arguments", [["ls", "methods"], ["ls", "methods", "--json"]], ids=str)
def test_a_full_device_and_a_closed_pipe(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "datayield", *arguments]
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1
        assert done.stderr.startswith("error: cannot write the output")
    reader, writer = os.pipe()
    os.close(reader)
    closed = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (closed.returncode, closed.stderr) == (CLOSED, "")


@pytest.mark.parametrize(
    "variables",
    [{"RANK": "abc"}, {"WORLD_SIZE": "x"}, {"WORLD_SIZE": "0"}, {"RANK": "2", "WORLD_SIZE": "2"}],
    ids=str,
)
def test_ranks_that_are_none_are_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=next(iter(variables))):
        process_rank()


def test_without_a_home_the_variable_to_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(*_: Path) -> Path:
        raise RuntimeError

    monkeypatch.delenv("DATAYIELD_CACHE", raising=False)
    monkeypatch.setattr(Path, "expanduser", no_home)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(ConfigError, match="set DATAYIELD_CACHE"):
        cache_dir()
    assert home_dir() is None
