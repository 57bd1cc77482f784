"""Whole pretraining with datayield and with other libraries, in turns: images per second.

    python benchmarks/peers.py --peer lightly=PYTHON --peer lightly-train=PYTHON
        --peer stable-pretraining=PYTHON [--shapes pocket resnet18] [--precisions fp32 bf16]
        [--seconds 10] [--rounds 5]

Each PYTHON is the interpreter of an environment in which that library is installed. Everything is
trained by `peer_steps.py` (SimCLR, two views; `pocket`: ConvNet of width 16, 16 px, batch 32;
`resnet18`: 32 px, batch 128). A peer's setting is the fastest of its threads, workers and, for
stable-pretraining, kinds of views in one short fp32 trial each. datayield runs alone with one
thread and with two, and as two runs side by side with a thread each, whose rates are added.

All processes start first, train for a moment and wait; then each round lets one after another train
for `--seconds`. With `--apart` one precision follows the other; a process of ResNet-18 has 2.3 GB.
Prints one JSON line per peer and shape, with [median, lowest, highest] of the rounds;
`times_as_fast` is of each round's own ratio. `busy_beside`: cores that something else kept busy
while all waited, at the start of each round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import cpu_name

from datayield.spec.environment import SPINS

HERE = Path(__file__).parent
TRIALS = {  # threads, workers; steps of ResNet-18 are long enough for two threads
    "pocket": [(2, 0), (2, 1), (2, 2), (1, 0), (1, 1), (1, 2)],
    "resnet18": [(2, 0), (2, 1), (2, 2)],
}
VIEWS = {"stable-pretraining": ["sample", "batch"]}
OURS = {"1 thread": (1, 1), "2 threads": (1, 2), "2 jobs": (2, 1)}  # processes, threads
PRECISIONS = ["fp32", "bf16"]
VERSION = "import importlib.metadata as m; print(m.version({!r}), m.version('torch'))"
Setting = tuple[int, int, str]  # threads, workers, views


class Trainer:
    """A process that trains when told to. As a context, it is ended at the end."""

    def __init__(
        self, python: str, library: str, shape: str, precision: str, setting: Setting
    ) -> None:
        threads, workers, views = setting
        command = [python, str(HERE / "peer_steps.py"), library, "--shape", shape]
        command += ["--precision", precision, "--workers", str(workers), "--views", views]
        self.scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        environment = os.environ | {
            "TMPDIR": self.scratch.name,
            "OMP_NUM_THREADS": str(threads),
            "LIGHTLY_TRAIN_EVENTS_DISABLED": "1",
            "WANDB_MODE": "disabled",
        }
        if library == "datayield":  # as its command line does before it imports torch
            environment["GOMP_SPINCOUNT"] = str(SPINS)
        else:
            environment.pop("PYTHONPATH", None)
        self.process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def go(self, seconds: float) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def rate(self) -> float:
        """Images per second since `go`; waits for the end of the segment."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"failed: {' '.join(map(str, self.process.args))}")
        return float(json.loads(line)["images_per_second"])

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.scratch.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--peer", action="append", default=[], metavar="LIBRARY=PYTHON")
    parser.add_argument("--shapes", nargs="+", choices=TRIALS, default=list(TRIALS))
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--apart", action="store_true", help="fp32 and bf16 one after the other")
    asked = parser.parse_args()
    peers = dict(each.split("=", 1) for each in asked.peer)
    versions = {name: version(python, name) for name, python in peers.items()}
    first = {"cpu": cpu_name(), "cores": os.cpu_count(), "versions": versions}
    print(json.dumps(first), flush=True)
    for shape in asked.shapes:
        trials = {name: trial(python, name, shape) for name, python in peers.items()}
        for precisions in (
            [[each] for each in asked.precisions] if asked.apart else [asked.precisions]
        ):
            for line in lines_of(shape, peers, trials, precisions, asked):
                print(json.dumps(line), flush=True)


