"""Runs of one shape as one network, against one after another: images per second of all.

    python benchmarks/stack.py [--device cpu] [--shapes tiny pocket wide viny] [--threads 1]
        [--methods simclr barlow_twins byol] [--counts 4 8 16] [--repetitions 5] [--seconds 1.5]

Shapes: `tiny` (ConvNet of width 4, 8 px, batch 16), `pocket` (16, 16 px, 32), `wide` (32, 32 px,
32), `viny` (ViNy, 16 px, patch 8, batch 32), `resnet18` (32 px, 128). Alone and stacked are taken
in turns. Prints the machine and one JSON line a shape and method: images per second alone, and for
each count the median, lowest and highest of how many times as fast the runs are together.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from typing import Any

import torch
from machine import machine

from datayield.run.timing.stack_timing import stack_seconds
from datayield.spec.run import RunSpec

SHAPES: dict[str, tuple[dict[str, Any], int]] = {
    "tiny": ({"name": "convnet", "size": 8, "width": 4}, 16),
    "pocket": ({"name": "convnet", "size": 16, "width": 16}, 32),
    "wide": ({"name": "convnet", "size": 32, "width": 32}, 32),
    "viny": ({"name": "viny", "size": 16, "patch": 8}, 32),
    "resnet18": ({"name": "resnet18", "stem": "cifar", "size": 32}, 128),
}


def main() -> None:
    parser = small_steps(__doc__, ["tiny", "pocket", "wide"], ["simclr", "barlow_twins", "byol"])
    parser.add_argument("--counts", type=int, nargs="*", default=[4, 8, 16])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    print_lines(parser.parse_args(), line_of)


def small_steps(doc: str | None, shapes: list[str], methods: list[str]) -> argparse.ArgumentParser:
    """The arguments of a benchmark of small steps, with its usual shapes and methods."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0] if doc else "")
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--shapes", nargs="*", default=shapes, choices=SHAPES)
    parser.add_argument("--methods", nargs="*", default=methods)
    parser.add_argument("--threads", type=int, default=1)
    return parser


def print_lines(
    asked: argparse.Namespace, line_of: Callable[[str, str, argparse.Namespace], dict[str, Any]]
) -> None:
    """The machine, then the line of each shape and method."""
    torch.set_num_threads(asked.threads)
    print(json.dumps(machine(asked.device)), flush=True)
    for shape in asked.shapes:
        for method in asked.methods:
            print(json.dumps(line_of(shape, method, asked)), flush=True)


def line_of(shape: str, method: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Alone and stacked, in turns."""
    spec = spec_of(shape, method)
    alone: list[float] = []
    times: dict[int, list[float]] = {k: [] for k in asked.counts}
    for _ in range(asked.repetitions):
        alone.append(stack_seconds(spec, 1, asked.device, asked.seconds))
        for k in asked.counts:
            times[k].append(alone[-1] / stack_seconds(spec, k, asked.device, asked.seconds))
    line: dict[str, Any] = {"shape": shape, "method": method, "batch": spec.batch}
    line["images_per_second_alone"] = round(spec.batch / statistics.median(alone))
    for k, ratios in times.items():
        of = statistics.median(ratios), min(ratios), max(ratios)
        line[f"times_{k}"] = [round(each, 2) for each in of]
    return line


def spec_of(shape: str, method: str) -> RunSpec:
    """One run of the shape."""
    return RunSpec.model_validate(raw_of(shape, method), strict=False)


def raw_of(shape: str, method: str) -> dict[str, Any]:
    """That run as a dictionary, as a specification is made of."""
    encoder, batch = SHAPES[shape]
    heads: dict[str, Any] = {} if method == "simmim" else {"projector": [128, 64]}
    heads |= {"predictor": 64} if method in ("byol", "moco_v3") else {}
    return {
        "data": {"dataset": "made", "count": 64, "size": encoder["size"]},
        "encoder": encoder,
        "method": {"name": method} | heads,
        "views": [{"size": encoder["size"], "count": 2}],
        "optim": {"lr": 1e-3},
        "batch": batch,
        "budget": {"unit": "images", "amount": 10**6},
    }


if __name__ == "__main__":
    main()
