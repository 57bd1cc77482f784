"""Five steps of a study's costliest runs at their true shapes, on random pixels, without its data.

    python benchmarks/dry_run.py [STUDY ...] [--scale paper] [--steps 5] [--images 8] [--every]

Pixels, encoders, heads, views, optimizer and schedule are those of the run. Only the batch is
smaller: `--images` at most, since a batch of 256 images of 224 px needs more memory than most
machines have. A line per study and kind of encoder, for its costliest method (`--every`: for every
method): the run, its parameters, the loss of each step, seconds, and the peak memory so far. Exits
with 1 if a loss is not finite, or a step leaves the weights as they were.
"""

import argparse
import json
import math
import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from datayield import methods
from datayield.data.sampling import Resident
from datayield.optim.build import build as build_optimizer
from datayield.run.device import keep_freed_memory
from datayield.run.loop import (
    Meter,
    TrainingData,
    apply_settings,
    batches,
    settings_of,
    to_memory_format,
    train_step,
)
from datayield.run.loop.step import rate_at, stream_at
from datayield.session import open_study
from datayield.spec.run import RunSpec, flops_per_image

STUDIES = sorted(
    path.stem
    for path in (Path(__file__).parents[1] / "studies").glob("*.yaml")
    if "\n  paper" in path.read_text(encoding="utf-8")
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY", default=STUDIES)
    parser.add_argument("--scale", default="paper")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--images", type=int, default=8, help="of a batch, at most")
    parser.add_argument("--every", action="store_true", help="every method, not the costliest")
    asked = parser.parse_args()
    keep_freed_memory()
    sound = True
    for study in asked.studies:
        for spec in shapes(study, asked.scale, asked.every):
            line = taken(spec, asked.steps, asked.images)
            sound &= line.pop("sound") is True
            print(json.dumps({"study": study, "scale": asked.scale} | line), flush=True)
    if not sound:
        sys.exit(1)


def shapes(study: str, scale: str, every: bool) -> Iterator[RunSpec]:
    """A run of each encoder and view size (and method), the one with the most FLOPs per image."""
    costliest: dict[object, RunSpec] = {}
    for cell in open_study(study, scale).cells:
        for run in cell.run.chain:
            of_method = run.method if every or run.label else None
            key = run.encoder, tuple(view.size for view in run.views), of_method
            other = costliest.get(key)
            if other is None or flops(run) > flops(other):
                costliest[key] = run
    yield from costliest.values()


def flops(run: RunSpec) -> float:
    return flops_per_image(run) or 0.0


def taken(run: RunSpec, steps: int, images: int) -> dict[str, object]:
    """The first `steps` of the run, with a batch of at most `images`."""
    spec = run.model_copy(update={"batch": min(run.batch, images)})
    device = torch.device("cpu")
    side, n = spec.data.size, 2 * spec.batch
    pixels = np.random.default_rng(0).integers(0, 256, (n, side, side, 3), dtype=np.uint8)
    labels = torch.arange(n) % 2 if spec.label else None
    data = TrainingData(Resident(pixels, np.arange(n), device), "", "", 0, labels)
    method = methods.build(spec).to(device)
    settings = settings_of(spec, device)
    apply_settings(method, settings.layout, settings.threads)
    optimizer = build_optimizer(method, spec.optim)
    before = [p.detach().clone() for p in method.parameters() if p.requires_grad]
    losses, began = list[float](), time.perf_counter()
    ready = batches(data, spec, slice(0, spec.batch), 0, sys.maxsize, device, Meter())
    for k, (views, targets) in enumerate(islice(ready, steps)):
        loss = train_step(
            method,
            optimizer,
            spec,
            to_memory_format(views, settings.layout),
            targets,
            t=(k + 0.5) / run.steps,
            lr=rate_at(run, k),
            stream=stream_at(spec.seed, k),
        )
        losses.append(round(float(loss.total.detach()), 4))
    after = [p for p in method.parameters() if p.requires_grad]
    moved = any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    return {
        "method": spec.method.name,
        "encoder": spec.encoder.model_dump(exclude_none=True),
        "views": [view.size for view in spec.views for _ in range(view.count)],
        "batch": run.batch,
        "images": spec.batch,
        "parameters": sum(p.numel() for p in after),
        "losses": losses,
        "seconds": round(time.perf_counter() - began, 1),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "sound": all(map(math.isfinite, losses)) and moved,
    }


if __name__ == "__main__":
    main()
