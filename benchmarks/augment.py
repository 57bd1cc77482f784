"""Speed of `make_views` against torchvision's v2 transforms and lightly's, image by image.

    python benchmarks/augment.py [--repetitions 7] [--device cpu] [--alone]

Prints JSON lines: first the machine, then one line per measurement, medians over the repetitions.
`views_per_second` is by the clock on the wall, with its range; `views_per_core_second` by the CPU
time of the process, which other work on the machine disturbs less. Both sides start from decoded
uint8 pixels in memory and end in normalised float32. On a GPU the clock waits for the device.
Needs lightly 1.6, except with --alone.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import PIL.Image
import torch
from machine import machine
from torch import Tensor
from torchvision.transforms import v2

from datayield.augment.blur import kernel_size
from datayield.augment.normalise import MEAN, STD
from datayield.augment.views import make_views
from datayield.spec.run.views import VIEW_RECIPES, ViewSpec, recipe

BATCH = 256
SIZES = (32, 64)


class Rate(NamedTuple):
    """Views per second of the clock on the wall, and of CPU time."""

    wall: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--alone", action="store_true", help="without lightly")
    asked = parser.parse_args()
    device = torch.device(asked.device)
    print(json.dumps(machine(device)))
    for size in SIZES:
        images = pictures(size).to(device)
        for name in VIEW_RECIPES:
            specs = recipe(name, size)
            count = BATCH * sum(spec.count for spec in specs)
            for threads in (1, 2) if device.type == "cpu" else (1,):
                torch.set_num_threads(threads)
                rates = measure(ours(images, specs), count, asked.repetitions)
                report("datayield.make_views", name, size, threads, rates)
        torch.set_num_threads(1)
        for name in VIEW_RECIPES:
            spec = recipe(name, size)[0]
            for source in ("PIL", "tensor"):
                rates = measure(theirs(pictures(size), spec, source), BATCH, asked.repetitions)
                report(f"torchvision.v2 on {source}", name, size, 1, rates)
        for name in () if asked.alone else ("symmetric", "asymmetric"):
            rates = measure(lightlys(pictures(size), name), 2 * BATCH, asked.repetitions)
            report("lightly", name, size, 1, rates)


def ours(images: Tensor, specs: tuple[ViewSpec, ...]) -> Callable[[int], object]:
    """One batch of views per call, a new step each time."""

    def run(step: int) -> list[Tensor]:
        views = make_views(images, specs, seed=0, step=step)
        if images.is_cuda:
            torch.cuda.synchronize()
        return views

    return run


def theirs(images: Tensor, spec: ViewSpec, source: str) -> Callable[[int], object]:
    """One view of each image by torchvision's transforms, as a data loader's worker makes them."""
    jitter = v2.ColorJitter(spec.brightness, spec.contrast, spec.saturation, spec.hue)
    blur = v2.GaussianBlur(kernel_size(spec.size), spec.blur_sigma)
    transform = v2.Compose(
        [
            v2.RandomResizedCrop(spec.size, spec.scale, spec.ratio),
            v2.RandomHorizontalFlip(spec.flip),
            v2.RandomApply([jitter], spec.jitter),
            v2.RandomGrayscale(spec.grey),
            v2.RandomApply([blur], spec.blur),
            v2.RandomSolarize(128, spec.solarize),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(list(MEAN), list(STD)),
        ]
    )
    arrays = images.permute(0, 2, 3, 1).numpy()
    inputs = (
        [PIL.Image.fromarray(array) for array in arrays]
        if source == "PIL"
        else list(images.contiguous())
    )

    def run(_: int) -> Tensor:
        return torch.stack([transform(image) for image in inputs])

    return run


def lightlys(images: Tensor, name: str) -> Callable[[int], object]:
    """Two views of each image by lightly's own transforms, as a data loader's worker makes them.

    `symmetric` is its SimCLRTransform, blurred half the time; `asymmetric` its BYOLTransform, which
    its Barlow Twins takes, without blur as in its example for small images.
    """
    from lightly import transforms

    size = images.shape[-1]
    transform: Any = transforms.SimCLRTransform(input_size=size)
    if name == "asymmetric":
        transform = transforms.BYOLTransform(
            transforms.BYOLView1Transform(input_size=size, gaussian_blur=0.0),
            transforms.BYOLView2Transform(input_size=size, gaussian_blur=0.0),
        )
    inputs = [PIL.Image.fromarray(array) for array in images.permute(0, 2, 3, 1).numpy()]

    def run(_: int) -> Tensor:
        return torch.stack([view for image in inputs for view in transform(image)])

    return run


def measure(run: Callable[[int], object], count: int, repetitions: int) -> list[Rate]:
    """The rate of each repetition, of 0.2 seconds or one call, after two calls to warm up."""
    for step in range(2):
        run(step)
    rates = []
    for _ in range(repetitions):
        calls, wall, cpu = 0, time.perf_counter(), time.process_time()
        while (spent := time.perf_counter() - wall) < 0.2 or not calls:
            run(calls)
            calls += 1
        rates.append(Rate(calls * count / spent, calls * count / (time.process_time() - cpu)))
    return rates


def report(what: str, name: str, size: int, threads: int, rates: list[Rate]) -> None:
    line = {
        "what": what,
        "recipe": name,
        "size": size,
        "batch": BATCH,
        "threads": threads,
        "views_per_second": round(statistics.median(rate.wall for rate in rates)),
        "slowest": round(min(rate.wall for rate in rates)),
        "fastest": round(max(rate.wall for rate in rates)),
        "views_per_core_second": round(statistics.median(rate.cpu for rate in rates)),
        "repetitions": len(rates),
    }
    print(json.dumps(line), flush=True)


def pictures(size: int) -> Tensor:
    """Smooth colour with noise: uint8 `[BATCH, 3, size, size]` over NHWC storage."""
    source = np.random.default_rng(0)
    slope = np.linspace(0, 128, size)[None, :, None, None]
    noise = source.integers(0, 128, (BATCH, size, size, 3))
    return torch.from_numpy((slope + noise).astype(np.uint8)).permute(0, 3, 1, 2)


if __name__ == "__main__":
    main()
