"""What `torch.compile` of the whole loss brings to a small step, in three parts.

    python benchmarks/compiled.py [--shapes pocket] [--methods simclr barlow_twins byol]
        [--device cpu] [--threads 1] [--rounds 15] [--images 0] [--agree]

Whole training steps (views, loss, optimizer), plain and compiled in turns; the shapes are those of
`stack.py`. One JSON line a shape and method: seconds of the first compiled steps (with what the
compiler keeps on disk), milliseconds of a plain step (median), and how many times as fast compiled
is (median, 10th and 90th percentile of the rounds). On a CPU seconds are processor time, so other
work on the machine disturbs them little; mind `--threads 1`. With `--images`, one whole run of as
many images each instead, in turns, compiling included. With `--agree`, the largest relative
difference of losses and gradients from plain ones in float64 instead, over phases of the schedule.
"""

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import torch
from stack import print_lines, small_steps, spec_of

from datayield import methods
from datayield.data.sampling import Resident
from datayield.run.loop import TrainingData, compile_loss, pretrain
from datayield.run.timing.step_timing import stepper
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder

KINDS = ("plain", "compiled")


def main() -> None:
    parser = small_steps(__doc__, ["pocket"], ["simclr", "barlow_twins", "byol"])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--agree", action="store_true")
    asked = parser.parse_args()
    print_lines(asked, agreement if asked.agree else whole_runs if asked.images else steps)


def steps(shape: str, method: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Some steps of each, in turns."""
    spec = spec_of(shape, method)
    takers = {kind: stepper(spec, asked.device, kind == "compiled") for kind in KINDS}
    line: dict[str, Any] = {"shape": shape, "method": method}
    line["first_steps_s"] = round(_seconds(takers["compiled"].take, asked.device), 1)
    takers["plain"].take()
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(asked.rounds):
        for kind, taker in takers.items():
            times[kind].append(min(_seconds(taker.take, asked.device) for _ in range(2)))
    line["ms_plain"] = round(1e3 * statistics.median(times["plain"]) / takers["plain"].steps, 2)
    return line | {"times": _ratios(times)}


def whole_runs(shape: str, method: str, asked: argparse.Namespace) -> dict[str, Any]:
    """A run of each, taken from one log line to the next in turns."""
    spec = spec_of(shape, method)
    budget = spec.budget.model_copy(update={"amount": asked.images})
    spec = spec.model_copy(update={"budget": budget})
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        runs = {
            kind: pretrain(
                spec,
                made(spec, asked.device),
                RunFolder(Path(folder) / kind),
                shares=(1.0,),
                device=asked.device,
                stop=Event(),
            )
            for kind in KINDS
        }
        going = True
        while going:
            for kind, run in runs.items():
                os.environ["DATAYIELD_COMPILE"] = str(int(kind == "compiled"))
                began = clock(asked.device)
                going = next(run, None) is not None
                times[kind].append(clock(asked.device) - began)
        spent = [RunFolder(Path(folder) / kind).run_cost() for kind in KINDS]
    totals = {kind: sum(times[kind]) for kind in KINDS}
    return {
        "shape": shape,
        "method": method,
        "images": asked.images,
        "compiled": [record.compiled for record in spent if record],
        "final_loss": [record.final_loss for record in spent if record],
        "seconds": {kind: round(total, 1) for kind, total in totals.items()},
        "first_turn_s": round(times["compiled"][0], 1),
        "times_whole": round(totals["plain"] / totals["compiled"], 3),
        "times": _ratios({kind: each[1:-1] for kind, each in times.items()}),
    }


def agreement(shape: str, method: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Losses and gradients of both on the same views, the state of each moving on its own."""
    spec = spec_of(shape, method)
    nets = {kind: methods.build(spec).double().to(asked.device).train() for kind in KINDS}
    compiled = compile_loss(nets["compiled"])
    worst = {"loss": 0.0, "gradient": 0.0}
    generator = torch.Generator().manual_seed(0)
    for t in (0.0, 0.1, 0.5, 0.9):
        views = [
            torch.randn(spec.batch, 3, view.size, view.size, generator=generator).double()
            for view in spec.views
            for _ in range(view.count)
        ]
        views = [view.to(asked.device) for view in views]
        torch.manual_seed(0)
        drawn = methods.drawn(nets["plain"], views)
        found: dict[str, list[torch.Tensor]] = {}
        for kind, net in nets.items():
            net.zero_grad()
            total = net(views, t, *drawn).total
            torch.autograd.backward(total)
            net.after_step(t)
            grads = [p.grad.flatten() for p in net.parameters() if p.grad is not None]
            found[kind] = [total.detach(), torch.cat(grads)]
        for name, one, other in zip(worst, *found.values(), strict=True):
            differ = float((one - other).abs().max() / one.abs().max())
            worst[name] = max(worst[name], differ)
    problem = "not compiled" if compiled is None else compiled.problem
    return {"shape": shape, "method": method, "problem": problem} | worst


def made(spec: RunSpec, device: torch.device) -> TrainingData:
    """Random images."""
    n, side = 4096, spec.data.size
    pixels = np.random.default_rng(0).integers(0, 256, (n, side, side, 3), dtype=np.uint8)
    return TrainingData(Resident(pixels, np.arange(n), device), "made", "all", 0)


def clock(device: torch.device) -> float:
    """Seconds: of this process and its compilers on a CPU, which other work does not disturb."""
    if device.type != "cpu":
        torch.cuda.synchronize(device)
        return time.perf_counter()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _seconds(take: Callable[[], object], device: torch.device) -> float:
    began = clock(device)
    take()
    return clock(device) - began


def _ratios(times: dict[str, list[float]]) -> list[float]:
    ratios = [one / other for one, other in zip(*times.values(), strict=True)]
    tenths = statistics.quantiles(ratios, n=10)
    return [round(each, 2) for each in (statistics.median(ratios), tenths[0], tenths[-1])]


if __name__ == "__main__":
    main()
