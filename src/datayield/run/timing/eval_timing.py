"""Seconds of an evaluation, on random images and features of the right shape, within a few seconds.

What would take longer is timed on fewer items, twice, and extrapolated by the growth between.
"""

import math
import time
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield import evals
from datayield.evals.features import extract, pixel_features
from datayield.nets import encoder as encoders
from datayield.spec.errors import DatayieldError
from datayield.spec.evaluation import EvalItems, EvalSpec, epochs_of, tuning_of
from datayield.spec.run import EncoderSpec

MOST_IMAGES = 512  # whose features are timed
PART = 64  # of them at once
FIRST_ITEMS = 128  # of a probe
GROWTH = (0.3, 2.0)  # seconds grow as items to a power: from costs that hardly grow to kNN
SPAN = 4  # times as many items, below which a moment's delay would pass for fast growth


class EvalTiming(NamedTuple):
    """Seconds per image of the encoder's features, and of all else in the evaluation."""

    per_image: float
    rest: float


def evaluation_timing(
    encoder: EncoderSpec | None,
    ev: EvalSpec,
    device: torch.device,
    sizes: EvalItems,
    seconds: float,
) -> EvalTiming | None:
    """Time an evaluation of `sizes`; takes about `seconds`.

    An encoder that is trained: a short epoch, scaled to all. None if it cannot be tried on
    random items.
    """
    if ev.tunes and encoder is not None:
        return EvalTiming(0.0, _tuning_seconds(encoder, ev, device, seconds) * _tuned(ev, sizes))
    per_image, width = _features(encoder, ev, device, seconds / 3)
    projects = encoder is not None  # else there is no projector, whose output is measured too
    rest = _probe_seconds(ev, sizes, width, projects, seconds * 2 / 3)
    if rest is None:
        return None
    more = ev.traits.passes * sizes[0] + _views(ev, sizes)
    return EvalTiming(per_image, rest + per_image * more)


def _views(ev: EvalSpec, sizes: EvalItems) -> int:
    """Views of test images that the encoder sees besides the images."""
    if ev.traits.reads != "views":
        return 0
    return min(ev.traits.view_images, sizes[1]) * ev.traits.view_count


def _tuned(ev: EvalSpec, sizes: EvalItems) -> float:
    return sizes[0] * epochs_of(ev)


def _features(
    encoder: EncoderSpec | None, ev: EvalSpec, device: torch.device, seconds: float
) -> tuple[float, int]:
    """Seconds per image, and the width of the features."""
    pixels = np.random.default_rng(0).integers(0, 256, (PART, ev.size, ev.size, 3), dtype=np.uint8)
    net = None if encoder is None else encoders.build(encoder, 0).to(device)
    net = None if net is None else net.to(memory_format=torch.channels_last)

    def once(images: "np.ndarray") -> Tensor:
        return pixel_features(images) if net is None else extract(net, images, device)

    width = once(pixels[:8]).shape[1]  # warms up
    done, began = 0, time.perf_counter()
    while not done or (time.perf_counter() - began < seconds and done < MOST_IMAGES):
        once(pixels)
        done += PART
    return (time.perf_counter() - began) / done, width


def _probe_seconds(
    ev: EvalSpec, sizes: EvalItems, width: int, projects: bool, seconds: float
) -> float | None:
    """All but features: timed on growing parts of the items until the next would take too long."""
    most = max(sizes[:2])
    items, timed = min(FIRST_ITEMS, most), list[tuple[int, float]]()
    began = time.perf_counter()
    while True:
        train, test = (math.ceil(n * items / most) for n in sizes[:2])
        part = EvalItems(train, test, sizes.classes)
        before = time.perf_counter()
        try:
            _probe(ev, part, width, projects)
            if not timed:  # that was to warm up
                before = time.perf_counter()
                _probe(ev, part, width, projects)
            timed.append((items, time.perf_counter() - before))
        except DatayieldError:  # too few items of a class
            pass
        if items == most:
            break
        left = seconds - (time.perf_counter() - began)
        larger = min(4 * items, most)
        if timed and timed[-1][1] * larger / items > left:
            if len(timed) > 1 or timed[-1][1] > seconds:
                break
            larger = min(2 * items, most)  # to see the growth, a little beyond the time if need be
        items = larger
    return _extrapolated(timed, most) if timed else None


def _extrapolated(timed: list[tuple[int, float]], most: int) -> float:
    """Seconds for `most` items, given those of fewer."""
    items, took = timed[-1]
    power = 1.0
    if len(timed) > 1:
        before, shorter = timed[-2]
        power = math.log(took / max(shorter, 1e-9)) / math.log(items / before)
        most_power = GROWTH[1] if items >= SPAN * before else 1.0
        power = min(max(power, GROWTH[0]), most_power)
    return took * math.pow(most / items, power)


def _probe(ev: EvalSpec, sizes: EvalItems, width: int, projects: bool) -> None:
    """The evaluation on random features around a centre for each class."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(sizes.classes, width, generator=generator)
    train, test = (_items(n, centres, generator) for n in sizes[:2])
    if ev.traits.reads == "views":
        views = min(ev.traits.view_images, len(test[0])), ev.traits.view_count, width
        space = evals.Space(test[0], torch.randn(views, generator=generator))
        evals.evaluate_views(ev, space, space if projects else None)
        return
    if ev.folds is not None:
        fold = torch.arange(len(test[0])) % ev.folds
        parts = [
            ((fold != k).nonzero()[:, 0], (fold == k).nonzero()[:, 0]) for k in range(ev.folds)
        ]
        evals.evaluate_folds(ev, test, parts)
        return
    evals.evaluate(
        ev, train if ev.traits.needs_labels else None, test, views=lambda epoch: train[0]
    )


def _items(n: int, centres: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    labels = torch.arange(n) % len(centres)
    return centres[labels] / 2 + torch.randn(n, centres.shape[1], generator=generator), labels


def _tuning_seconds(
    encoder: EncoderSpec, ev: EvalSpec, device: torch.device, seconds: float
) -> float:
    """Seconds to train on one image once: a short epoch of random images, after warm-up."""
    batch = tuning_of(ev).batch
    first = _epoch_seconds(encoder, ev, device, min(8, batch)) / min(8, batch)
    n = min(2 * batch, max(8, int(seconds / 2 / first)))
    return _epoch_seconds(encoder, ev, device, n) / n


def _epoch_seconds(encoder: EncoderSpec, ev: EvalSpec, device: torch.device, n: int) -> float:
    rng, classes = np.random.default_rng(0), EvalItems(0, 0).classes
    targets = rng.integers(0, classes, n)
    if ev.traits.reads_masks:
        targets = rng.integers(0, classes, (n, ev.size, ev.size)).astype(np.uint8)
    made = evals.LabelledImages(
        rng.integers(0, 256, (n, ev.size, ev.size, 3), dtype=np.uint8), targets
    )
    one = ev.model_copy(update={"epochs": 1, "ignore": None})
    net = encoders.build(encoder, 0).to(device).to(memory_format=torch.channels_last)
    began = time.perf_counter()
    evals.tune(one, net, made, evals.LabelledImages(made.images[:2], made.targets[:2]), device)
    return time.perf_counter() - began
