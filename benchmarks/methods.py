"""What one training step of each method costs beside one of SimCLR: arithmetic and time.

    python benchmarks/methods.py [--encoder resnet18] [--batch 64] [--repetitions 5] [--device cpu]

Prints JSON lines: first the machine, then one line per method, with its default heads and the
views that it needs. `flops` is the closed form that plans and records use, `counted` what torch's
own counter sees in one step (no gradient of the image, so a little less). Methods take turns, step
by step, so that a slow moment of the machine meets all of them; `seconds` is the median over the
repetitions of a whole step (views, loss, gradient, optimizer), `times_simclr` the median over the
repetitions of its ratio to SimCLR's step of the same turn, with its range.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import timm
import torch
from machine import machine
from torch.utils.flop_counter import FlopCounterMode

from datayield.run.timing.step_timing import stepper
from datayield.spec.run.budget import Budget
from datayield.spec.run.cost import flops_per_image
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.subset import Subset
from datayield.spec.run.views import recipe

ENCODERS = {
    "convnet": EncoderSpec(name="convnet", size=32),
    "resnet18": EncoderSpec(name="resnet18", stem="cifar", size=32),
    "vit_tiny": EncoderSpec(name="vit_tiny", patch=8, size=64),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--encoder", choices=ENCODERS, default="resnet18")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    device = torch.device(asked.device)
    print(json.dumps(machine(device)), flush=True)
    specs = {name: spec_of(name, asked) for name in ["simclr", *METHOD_SPECS]}
    steps = {name: stepper(spec, device) for name, spec in specs.items()}
    counted = {name: count(step.take) / step.steps for name, step in steps.items()}
    seconds: dict[str, list[float]] = {name: [] for name in specs}
    for turn in range(asked.repetitions + 1):
        for name, step in steps.items():
            taken = timed(step.take, device) / step.steps
            if turn:  # the first warms up
                seconds[name].append(taken)
    for name, spec in specs.items():
        ratios = [a / b for a, b in zip(seconds[name], seconds["simclr"], strict=True)]
        flops, of_simclr = (flops_per_image(specs[each]) or 0.0 for each in (name, "simclr"))
        line = {
            "method": name,
            "encoder": asked.encoder,
            "batch": asked.batch,
            "precision": asked.precision,
            "views": spec.view_count,
            "flops_per_image": flops,
            "counted_per_image": counted[name] / asked.batch,
            "flops_times_simclr": round(flops / of_simclr, 3),
            "counted_times_simclr": round(counted[name] / counted["simclr"], 3),
            "seconds": round(statistics.median(seconds[name]), 4),
            "times_simclr": round(statistics.median(ratios), 3),
            "lowest": round(min(ratios), 3),
            "highest": round(max(ratios), 3),
            "repetitions": len(ratios),
        }
        print(json.dumps(line), flush=True)


def spec_of(name: str, asked: argparse.Namespace) -> RunSpec:
    encoder = ENCODERS[asked.encoder]
    return RunSpec.model_validate(
        {
            "data": Subset(dataset="made", count=asked.batch, size=encoder.size),
            "encoder": encoder,
            "method": METHOD_SPECS[name](),
            "views": recipe("simmim" if name == "simmim" else "asymmetric", encoder.size),
            "optim": OptimSpec(lr=1e-4),
            "batch": asked.batch,
            "precision": asked.precision,
            "budget": Budget(unit="images", amount=asked.batch),
        }
    )


def count(step: Callable[[], None]) -> float:
    """FLOPs of one step by torch's counter, which does not see the fused attention of CPUs."""
    timm.layers.set_fused_attn(False)
    with FlopCounterMode(display=False) as counter:
        step()
    timm.layers.set_fused_attn(True)
    return float(counter.get_total_flops())


def timed(step: Callable[[], None], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
