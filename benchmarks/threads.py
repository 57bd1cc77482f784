"""Training steps beside other work: images per second by threads and by how idle threads wait.

    python benchmarks/threads.py [--seconds 4] [--repetitions 5] [--busy 0 1 2]

A child process trains with the pocket shape (ConvNet of width 16, 16 px, SimCLR, batch 32) or a
wider one (32, 32 px, batch 64); beside it run 0, 1 or 2 processes that only count. Settings are
taken in turns, so that other load falls on all alike. Waiting: as OpenMP does by itself (threads
spin at each barrier), GOMP_SPINCOUNT=n (spin n times, then sleep), OMP_WAIT_POLICY=PASSIVE (sleep
at once).

Prints one JSON line a setting: median, slowest and fastest images per second.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

WAITING = {
    "default": {},
    "spin 100": {"GOMP_SPINCOUNT": "100"},
    "spin 1000": {"GOMP_SPINCOUNT": "1000"},
    "spin 10000": {"GOMP_SPINCOUNT": "10000"},
    "passive": {"OMP_WAIT_POLICY": "PASSIVE"},
}
WARMUP = 32  # steps
SHAPES = {"pocket": (16, 16, 32), "wide": (32, 32, 64)}  # size, width, batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--busy", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--shapes", nargs="*", default=list(SHAPES))
    parser.add_argument("--waiting", nargs="*", default=list(WAITING), help="by name")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(rate(*SHAPES[asked.child], asked.seconds)))
        return
    settings = [("1 thread", {"OMP_NUM_THREADS": "1"})]
    settings += [
        (f"2 threads, {name}", {"OMP_NUM_THREADS": "2", **w})
        for name, w in WAITING.items()
        if name in asked.waiting
    ]
    for shape in asked.shapes:
        for busy in asked.busy:
            rates: dict[str, list[float]] = {name: [] for name, _ in settings}
            for _ in range(asked.repetitions):
                for name, env in settings:
                    rates[name].append(beside(busy, shape, env, asked.seconds))
            for name, values in rates.items():
                line = {"shape": shape, "busy": busy, "setting": name}
                line |= {"images_per_second": round(statistics.median(values))}
                line |= {"slowest": round(min(values)), "fastest": round(max(values))}
                print(json.dumps(line), flush=True)


def beside(busy: int, shape: str, env: dict[str, str], seconds: float) -> float:
    """Images per second of a child that trains while `busy` processes count."""
    counting = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        command = [sys.executable, __file__, "--child", shape, "--seconds", str(seconds)]
        done = subprocess.run(
            command, env={**os.environ, **env}, capture_output=True, text=True, check=True
        )
        return float(json.loads(done.stdout))
    finally:
        for process in counting:
            process.kill()
            process.wait()


def rate(size: int, width: int, batch: int, seconds: float) -> float:
    """Images per second of whole steps, views included."""
    import numpy as np
    import torch

    from datayield import methods
    from datayield.data.decoded import rows_of
    from datayield.data.sampling import Resident
    from datayield.optim.build import build
    from datayield.run.loop import Meter, TrainingData, batches, train_step
    from datayield.spec.run import RunSpec

    raw = {
        "data": {"dataset": "made", "count": 4096, "size": size},
        "encoder": {"name": "convnet", "size": size, "width": width},
        "method": {"name": "simclr", "projector": [128, 64]},
        "views": [{"size": size, "count": 2}],
        "optim": {"lr": 0.1},
        "batch": batch,
        "budget": {"unit": "images", "amount": 10**7},
    }
    spec = RunSpec.model_validate(raw, strict=False)
    cpu = torch.device("cpu")
    pixels = np.random.default_rng(0).integers(0, 256, (4096, size, size, 3), dtype=np.uint8)
    images = Resident(rows_of(pixels), np.arange(len(pixels)), cpu)
    data = TrainingData(images, "", "", 0)
    method = methods.build(spec).to(memory_format=torch.channels_last)
    optimizer = build(method, spec.optim)
    began = 0.0
    ready = batches(data, spec, slice(0, batch), 0, 10**7, cpu, Meter())
    for step, (views, targets) in enumerate(ready):
        if step == WARMUP:
            began = time.perf_counter()
        elif began and time.perf_counter() - began > seconds:
            break
        train_step(method, optimizer, spec, views, targets, t=0.1, lr=0.01, stream=step)
    return (step - WARMUP) * batch / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
