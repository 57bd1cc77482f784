"""One study on every engine, with workers killed half-way, and its tables compared.

`python -m tests.run.engines.engines_runs` prints wall times and the digest of table.csv of: one by
one, two commands at once, `--jobs 2`, the same with a worker killed, Ray with two workers one of
which is killed, and Slurm's engine on submitit's local cluster: with a job that is warned of its
end, with jobs of a minute, which are warned after 30 s, requeued and resumed, and in this
process (debug). All with one thread each. Longer runs meet the limit.
"""

import argparse
import hashlib
import json
import os
import signal
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from datayield.spec.atomic_files import read_json
from tests.forked import Command

STUDY = """
study: engines
question: does it matter where the runs are made?
base:
  data: {{dataset: "sprites?n=300&n_test=300", size: 16}}
  encoder: {{name: convnet, size: 16, width: 4}}
  views: {{recipe: mild, size: 16}}
  method: {{name: simclr, projector: [16, 16]}}
  optim: {{lr: 1e-3}}
  batch: 32
  budget: {{images: {images}}}
axes:
  data.count: [60, 240]
  seed: {seeds}
evaluations:
  - {{name: texture, protocol: knn@1, dataset: "sprites?n=300&n_test=300", size: 16,
     label: texture, at: [0.5, 1.0]}}
  - {{name: representation, protocol: spectrum@1, dataset: "sprites?n=300&n_test=300", size: 16}}
"""
BY_TWO = ("--jobs", "2")
BY_RAY = (*BY_TWO, "--executor", "ray")
BY_SLURM = (*BY_TWO, "--executor", "slurm", "--slurm", "cluster=local")


def environment(folder: Path) -> dict[str, str]:
    """One thread for each process, and a cache of the folder's own."""
    env = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "DATAYIELD_CACHE": str(folder / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    env.pop("RAY_ADDRESS", None)
    return env


def start(folder: Path, store: str, *options: str, ray_address: str = "") -> Command:
    """`datayield run engines.yaml` of the folder, with one thread for each run."""
    command = ["run", "engines.yaml", "--store", store, "--save-every", "0.2", *options]
    address = {"RAY_ADDRESS": ray_address} if ray_address else {}
    return Command(*command, environment=environment(folder) | address, folder=folder)


def signal_one(store: Path, number: int, ended: Command) -> str:
    """Send a signal to the process that holds the first run seen to have saved; the run's id."""
    while ended.poll() is None:
        for progress in store.glob("runs/*/progress.json"):
            lock = read_json(progress.with_name("lock.json"))
            step = (read_json(progress) or {"step": 0})["step"]
            if lock and step > 0:
                os.kill(lock["pid"], number)
                return progress.parent.name
        time.sleep(0.01)
    raise AssertionError(f"it ended before a worker could be signalled: {ended.wait()}")


def times_resumed(store: Path) -> int:
    """Times that runs were continued from a saved state."""
    return sum((read_json(p) or {})["resumed"] for p in store.glob("runs/*/spent.json"))


def stacked(store: Path) -> list[tuple[int, str]]:
    """Of each run, in how large a stack it was trained, and the digest of its weights."""
    records = [read_json(path) or {} for path in sorted(store.glob("runs/*/spent.json"))]
    return [(record["stacked"], record["weights"]) for record in records]


def finished(process: Command) -> str:
    """What it said; AssertionError where it failed."""
    said = process.wait(900)
    assert process.poll() == 0, said
    return said


def table(folder: Path, store: str) -> bytes:
    """The table of results. It holds no times: those are in the report's provenance."""
    return (folder / store / "studies" / "engines" / "table.csv").read_bytes()


def _main() -> None:
    parser = argparse.ArgumentParser(description="One study on every engine")
    parser.add_argument("--images", type=int, default=64000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="cases whose name has this text; and one by one")
    asked = parser.parse_args()
    cases: list[tuple[str, tuple[str, ...], int | None, str | None]] = [
        ("one by one", (), None, None),
        ("jobs 2", BY_TWO, None, None),
        ("two commands at once", (), None, None),
        ("jobs 2, a worker killed", BY_TWO, signal.SIGKILL, None),
        ("ray, two workers, one killed", BY_RAY, signal.SIGKILL, "ray"),
        ("slurm (local), a job warned", BY_SLURM, signal.SIGUSR2, "submitit"),
        ("slurm (local), a minute each", (*BY_SLURM, "--slurm", "time=1"), None, "submitit"),
        ("slurm (debug)", (*BY_SLURM[:-1], "cluster=debug"), None, "submitit"),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        folder, tables = Path(scratch), set()
        text = STUDY.format(images=asked.images, seeds=list(range(asked.seeds)))
        (folder / "engines.yaml").write_text(text)
        for i, (name, options, number, needs) in enumerate(cases):
            if i and asked.only not in name:
                continue
            if needs and find_spec(needs) is None:
                print(json.dumps({"engine": name, "skipped": f"{needs} is not installed"}))  # noqa: T201
                continue
            began = time.monotonic()
            process = start(folder, str(i), *options)
            if name == "two commands at once":
                start(folder, str(i)).wait(900)
            hit = signal_one(folder / str(i), number, process) if number else None
            said = process.wait(3600)
            if name == "two commands at once":  # each leaves the other's runs alone
                said = finished(start(folder, str(i)))
            assert not process.poll() or "two" in name, said
            made = table(folder, str(i))
            tables.add(made)
            line = {
                "engine": name,
                "seconds": round(time.monotonic() - began, 1),
                "table": hashlib.sha256(made).hexdigest()[:16],
                "rows": made.count(b"\n") - 1,
                "signalled": hit,
                "started_again": said.count("restarted"),
                "resumed": times_resumed(folder / str(i)),
            }
            print(json.dumps(line), flush=True)  # noqa: T201
    print(json.dumps({"tables_identical": len(tables) == 1}))  # noqa: T201
    raise SystemExit(len(tables) != 1)


if __name__ == "__main__":
    _main()
