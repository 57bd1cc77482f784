"""Images per second of two cores: what two jobs, bf16 and the compiler bring over one process.

    python benchmarks/two_jobs.py [--methods simclr barlow_twins byol] [--rounds 5] [--seconds 4]
        [--before FOLDER]

Whole training steps of the pocket shape (16 px, a ConvNet of width 16, batch 32). Contenders, in
turns: one process as runs are by themselves, then two of a thread each, in fp32 and bf16, plain
and compiled; the rates of the two are summed. Processes wait for each other before the clock runs.
With `--before` the first is that of an older source tree with two threads (`src` of a checkout of
fdf3023, before views of several steps were made together), and all ratios are to it. One JSON line
a method and contender: median images/s, and median, least and largest of the ratios of a round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from machine import machine

WARMUP = 64  # steps
FIRST = "one process"
JOBS = [(precision, way) for precision in ("fp32", "bf16") for way in ("plain", "compiled")]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--methods", nargs="*", default=["simclr", "barlow_twins", "byol"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--before", type=Path, help="src of an older checkout")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(*asked.child)
        return
    import torch

    print(json.dumps({"machine": machine(torch.device("cpu"))}), flush=True)
    seconds = str(asked.seconds)
    for method in asked.methods:
        rates: dict[str, list[float]] = {}
        for _ in range(asked.rounds):
            first = [method, "fp32", "before" if asked.before else "plain", seconds]
            rates.setdefault(FIRST, []).append(rate([first], threads=2, source=asked.before))
            for precision, way in JOBS:
                job = [method, precision, way, seconds]
                rates.setdefault(f"two jobs, {precision}, {way}", []).append(rate([job, job], 1))
        for name, each in rates.items():
            ratios = [a / b for a, b in zip(each, rates[FIRST], strict=True)]
            told = {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}
            line: dict[str, Any] = {"method": method, "what": name, "rounds": asked.rounds}
            line |= {"images_per_second": round(statistics.median(each))}
            line |= {"ratio": {key: round(value, 2) for key, value in told.items()}}
            print(json.dumps(line), flush=True)


def rate(children: list[list[str]], threads: int, source: Path | None = None) -> float:
    """Images per second of all children together, once all of them are warm."""
    env = os.environ | {"OMP_NUM_THREADS": str(threads)}
    if source is not None:
        env["PYTHONPATH"] = str(source.resolve())
    running = [
        subprocess.Popen(
            [sys.executable, __file__, "--child", *words],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for words in children
    ]  # fmt: skip
    total = 0.0
    for turn in ("warm up", "go"):
        if turn == "go":
            for process in running:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
        for process in running:
            assert process.stdout is not None
            said = process.stdout.readline()
            if not said:
                raise SystemExit(f"a child ended with exit code {process.wait()}")
            total += float(said) if turn == "go" else 0.0
    for process in running:
        process.wait()
    return total


def child(method: str, precision: str, way: str, seconds: str) -> None:
    """Says when it is warm; once told to go, its images per second."""
    take, images = steps_before(method) if way == "before" else steps(method, precision, way)
    for _ in range(-(-WARMUP * 32 // images)):
        take()
    print("warm", flush=True)
    sys.stdin.readline()
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < float(seconds):
        take()
        done += images
    print(done / (time.perf_counter() - began), flush=True)


def steps(method: str, precision: str, way: str) -> tuple[Callable[[], object], int]:
    """A call that makes a few steps, and the images that they take."""
    import torch
    from stack import spec_of

    from datayield.run.timing.step_timing import stepper

    spec = spec_of("pocket", method).model_copy(update={"precision": precision})
    made = stepper(spec, torch.device("cpu"), way == "compiled")
    return made.take, made.steps * spec.batch


def steps_before(method: str) -> tuple[Callable[[], object], int]:
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

    heads: dict[str, Any] = {"projector": [128, 64]}
    heads |= {"predictor": 64} if method in ("byol", "moco_v3") else {}
    raw = {
        "data": {"dataset": "made", "count": 4096, "size": 16},
        "encoder": {"name": "convnet", "size": 16, "width": 16},
        "method": {"name": method} | heads,
        "views": [{"size": 16, "count": 2}],
        "optim": {"lr": 1e-3},
        "batch": 32,
        "budget": {"unit": "images", "amount": 10**6},
    }
    spec = RunSpec.model_validate(raw, strict=False)
    pixels = np.random.default_rng(0).integers(0, 256, (4096, 16, 16, 3), dtype=np.uint8)
    images = Resident(rows_of(pixels), np.arange(4096), torch.device("cpu"))
    network = methods.build(spec).to(memory_format=torch.channels_last)
    optimizer, turns = build(network, spec.optim), count()

    def take() -> None:
        k = next(turns)
        views = make_views(images.batch(0, k, 32, slice(0, 32)), spec.views, 0, k, 32, 0)
        train_step(network, optimizer, spec, views, (), t=0.1, lr=1e-3, stream=k)

    return take, 32


if __name__ == "__main__":
    main()
