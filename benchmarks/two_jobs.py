"""Images per second of two cores: two jobs, stacks, bf16 and the compiler over one process.

    python benchmarks/two_jobs.py [--shapes pocket wide viny] [--methods simclr barlow_twins byol]
        [--ways plain compiled 4 8 16] [--rounds 5] [--seconds 2] [--before FOLDER]

Whole training steps of a shape of stack.py, `pocket` by default. Contenders, in turns: one process
with two threads, then two of a thread each, in fp32 and bf16, plain and compiled, or in fp32 with
so many runs each as one network; the rates of the two are summed. All are warm before the first
round, and those whose turn it is not wait without using a core. With `--before` the first is that
of an older source tree (`src` of a checkout of fdf3023, before views of several steps were made
together), and all ratios are to it. One JSON line a shape, method and contender: median images/s,
and median, least and largest of the ratios of a round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from machine import machine

Child = subprocess.Popen[str]
WARMUP = 64  # steps
FIRST = "one process"
WAYS = ("plain", "compiled", "4", "8", "16")  # numbers: of runs as one network


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shapes", nargs="*", default=["pocket"])
    parser.add_argument("--methods", nargs="*", default=["simclr", "barlow_twins", "byol"])
    parser.add_argument("--ways", nargs="*", default=["plain", "compiled"], choices=WAYS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--before", type=Path, help="src of an older checkout")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        raw, precision, way, seconds = asked.child
        child(json.loads(raw), precision, way, float(seconds))
        return
    import torch

    print(json.dumps({"machine": machine(torch.device("cpu"))}), flush=True)
    for shape in asked.shapes:
        for method in asked.methods:
            for line in lines_of(shape, method, asked):
                print(json.dumps({"shape": shape, "method": method} | line), flush=True)


def lines_of(shape: str, method: str, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What each contender does, all of them in turns."""
    from stack import raw_of

    raw, seconds = json.dumps(raw_of(shape, method)), str(asked.seconds)
    jobs = [
        (precision, way)
        for precision in ("fp32", "bf16")
        for way in asked.ways
        if precision == "fp32" or not way.isdigit()
    ]
    first = [raw, "fp32", "before" if asked.before else "plain", seconds]
    contenders = {FIRST: started([first], threads=2, source=asked.before)}
    for precision, way in jobs:
        job, told = [raw, precision, way, seconds], f"{way} stacked" if way.isdigit() else way
        contenders[f"two jobs, {precision}, {told}"] = started([job, job], threads=1)
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(asked.rounds):
        for name, children in contenders.items():
            rates[name].append(rate(children))
    for each in (each for children in contenders.values() for each in children):
        each.communicate()
    for name, each in rates.items():
        ratios = [a / b for a, b in zip(each, rates[FIRST], strict=True)]
        of = {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}
        line: dict[str, Any] = {"what": name, "rounds": asked.rounds}
        line |= {"images_per_second": round(statistics.median(each))}
        yield line | {"ratio": {key: round(value, 2) for key, value in of.items()}}


def started(jobs: list[list[str]], threads: int, source: Path | None = None) -> list[Child]:
    """A process a job, once all of them are warm. They wait without using a core."""
    env = os.environ | {"OMP_NUM_THREADS": str(threads)}
    if source is not None:
        env["PYTHONPATH"] = str(source.resolve())
    children = [
        subprocess.Popen(
            [sys.executable, __file__, "--child", *words],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for words in jobs
    ]  # fmt: skip
    for each in children:
        said(each)
    return children


def rate(children: list[Child]) -> float:
    """Images per second of all of them together."""
    for each in children:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    return sum(float(said(each)) for each in children)


def said(child: Child) -> str:
    """Its next line."""
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise SystemExit(f"a child ended with exit code {child.wait()}")
    return line


def child(raw: dict[str, Any], precision: str, way: str, seconds: float) -> None:
    """Says when it is warm; then, each time that it is told to go, its images per second."""
    take, images = steps_before(raw) if way == "before" else steps(raw, precision, way)
    for _ in range(-(-WARMUP * 32 // images)):
        take()
    print("warm", flush=True)
    for _ in sys.stdin:
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            take()
            done += images
        print(done / (time.perf_counter() - began), flush=True)


def steps(raw: dict[str, Any], precision: str, way: str) -> tuple[Callable[[], object], int]:
    """A call that makes a few steps, and the images that they take."""
    import torch

    from datayield.run.timing.stack_timing import stacked_stepper
    from datayield.run.timing.step_timing import stepper
    from datayield.spec.run import RunSpec

    spec = RunSpec.model_validate(raw | {"precision": precision}, strict=False)
    if way.isdigit():
        made = stacked_stepper(spec, int(way), torch.device("cpu"))
        return made.take, made.steps * spec.batch * int(way)
    made = stepper(spec, torch.device("cpu"), way == "compiled")
    return made.take, made.steps * spec.batch


def steps_before(raw: dict[str, Any]) -> tuple[Callable[[], object], int]:
    """A step by the functions that the loop of fdf3023 calls, with that loop's memory format."""
    from itertools import count

    import numpy as np
    import torch

    from datayield import methods
    from datayield.augment.views import make_views
    from datayield.data.decoded import rows_of
    from datayield.data.sampling import Resident
    from datayield.optim.build import build
    from datayield.run.loop.step import train_step
    from datayield.spec.run import RunSpec

    spec = RunSpec.model_validate(raw, strict=False)
    batch, shape = spec.batch, (4096, spec.data.size, spec.data.size, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images = Resident(rows_of(pixels), np.arange(4096), torch.device("cpu"))
    network = methods.build(spec).to(memory_format=torch.channels_last)
    optimizer, turns = build(network, spec.optim), count()

    def take() -> None:
        k = next(turns)
        views = make_views(images.batch(0, k, batch, slice(0, batch)), spec.views, 0, k, batch, 0)
        train_step(network, optimizer, spec, views, (), t=0.1, lr=1e-3, stream=k)

    return take, batch


if __name__ == "__main__":
    main()
