"""Whole pretraining, images per second, against lightly's own recipe and against the bare step.

    python benchmarks/step.py --encoder resnet18 --method simclr [--batch 128] [--threads 2]
        [--device cpu] [--precision both] [--seconds 10] [--segments 5] [--alone]

Both sides train the same encoder on the same made-up images, in batches of one size, on two views
that are alike: crop, flip, colour, grey; no blur, as in lightly's examples for small images.
lightly has its transforms, heads and losses, torch's DataLoader with a worker per core (16 beside a
GPU) and plain SGD, as its documentation says, in fp32, and in bf16 too. Ours is `run.pretrain`
itself with heads of the same widths. `step alone` is our step on views that are ready: the ceiling.

Prints JSON lines: the machine, a line per contender with the median, slowest and fastest of the
segments of at least `--seconds` after one to warm up, then the ratios of medians. GFLOP/s count the
closed form of `spec.cost` (no teacher, no views) for all alike. Needs lightly 1.6, except
with --alone.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import PIL.Image
import torch
from machine import machine
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from datayield import methods
from datayield.augment.views import make_views
from datayield.data.sampling.resident import Resident
from datayield.nets import encoder as encoders
from datayield.optim.build import build as build_optimizer
from datayield.run.device import keep_freed_memory
from datayield.run.loop import TrainingData, pretrain
from datayield.run.loop.step import train_step
from datayield.spec.run.budget import Budget
from datayield.spec.run.cost import flops_per_image
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.subset import Subset
from datayield.spec.run.views import ViewSpec, recipe
from datayield.store.folders import RunFolder

ENCODERS = {
    "convnet": EncoderSpec(name="convnet", size=32),
    "resnet18": EncoderSpec(name="resnet18", stem="cifar", size=32),
    "vit_tiny": EncoderSpec(name="vit_tiny", patch=8, size=64),
}
PROJECTORS = {"simclr": (512, 128), "barlow_twins": (2048, 2048, 2048)}
IMAGES = 10_000
Rates = list[float]  # images per second, of each segment


def main() -> None:
    asked = arguments()
    device = torch.device(asked.device)
    torch.set_num_threads(asked.threads)
    print(json.dumps(machine(device)), flush=True)
    precisions = ["fp32", "bf16"] if asked.precision == "both" else [asked.precision]
    workers = 16 if device.type == "cuda" else asked.threads
    medians: dict[str, float] = {}

    def report(what: str, precision: str, rates: Rates, **more: object) -> None:
        spec = spec_of(asked, precision)
        medians[f"{what} {precision}"] = statistics.median(rates)
        line = {
            "what": what,
            "encoder": asked.encoder,
            "method": asked.method,
            "size": spec.data.size,
            "batch": asked.batch,
            "precision": precision,
            "threads": asked.threads,
            "images_per_second": round(statistics.median(rates), 1),
            "slowest": round(min(rates), 1),
            "fastest": round(max(rates), 1),
            "gflop_per_second": round(
                statistics.median(rates) * (flops_per_image(spec) or 0) / 1e9, 1
            ),
            "segments": len(rates),
        }
        print(json.dumps(line | more), flush=True)

    # lightly first: our loop changes how the process keeps its memory, which would help it too.
    for precision in () if asked.alone else precisions:
        steps = lightly_steps(asked, precision, device, workers)
        report("lightly", precision, segments(steps, asked, device), workers=workers)
    for precision in precisions:
        spec = spec_of(asked, precision)
        report("step alone", precision, segments(bare_steps(spec, device), asked, device))
        rates, waited = whole(
            spec, training_data_of(spec, device), device, asked.seconds, asked.segments
        )
        report("datayield", precision, rates, wait_share=round(waited, 4))
    ratios = {
        f"{a} / {b}": round(medians[a] / medians[b], 2)
        for a, b in (
            ("datayield bf16", "lightly fp32"),
            ("datayield bf16", "lightly bf16"),
            ("datayield fp32", "lightly fp32"),
            ("datayield bf16", "step alone bf16"),
            ("datayield fp32", "step alone fp32"),
        )
        if a in medians and b in medians
    }
    print(json.dumps({"ratios": ratios, "encoder": asked.encoder, "method": asked.method}))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--encoder", choices=ENCODERS, default="resnet18")
    parser.add_argument("--method", choices=PROJECTORS, default="simclr")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["fp32", "bf16", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--segments", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="without lightly")
    return parser.parse_args()


def spec_of(asked: argparse.Namespace, precision: str, steps: int = 10_000) -> RunSpec:
    encoder = ENCODERS[asked.encoder]
    strong = {"brightness": 0.8, "contrast": 0.8, "saturation": 0.8, "hue": 0.2}
    symmetric = (ViewSpec.model_validate({"count": 2, "size": encoder.size, **strong}),)
    return RunSpec.model_validate(
        {
            "data": Subset(dataset="made", count=IMAGES, size=encoder.size),
            "encoder": encoder,
            "method": METHOD_SPECS[asked.method].model_validate(
                {"projector": PROJECTORS[asked.method]}
            ),
            "views": symmetric if asked.method == "simclr" else recipe("asymmetric", encoder.size),
            "optim": OptimSpec(name="sgd", lr=1e-3, momentum=0.0),
            "batch": asked.batch,
            "precision": precision,
            "budget": Budget(unit="images", amount=steps * asked.batch),
        }
    )


def pictures(count: int, size: int) -> np.ndarray:
    """Smooth colour with noise: uint8 [count, size, size, 3]."""
    noise = np.random.default_rng(0).integers(0, 128, (count, size, size, 3), dtype=np.uint8)
    return noise + np.linspace(0, 127, size).astype(np.uint8)[:, None, None]


def training_data_of(spec: RunSpec, device: torch.device, count: int = IMAGES) -> TrainingData:
    images = Resident(pictures(count, spec.data.size), np.arange(count), device)
    return TrainingData(images, "made", "made", 0)


def whole(
    spec: RunSpec, source: TrainingData, device: torch.device, seconds: float, count: int
) -> tuple[Rates, float]:
    """Rates of `count` segments of the loop itself, and the share of time it waited for images.

    The loop looks at its losses at a tick, at most every 50 steps; a first look at its speed
    chooses a budget whose ticks lie a quarter of a segment apart, and warms up.
    """
    short = list(ticks(spec, source, device, steps=4))
    every = max(1, min(50, round(seconds / 4 / (short[-1][0] - short[-2][0]))))
    rates: Rates = []
    began, step, share = 0.0, 0, 0.0
    for now, done, waited in ticks(spec, source, device, 200 * every + every - 1):
        if not step:
            began, step = now, done
        elif now - began >= seconds:
            rates.append((done - step) * spec.batch / (now - began))
            began, step = now, done
        if len(rates) == count:
            share = waited
            break
    return rates, share


def ticks(
    spec: RunSpec, source: TrainingData, device: torch.device, steps: int
) -> Iterator[tuple[float, int, float]]:
    """Time, step and share of waiting at each tick of a run of `steps`."""
    budget = Budget(unit="images", amount=steps * spec.batch)
    spec = spec.model_copy(update={"budget": budget})
    with tempfile.TemporaryDirectory() as folder:
        kept = RunFolder(Path(folder))
        for tick in pretrain(spec, source, kept, shares=(), device=device, stop=Event()):
            yield time.perf_counter(), tick.step, tick.wait_share


def segments(steps: Iterator[None], asked: argparse.Namespace, device: torch.device) -> Rates:
    """Rates of segments of at least `asked.seconds` each, of steps of one batch."""
    rates: Rates = []
    chunk = 50 if device.type == "cuda" else 1  # steps between two looks at the clock
    for segment in range(asked.segments + 1):
        began, done = time.perf_counter(), 0
        while (spent := time.perf_counter() - began) < asked.seconds or not done:
            for _ in range(chunk):
                next(steps)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            done += chunk
        if segment:
            rates.append(done * asked.batch / spent)
    return rates


def bare_steps(spec: RunSpec, device: torch.device) -> Iterator[None]:
    """Our step on two batches of views that are ready."""
    if device.type == "cpu":
        keep_freed_memory()
    method = methods.build(spec).to(device).to(memory_format=torch.channels_last)
    optimizer = build_optimizer(method, spec.optim)
    images = training_data_of(spec, device, 2 * spec.batch).images
    ready = [make_views(images.batch(0, k, spec.batch), spec.views, 0, k) for k in range(2)]
    k = 0
    while True:
        train_step(method, optimizer, spec, ready[k % 2], (), t=0.5, lr=1e-3, stream=k)
        k += 1
        yield


class Pictures(Dataset[Any]):
    """Decoded images as PIL, as torchvision's CIFAR-10 gives them, through a transform."""

    def __init__(self, size: int, transform: Callable[[Any], list[Tensor]]) -> None:
        self.images, self.transform = pictures(IMAGES, size), transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> list[Tensor]:
        return self.transform(PIL.Image.fromarray(self.images[index]))


