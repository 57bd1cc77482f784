"""Forward and backward pass of a small step: plain, with its encoder compiled, and compiled whole.

    python benchmarks/compiled.py [--device cpu] [--shapes pocket] [--methods simclr barlow_twins]
        [--precision fp32] [--rounds 15] [--steps 60] [--threads 1]

The shapes are those of `stack.py`. The three take turns, a round each. Prints the machine and one
JSON line a shape and method: milliseconds plain (median of the rounds), and for the other two the
seconds of the first call, with what the compiler keeps on disk, and how many times as fast as plain
they are (median, 10th and 90th percentile of the rounds).
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from stack import print_lines, small_steps, spec_of

from datayield import methods
from datayield.run.loop.compile import compile_encoders


def main() -> None:
    parser = small_steps(__doc__, ["pocket"], ["simclr", "barlow_twins"])
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=60)
    print_lines(parser.parse_args(), line_of)


def line_of(shape: str, method: str, asked: argparse.Namespace) -> dict[str, Any]:
    """The three, in turns."""
    line: dict[str, Any] = {"shape": shape, "method": method, "precision": asked.precision}
    steps: dict[str, Callable[[], None]] = {}
    times: dict[str, list[float]] = {}
    for kind in ("plain", "encoder", "whole"):
        steps[kind] = step_of(shape, method, kind, asked.precision, asked.device)
        began = time.perf_counter()
        steps[kind]()
        line[f"first_call_s_{kind}"] = round(time.perf_counter() - began, 1)
        median_ms(steps[kind], 10)
        times[kind] = []
    for _ in range(asked.rounds):
        for kind, step in steps.items():
            times[kind].append(median_ms(step, asked.steps))
    line["ms_plain"] = round(statistics.median(times["plain"]), 2)
    for kind in ("encoder", "whole"):
        ratios = [a / b for a, b in zip(times["plain"], times[kind], strict=True)]
        tenths = statistics.quantiles(ratios, n=10)
        line[f"times_{kind}"] = [
            round(each, 2) for each in (statistics.median(ratios), tenths[0], tenths[-1])
        ]
    return line


def step_of(
    shape: str, method: str, kind: str, precision: str, device: torch.device
) -> Callable[[], None]:
    """One forward and backward pass on views that are ready."""
    spec = spec_of(shape, method)
    layout = torch.channels_last if spec.encoder.name == "convnet" else torch.contiguous_format
    network = methods.build(spec).to(device).to(memory_format=layout)
    views = [
        torch.randn(spec.batch, 3, view.size, view.size, device=device).to(memory_format=layout)
        for view in spec.views
        for _ in range(view.count)
    ]
    if kind == "encoder":
        compile_encoders(network)
    loss_of = torch.compile(network, dynamic=False) if kind == "whole" else network

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
            loss = loss_of(views, 0.1)
        torch.autograd.backward(loss.total)
        for parameter in network.parameters():
            parameter.grad = None
        if device.type == "cuda":
            torch.cuda.synchronize()

    return step


def median_ms(step: Callable[[], None], count: int) -> float:
    """The median time of a step, in milliseconds."""
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - began)
    return 1e3 * statistics.median(seconds)


if __name__ == "__main__":
    main()
