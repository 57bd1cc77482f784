"""All benchmarks that make sense on a CPU, in about a quarter of an hour, as one dated file.

    python benchmarks/run.py [--minutes 15] [--repetitions 3] [--only step] [--out FOLDER]

Runs each command of `COMMANDS` in a fresh process, all of them once per repetition, so that a slow
minute of the machine touches all alike; no command starts once the time is over, and each may take
at most `--limit` seconds. Writes FOLDER/all_<date>_<time>.jsonl: first the machine and the commit,
then every line that a benchmark printed, with its command and repetition, and one line per command
with its whole seconds. `benchmarks/compare.py` compares two such files.
"""

import argparse
import datetime
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from machine import machine

HERE = Path(__file__).parent
COMMANDS = (  # without peers, each within a minute on two cores
    "threads.py --busy 0 --shapes pocket --waiting default --seconds 2 --repetitions 1",
    "stack.py --shapes pocket --counts 4 --seconds 0.5 --repetitions 1",
    "step.py --alone --encoder convnet --seconds 1 --segments 3",
    "growth.py --seconds 0.5 --segments 3",
    "augment.py --alone --repetitions 3",
    "decode.py --images 300 --size 64 --repetitions 3",
    "probe.py --share 0.2",
    "index.py --images 10000000 --repetitions 1",
    "study.py --runs 1000 --repeat 1",
)
Line = dict[str, object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--limit", type=float, default=180.0, help="seconds for one command")
    parser.add_argument("--only", default="", help="commands that contain this")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    asked = parser.parse_args()
    chosen = [command for command in COMMANDS if asked.only in command]
    if not chosen:
        raise SystemExit(f"--only {asked.only}: in none of {', '.join(COMMANDS)}")
    now = datetime.datetime.now(datetime.UTC)
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / f"all_{now:%Y-%m-%d_%H%M}.jsonl"
    end = time.monotonic() + 60 * asked.minutes
    with path.open("w", encoding="utf-8") as file:
        first: Line = {"machine": machine(torch.device("cpu")), "commit": commit()}
        file.write(json.dumps(first | {"started": now.isoformat(timespec="seconds")}) + "\n")
        for repetition in range(asked.repetitions):
            for command in chosen:
                if time.monotonic() > end:
                    break
                for line in lines_of(command, asked.limit):
                    file.write(json.dumps(line | {"repetition": repetition}) + "\n")
                    file.flush()
    print(path)


def lines_of(command: str, limit: float) -> Iterator[Line]:
    """What one benchmark printed, and how long it took; a failure is a line too."""
    began = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, *command.split()],
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield {"command": command, "failed": f"took more than {limit:g} s"}
        return
    for printed in done.stdout.splitlines():
        if printed.startswith("{"):
            yield {"command": command, "line": json.loads(printed)}
    if done.returncode:
        yield {"command": command, "failed": done.stderr.strip().splitlines()[-1:]}
        return
    whole = round(time.perf_counter() - began, 3)
    yield {"command": command, "line": {"whole": command, "seconds": whole}}


def commit() -> str:
    """The commit of the code, with "+" where files differ from it; "" outside a repository."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip()


if __name__ == "__main__":
    main()
