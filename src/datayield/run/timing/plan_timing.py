"""Half a minute of measurements: the speed of the kinds of run in a plan not timed before.

Training steps run on random pixels; evaluations on random features of the right shape.
"""

import time
from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import torch

from datayield import evals, methods
from datayield.augment.views import make_views
from datayield.data.sampling import Resident
from datayield.evals.features import extract, pixel_features
from datayield.nets import encoder as encoders
from datayield.optim.build import build as build_optimizer
from datayield.run.device import keep_freed_memory
from datayield.run.loop import (
    apply_settings,
    restore_threads,
    settings_of,
    to_memory_format,
    train_step,
)
from datayield.spec.evaluation import EvalSpec, epochs_of, tuning_of
from datayield.spec.run import EncoderSpec, RunSpec, flops_per_image
from datayield.store.estimate import ItemCounts, items_of
from datayield.store.plan import Plan
from datayield.store.speeds import Speeds, eval_key, speed_key

SECONDS_PER_KIND = 4.0
SAMPLE = 512  # images whose features are timed, then scaled to the whole


def measure(plan: Plan, speeds: Speeds, device: torch.device, counts: ItemCounts) -> Iterator[str]:
    """Time one of each kind of run and evaluation in the plan; yields what is being timed."""
    for spec in {
        speed_key(t.spec): t.spec
        for t in plan.todo
        if isinstance(t.spec, RunSpec) and t.share_left > 0
    }.values():
        if not speeds.samples(speed_key(spec)):
            yield f"{spec.method.name}, {spec.encoder.name}, batch {spec.batch}"
            speeds.add(
                speed_key(spec), seconds_per_image(spec, device), "measured", flops_per_image(spec)
            )
    pending = {
        eval_key(t.spec.encoder, ev): (t.spec.encoder, ev) for t in plan.todo for _, ev in t.pending
    }
    for key, (encoder, ev) in pending.items():
        if not speeds.samples(key):
            yield f"{ev.name} ({ev.protocol})"
            seconds = evaluation_seconds(encoder, ev, device, items_of(ev, counts))
            speeds.add(key, seconds, "measured")


def seconds_per_image(spec: RunSpec, device: torch.device) -> float:
    """Median time of a whole training step on random pixels, divided by the batch."""
    with restore_threads():
        times = _step_seconds(stepper(spec, device), device)
    return float(np.median(times[1:])) / spec.batch  # the first step warms up


def _step_seconds(step: Callable[[], None], device: torch.device) -> list[float]:
    times: list[float] = []
    began = time.perf_counter()
    while len(times) < 4 or (time.perf_counter() - began < SECONDS_PER_KIND and len(times) < 40):
        before = time.perf_counter()
        step()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - before)
    return times


def stepper(spec: RunSpec, device: torch.device) -> Callable[[], None]:
    """A function that makes one training step like the loop's, from pixels to weights.

    On random pixels, in the middle of the budget and at a learning rate of 0. Leaves the process
    with the number of threads that runs use.
    """
    if device.type == "cpu":
        keep_freed_memory()
    n = 2 * spec.batch
    pixels = np.random.default_rng(0).integers(
        0, 256, (n, spec.data.size, spec.data.size, 3), dtype=np.uint8
    )
    images = Resident(pixels, np.arange(n), device)
    method = methods.build(spec).to(device)
    settings = settings_of(spec, device)
    apply_settings(method, settings.layout, settings.threads)
    optimizer = build_optimizer(method, spec.optim)
    targets = (torch.zeros(spec.batch, dtype=torch.long, device=device),) if spec.label else ()
    number = count()

    def step() -> None:
        k = next(number)
        views = make_views(images.batch(0, k, spec.batch), spec.views, 0, k)
        views = to_memory_format(views, settings.layout)
        train_step(method, optimizer, spec, views, targets, t=0.5, lr=0.0, stream=k)

    return step


def evaluation_seconds(
    encoder: EncoderSpec | None, ev: EvalSpec, device: torch.device, sizes: tuple[int, int]
) -> float:
    """Time for features of a few random images, scaled to all, and the probe on random features.

    `sizes`: training and test items.

    If the encoder is trained: one epoch on a few images, scaled to all epochs.
    """
    rng = np.random.default_rng(0)
    if ev.tunes and encoder is not None:
        return _tuning_seconds(encoder, ev, device) * sizes[0] * epochs_of(ev)
    pixels = rng.integers(0, 256, (SAMPLE, ev.size, ev.size, 3), dtype=np.uint8)
    began = time.perf_counter()
    if encoder is None:
        x = pixel_features(pixels)
    else:
        net = encoders.build(encoder, 0).to(device).to(memory_format=torch.channels_last)
        x = extract(net, pixels, device)
    passes = ev.traits.passes
    images = sum(sizes) + passes * sizes[0]
    features = (time.perf_counter() - began) / SAMPLE * images
    generator = torch.Generator().manual_seed(0)
    made = [(torch.randn(n, x.shape[1], generator=generator), torch.arange(n) % 10) for n in sizes]
    began = time.perf_counter()
    train = made[0] if ev.traits.needs_labels else None
    evals.evaluate(ev, train, made[1], views=lambda epoch: made[0][0])
    return features + time.perf_counter() - began


def _tuning_seconds(encoder: EncoderSpec, ev: EvalSpec, device: torch.device) -> float:
    """Seconds to train on one image once: an epoch of two random batches, after warm-up."""
    rng = np.random.default_rng(0)
    n = 2 * tuning_of(ev).batch
    targets = rng.integers(0, 10, n)
    if ev.traits.reads_masks:
        targets = rng.integers(0, 10, (n, ev.size, ev.size)).astype(np.uint8)
    made = evals.LabelledImages(
        rng.integers(0, 256, (n, ev.size, ev.size, 3), dtype=np.uint8), targets
    )
    one = ev.model_copy(update={"epochs": 1, "ignore": None})
    times = []
    for _ in range(2):
        net = encoders.build(encoder, 0).to(device).to(memory_format=torch.channels_last)
        began = time.perf_counter()
        evals.tune(one, net, made, evals.LabelledImages(made.images[:2], made.targets[:2]), device)
        times.append(time.perf_counter() - began)
    return times[-1] / n
