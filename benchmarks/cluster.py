"""What limits a study of many runs on many nodes: a model of the cluster, with measured constants.

`python benchmarks/cluster.py` measures here what the driver spends on a run, what a durable record
in the store costs and how fast an image is decoded, then simulates 10,000 runs on 1, 8 and 64 nodes
(discrete events, no Ray), and prints a JSON line for each. `lost` is the share of the ideal time
that the study needs on top of it, and `without` how much of that time goes where one cost is
taken away: the largest of them is what limits. A minute on one core.
"""

import argparse
import heapq
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

SCALES = {"pocket": 60.0, "sprint": 600.0}  # seconds of a run
LOOK_SECONDS = 0.5  # between two looks of the driver at its mailbox
TRIES = 3  # of a measurement, of which the best counts: others may use the machine
SPREAD = 0.5  # of the logarithm of the seconds of a run: nearly all within a factor of 3


class Costs(NamedTuple):
    """Seconds, except where it says otherwise."""

    schedule: float  # of the driver, for a run that starts and ends
    look: float  # of the driver, for the news of one running task at each look
    record: float  # of the store, for a file that is written and synced
    records: int  # files per run, besides those of its saves
    image: float  # of one core, to decode an image
    images: int = 100_000  # that the study reads
    start: float = 0.0  # of a process per run, until its task begins; Ray keeps its workers
    between_losses: float = 0.0  # of each node, on average; 0: no node is lost
    saves: float = 60.0  # between two saves of a run, of two files each


class Cluster(NamedTuple):
    """Nodes, tasks at once on each, and cores of each that decode."""

    nodes: int
    slots: int = 8
    cores: int = 32


class Outcome(NamedTuple):
    """How a study went, in seconds."""

    seconds: float
    ideal: float  # as if all slots were busy with runs and nothing else
    busy_driver: float  # share of the time
    busy_store: float
    losses: int


def simulate(durations: list[float], cluster: Cluster, costs: Costs, seed: int = 0) -> Outcome:
    """Run the study: driver and store serve one after another, nodes decode when they first start.

    The driver hands a run to a free slot and looks for news in between; the run waits for its
    node's images, trains, and writes its records through the store, which serves all nodes.
    """
    rng, slots = random.Random(seed), cluster.nodes * cluster.slots
    looks = costs.look * slots / LOOK_SECONDS  # share of the driver's time
    handing = costs.schedule / max(1e-9, 1.0 - looks)
    waiting = deque(durations)
    # When a slot of a node is free (0 s), or has trained a run of so many seconds; in order, as
    # both servers serve.
    events = [(0.0, 0.0, slot % cluster.nodes) for slot in range(slots)]
    decoded: dict[int, float] = {}
    driver = store = took = 0.0
    losses, store_busy = 0, 0.0
    while events:
        now, length, node = heapq.heappop(events)
        if length:  # trained: what it saved meanwhile was written by and by
            writing = costs.record * (costs.records + 2 * length / costs.saves)
            store, store_busy = max(store, now) + writing, store_busy + writing
            took = max(took, store)
            heapq.heappush(events, (store, 0.0, node))
        elif waiting:
            seconds = waiting.popleft()
            driver = max(driver, now) + handing
            began = driver + costs.start
            if node not in decoded:
                decoded[node] = began + costs.image * costs.images / cluster.cores
            if costs.between_losses and rng.random() < seconds / costs.between_losses:
                losses += 1  # it goes on elsewhere from its last saved state
                seconds += rng.uniform(0.0, min(costs.saves, seconds)) + costs.start
            heapq.heappush(events, (max(began, decoded[node]) + seconds, seconds, node))
    driver_busy = costs.schedule * len(durations)
    return Outcome(
        took,
        sum(durations) / slots,
        driver_busy / took + looks,
        store_busy / took,
        losses,
    )


def runs(number: int, seconds: float, seed: int = 0) -> list[float]:
    """The seconds of runs of mixed sizes, in the order of a plan."""
    rng = random.Random(seed)
    return [seconds * rng.lognormvariate(-(SPREAD**2) / 2, SPREAD) for _ in range(number)]


def limits(durations: list[float], cluster: Cluster, costs: Costs) -> dict[str, float]:
    """How many seconds sooner the study ends where one of the costs is nothing."""
    whole = simulate(durations, cluster, costs).seconds
    without = {
        "scheduler": costs._replace(schedule=0.0, look=0.0),
        "store": costs._replace(record=0.0),
        "decoding": costs._replace(image=0.0),
        "starting": costs._replace(start=0.0),
        "lost nodes": costs._replace(between_losses=0.0),
    }
    saved = {
        name: whole - simulate(durations, cluster, less).seconds for name, less in without.items()
    }
    nothing = Costs(0.0, 0.0, 0.0, 0, 0.0, start=0.0)
    bare = simulate(durations, cluster, nothing)
    longest_first = simulate(sorted(durations, reverse=True), cluster, nothing)
    return saved | {
        "last runs": bare.seconds - bare.ideal,
        "last runs, longest first": longest_first.seconds - longest_first.ideal,
    }


