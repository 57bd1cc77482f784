"""Every command that the tutorial and the how-to guides show runs and prints what they show."""

import os
import sys
from pathlib import Path

import pytest

from datayield import __version__
from tests.docs.command_server import served

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
from run_commands import FENCE, PAGES, Ran, Runner, commands, difference  # noqa: E402


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Ran]]:
    """All commands, run once: later pages use what earlier ones left."""
    runner = Runner(tmp_path_factory.mktemp("docs"))
    with served() as commands:
        runner.environment["PATH"] = f"{commands}{os.pathsep}{runner.environment['PATH']}"
        return {page.name: list(runner.page(page)) for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_shows_what_its_commands_print(page: Path, ran: dict[str, list[Ran]]) -> None:
    for done in ran[page.name]:
        where = f"{page.name}:{done.command.line}: {done.command.text}"
        if done.command.shown is None:
            assert done.code == 0, f"{where}\n{done.output}"
        else:
            told = difference(done.command.shown, done.output)
            assert told is None, f"{where}\n{told}\nrun: python docs/run_commands.py --write"


def test_the_installed_command_runs(tmp_path: Path) -> None:
    """The pages' commands are served by forks: this one is the script itself."""
    done = Runner(tmp_path).run(next(commands("sh", "datayield --version", "page.md", 1)))
    assert (done.code, done.output) == (0, __version__)


def test_few_commands_are_left_out() -> None:
    blocks = [fence["kind"] for page in PAGES for fence in FENCE.finditer(page.read_text())]
    assert blocks.count("sh no-run") <= 14
    assert blocks.count("console") + blocks.count("sh") >= 10


def test_every_shell_block_is_one_that_is_known() -> None:
    for page in PAGES:
        opened = [line for line in page.read_text().splitlines() if line.startswith("```")]
        for line in opened:
            language = line.removeprefix("```").split(" ")[0]
            assert language not in ("bash", "shell", "text-console"), f"{page.name}: {line}"
            if language in ("sh", "console"):
                assert line in ("```sh", "```console", "```sh no-run"), f"{page.name}: {line}"


def test_a_difference_is_told() -> None:
    assert difference("12 done, 3.5 s", "12 done, 9.1 s") is None
    assert difference("about 7 s, from", "about 18 s, 2 runs at once, from") is None
    assert difference("gain +7.4 points", "gain +7.6 points") is None
    assert difference("gain +7.4 points", "gain −7.4 points") is not None
    assert difference("the odds are 72%", "the odds are 73%") is None
    assert difference("the odds are 72%", "the odds are 90%") is not None
    assert difference("12 done", "11 done") is not None
    assert difference("flat", "rising") is not None


def test_commands_of_a_block() -> None:
    block = list(commands("console", "$ a b\nout\nmore\n$ c\n", "page.md", 1))
    assert [(c.text, c.shown) for c in block] == [("a b", "out\nmore"), ("c", "")]