def version(python: str, library: str) -> dict[str, str]:
    command = [python, "-c", VERSION.format(library)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return {library: said[0], "torch": said[1]}


def trial(python: str, library: str, shape: str) -> dict[Setting, float]:
    """Images per second of each setting, in fp32, of a few seconds."""
    rates = {}
    for views in VIEWS.get(library, ["sample"]):
        for threads, workers in TRIALS[shape]:
            setting = threads, workers, views
            trainer = Trainer(python, library, shape, "fp32", setting)
            try:
                trainer.go(3.0)
                rates[setting] = trainer.rate()
            finally:
                trainer.end()
    return rates


def lines_of(
    shape: str,
    peers: dict[str, str],
    trials: dict[str, dict[Setting, float]],
    precisions: list[str],
    asked: argparse.Namespace,
) -> list[dict[str, object]]:
    """One line per peer, all measured in the same rounds."""
    teams: dict[tuple[str, str], list[Trainer]] = {}
    try:
        for precision in precisions:
            for how, (count, threads) in OURS.items():
                teams[how, precision] = [
                    Trainer(sys.executable, "datayield", shape, precision, (threads, 0, "batch"))
                    for _ in range(count)
                ]
            for name, python in peers.items():
                best = max(trials[name], key=lambda setting: trials[name][setting])
                teams[name, precision] = [Trainer(python, name, shape, precision, best)]
        for team in teams.values():
            together(team, 2.0)
        rates: dict[tuple[str, str], list[float]] = {who: [] for who in teams}
        busy = []
        for turn in range(asked.rounds):
            busy.append(busy_cores())
            order = list(teams)
            for who in order if turn % 2 == 0 else reversed(order):
                rates[who].append(together(teams[who], asked.seconds))
    finally:
        for team in teams.values():
            for trainer in team:
                trainer.end()
    return [line_of(shape, name, trials[name], rates, busy) for name in peers]


def together(team: list[Trainer], seconds: float) -> float:
    """The sum of the rates of processes that train at the same time."""
    for trainer in team:
        trainer.go(seconds)
    return sum(trainer.rate() for trainer in team)


def busy_cores(seconds: float = 2.0) -> float:
    """How many cores were at work during the next seconds; Linux only."""
    before = cpu_times()
    time.sleep(seconds)
    spent = [late - early for early, late in zip(before, cpu_times(), strict=True)]
    idle = spent[3] + spent[4]  # idle, and waiting for a disk
    return round((os.cpu_count() or 1) * (1 - idle / max(sum(spent), 1)), 2)


def cpu_times() -> list[int]:
    first = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0]
    return [int(each) for each in first.split()[1:9]]


def line_of(
    shape: str,
    name: str,
    tried: dict[Setting, float],
    rates: dict[tuple[str, str], list[float]],
    busy: list[float],
) -> dict[str, object]:
    ours = [who for who in rates if who[0] in OURS]
    theirs = [who for who in rates if who[0] == name]
    ratios = {
        f"{how} {precision}": spread(rates[how, precision], rates[name, precision])
        for how, precision in ours
    }
    best_ours = max(ours, key=lambda who: statistics.median(rates[who]))
    best_theirs = max(theirs, key=lambda who: statistics.median(rates[who]))
    threads, workers, views = max(tried, key=lambda setting: tried[setting])
    return {
        "peer": name,
        "shape": shape,
        "setting": {"threads": threads, "workers": workers, "views": views},
        "images_per_second": {precision: spread(rates[name, precision]) for _, precision in theirs},
        "datayield": {" ".join(who): spread(rates[who]) for who in ours},
        "times_as_fast": ratios
        | {
            f"{' '.join(best_ours)} / {best_theirs[1]}": spread(
                rates[best_ours], rates[best_theirs]
            )
        },
        "busy_beside": busy,
        "trials": [
            {
                "threads": threads,
                "workers": workers,
                "views": views,
                "images_per_second": round(rate),
            }
            for (threads, workers, views), rate in tried.items()
        ],
    }


def spread(rates: list[float], others: list[float] | None = None) -> list[float]:
    """[median, lowest, highest] of rates, or of ratios to those of the same rounds."""
    ratios = rates if others is None else [a / b for a, b in zip(rates, others, strict=True)]
    digits = 1 if others is None else 2
    of = statistics.median(ratios), min(ratios), max(ratios)
    return [round(each, digits) for each in of]


if __name__ == "__main__":
    main()