def measured(folder: Path) -> Costs:
    """The constants of this machine and disk."""
    return Costs(
        schedule=min(_schedule(folder, 2_000) for _ in range(TRIES)),
        look=min(_look(folder, 64, 20) for _ in range(TRIES)),
        record=min(_record(folder, 200) for _ in range(TRIES)),
        records=12,  # spec, progress and state at a save, 2 checkpoints, check, cost, 5 results
        image=min(_image(200) for _ in range(TRIES)),
        start=min(_start() for _ in range(TRIES)),
    )


def _schedule(folder: Path, number: int) -> float:
    """Seconds of the scheduler for one of so many tasks that do nothing."""
    from threading import Event

    from rich.console import Console

    from datayield.run.job import Job, TaskEnd
    from datayield.run.progress import Display
    from datayield.run.scheduler import _execute
    from datayield.spec.run import RunSpec
    from datayield.store.folders import Store
    from datayield.store.plan import Plan, Task

    class Nowhere:
        slots, sharing = 512, 1

        def __init__(self) -> None:
            self.running: deque[str] = deque()

        def start(self, job: Job) -> None:
            self.running.append(job.task.spec.id)

        def poll(self) -> Iterator[tuple[str, TaskEnd]]:
            yield self.running.popleft(), TaskEnd("done")

        def stop(self) -> None: ...

        def close(self) -> None: ...

    spec = _spec(folder)
    said = spec.model_dump()
    each = [RunSpec.model_validate(said | {"seed": seed}) for seed in range(number)]
    assert len({run.id for run in each}) == number
    tasks = tuple(Task(run, str(run.seed), (), "missing", "", (), 1.0, None) for run in each)
    plan, quiet = Plan(tasks), Console(quiet=True)
    job, display = Job(tasks[0], Store(folder), "cpu", 60.0), Display(plan, quiet)
    began = time.perf_counter()
    _execute(plan, job, Nowhere(), Event(), display)
    return (time.perf_counter() - began) / number


def _spec(folder: Path) -> Any:
    from datayield.session import open_study
    from tests.run.engines.engines_runs import STUDY

    path = folder / "engines.yaml"
    path.write_text(STUDY.format(images=9600, seeds=[0]))
    return next(task.spec for task in open_study(str(path)).plan().todo if task.share_left > 0)


def _look(folder: Path, running: int, looks: int) -> float:
    """Seconds that one running task adds to a look into the mailbox."""
    from datayield.run.engines.mailbox import Mailbox
    from datayield.store.folders import Store

    mailbox = Mailbox(Store(folder))
    for number in range(running):
        (mailbox.folder / f"{number}.jsonl").touch()
    began = time.perf_counter()
    for look in range(looks):
        for number in range(running):
            with (mailbox.folder / f"{number}.jsonl").open("a") as file:
                file.write(f'{{"note": "{look}"}}\n')
        list(mailbox.new_events())
    mailbox.close()
    return (time.perf_counter() - began) / looks / running


def _record(folder: Path, number: int) -> float:
    from datayield.spec.atomic_files import write_json

    began = time.perf_counter()
    for k in range(number):
        write_json(folder / f"{k}.json", {"metrics": dict.fromkeys("abcdefgh", 0.5)})
    return (time.perf_counter() - began) / number


def _start() -> float:
    """Seconds until a new process could run a task: the imports."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import datayield.run.engines.node"], check=True)
    return time.perf_counter() - began


def _image(number: int) -> float:
    """Seconds to decode a photo of 256 x 256 pixels, as JPEG, to 64."""
    import io

    import numpy as np
    from PIL import Image

    from datayield.data.decoded.decode import decode

    smooth = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(smooth).resize((256, 256)).save(file, "jpeg", quality=90)
    began = time.perf_counter()
    for _ in range(number):
        decode(file.getvalue(), 64, "crop")
    return (time.perf_counter() - began) / number


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--nodes", type=int, nargs="*", default=[1, 8, 64])
    parser.add_argument("--new-processes", action="store_true", help="for each run, as Slurm does")
    parser.add_argument("--lost-hours", type=float, default=100.0, help="between losses of a node")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        costs = measured(Path(folder))._replace(between_losses=asked.lost_hours * 3600)
    _print({"measured": {name: float(f"{value:.3g}") for name, value in costs._asdict().items()}})
    if not asked.new_processes:
        costs = costs._replace(start=0.0)
    for scale, seconds in SCALES.items():
        durations = runs(asked.runs, seconds)
        for number in asked.nodes:
            went = simulate(durations, Cluster(number), costs)
            saved = limits(durations, Cluster(number), costs)
            _print(
                {
                    "scale": scale,
                    "runs": asked.runs,
                    "nodes": number,
                    "hours": round(went.seconds / 3600, 2),
                    "lost": round(went.seconds / went.ideal - 1, 4),
                    "busy_driver": round(went.busy_driver, 3),
                    "busy_store": round(went.busy_store, 3),
                    "losses": went.losses,
                    "without": {name: round(s / went.ideal, 4) for name, s in saved.items()},
                }
            )


def _print(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
