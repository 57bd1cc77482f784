"""Run the commands that the tutorial and the how-to guides show, and compare or renew their output.

A block marked `console` holds commands after `$` and what they print; one marked `sh` commands
alone, which must succeed. A `yaml` or `python` block titled with a file name writes that file.
Blocks marked `sh no-run` are not run. All pages share one folder and one
store, in the order of `PAGES`.

    python docs/run_commands.py --write    # renew the output that the pages show
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parent
PAGES = [
    DOCS / "tutorial/first-study.md",
    DOCS / "tutorial/own-images.md",
    *sorted((DOCS / "how-to").glob("*.md")),
]
FENCE = re.compile(
    r"(?ms)^```(?P<kind>console|sh(?: no-run)?|(?:yaml|python) title=\"(?P<file>[^\"]+)\")\n"
    r"(?P<body>.*?)^```$"
)
DURATION = re.compile(r"\d+(\.\d+)? (s|min|h|minutes?|seconds?|hours?)\b( left)?|\?(?=$|\n)")
AT_ONCE = re.compile(r", \d+ runs at once")  # as many as pay, by times measured on this machine
PROGRESS = re.compile(r"(?m)^(\[\d+/\d+\] .*?)  \d+%.*$")
NUMBER = re.compile(r"[+−-]?\d+\.\d+|\d+(?=%)")


class Command(NamedTuple):
    """One command of a page: its text, the output that the page shows (None: not shown)."""

    page: str
    line: int
    text: str
    shown: str | None


class Ran(NamedTuple):
    """A command that ran: what it printed, and how long it took."""

    command: Command
    code: int
    output: str
    seconds: float


class Runner:
    """Runs the blocks of pages in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        scripts = str(Path(sys.executable).parent)
        source = str(DOCS.parent / "src")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DATAYIELD_")}
        self.environment = kept | {
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": source,
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "96",
            "DATAYIELD_CACHE": str(folder / "cache"),
        }

    def page(self, page: Path) -> Iterator[Ran]:
        """Write the files of a page and run its commands, in order."""
        for found in FENCE.finditer(page.read_text(encoding="utf-8")):
            if found["file"]:
                (self.folder / found["file"]).write_text(found["body"], encoding="utf-8")
            elif found["kind"] != "sh no-run":
                line = page.read_text(encoding="utf-8")[: found.start()].count("\n") + 1
                for command in commands(found["kind"], found["body"], page.name, line):
                    yield self.run(command)

    def run(self, command: Command) -> Ran:
        """Run one command in the folder of the pages."""
        start = time.perf_counter()
        done = subprocess.run(
            ["bash", "-c", command.text],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        output = done.stdout.replace(f"{self.folder}/", "")
        output = PROGRESS.sub(r"\1", output)
        output = "\n".join(line.rstrip() for line in output.splitlines())
        return Ran(command, done.returncode, output, time.perf_counter() - start)


def commands(kind: str, body: str, page: str, line: int) -> Iterator[Command]:
    """The commands of one block, with the output that stands below each."""
    if kind == "sh":
        yield Command(page, line, body, None)
        return
    for chunk in re.split(r"(?m)^\$ ", body)[1:]:
        text, _, shown = chunk.partition("\n")
        yield Command(page, line, text, shown.rstrip("\n"))


def difference(shown: str, printed: str) -> str | None:
    """What differs but for durations and for the noise of other processors in scores; or None."""
    texts = [
        AT_ONCE.sub("", DURATION.sub("TIME", " ".join(text.split()))) for text in (shown, printed)
    ]
    words = [NUMBER.sub("#", text) for text in texts]
    if words[0] != words[1]:
        return f"the page shows\n{shown}\nand the command prints\n{printed}"
    pairs = zip(*(NUMBER.findall(text) for text in texts), strict=True)
    for told, real in pairs:
        a, b = (float(text.replace("−", "-")) for text in (told, real))
        if abs(a - b) > 1.0 + 0.1 * abs(a):
            return f"the page shows {told} and the command prints {real}"
    return None


def write(folder: Path) -> None:
    """Renew every output that the pages show."""
    runner = Runner(folder)
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for ran in runner.page(page):
            shown = ran.command.shown
            print(f"{ran.seconds:6.2f} s  {page.name}: {ran.command.text.splitlines()[0]}")  # noqa: T201
            if shown is not None:
                head = f"$ {ran.command.text}\n"
                old = head + (f"{shown}\n" if shown else "")
                text = text.replace(old, head + (f"{ran.output}\n" if ran.output else ""), 1)
            elif ran.code:
                raise SystemExit(f"{page.name}: {ran.command.text}\n{ran.output}")
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    with tempfile.TemporaryDirectory() as scratch:
        write(Path(scratch))