def lightly_steps(
    asked: argparse.Namespace, precision: str, device: torch.device, workers: int
) -> Iterator[None]:
    """The loop of lightly's examples `simclr.py` and `barlowtwins.py`, one step at a time."""
    encoder = encoders.build(ENCODERS[asked.encoder], 0).to(device)
    transform, head, criterion = lightly_parts(asked.method, encoder.dim, encoder_size(asked))
    model = nn.Sequential(encoder, head.to(device)).train()
    loader = DataLoader(
        Pictures(encoder_size(asked), transform),
        batch_size=asked.batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device.type == "cuda",
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    while True:
        for views in loader:
            x0, x1 = (view.to(device, non_blocking=True) for view in views)
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
                z0, z1 = model(x0), model(x1)
            loss = criterion(z0.float(), z1.float())
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            yield


def lightly_parts(method: str, dim: int, size: int) -> tuple[Any, nn.Module, nn.Module]:
    """Transform, head and loss of a method, as in lightly's examples for 32 px."""
    from lightly import loss as losses
    from lightly import transforms
    from lightly.models.modules import heads

    if method == "simclr":
        transform: Any = transforms.SimCLRTransform(input_size=size, gaussian_blur=0.0)
        return transform, heads.SimCLRProjectionHead(dim, 512, 128), losses.NTXentLoss()
    transform = transforms.BYOLTransform(
        view_1_transform=transforms.BYOLView1Transform(input_size=size, gaussian_blur=0.0),
        view_2_transform=transforms.BYOLView2Transform(input_size=size, gaussian_blur=0.0),
    )
    return transform, heads.BarlowTwinsProjectionHead(dim, 2048, 2048), losses.BarlowTwinsLoss()


def encoder_size(asked: argparse.Namespace) -> int:
    return ENCODERS[asked.encoder].size


if __name__ == "__main__":
    main()
