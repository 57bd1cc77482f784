"""Within a time limit: the speed of the kinds of work in a plan that were not timed before.

The largest first, so that what is left at the limit matters least. Each kind has a few seconds, or
an equal part of the time that is left.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

from datayield.run.timing.eval_timing import evaluation_timing
from datayield.run.timing.step_timing import seconds_per_image
from datayield.spec.evaluation import EvalItems, EvalSpec
from datayield.spec.run import EncoderSpec, RunSpec, flops_per_image
from datayield.store.estimate import ItemCounts, items_of
from datayield.store.plan import Plan
from datayield.store.speeds import Speeds, eval_key, features_key, speed_key

SECONDS_PER_KIND = 4.0
FEWEST_SECONDS = 0.5  # left, to begin with another kind


class Measuring(NamedTuple):
    """A kind of work whose timing begins: the `number`-th `of` all; `what` is empty at the end."""

    what: str
    number: int
    of: int


class _Kind(NamedTuple):
    what: str
    weight: float  # a rough size of all work of this kind
    time: Callable[[float], None]


def measure(
    plan: Plan, speeds: Speeds, device: torch.device, counts: ItemCounts, deadline: float
) -> Iterator[Measuring]:
    """Time one of each kind of run and evaluation in the plan until `deadline` (monotonic).

    Yields what is timed next, and at the end how many kinds were timed.
    """
    runs = sorted(_runs(plan, speeds, device), key=lambda kind: -kind.weight)
    evaluations = sorted(_evals(plan, speeds, device, counts), key=lambda kind: -kind.weight)
    kinds = [*runs, *evaluations]
    for k, kind in enumerate(kinds):
        left = deadline - time.monotonic()
        if left < FEWEST_SECONDS:
            yield Measuring("", k, len(kinds))
            return
        yield Measuring(kind.what, k + 1, len(kinds))
        kind.time(min(SECONDS_PER_KIND, left / (len(kinds) - k)))
    yield Measuring("", len(kinds), len(kinds))


def _runs(plan: Plan, speeds: Speeds, device: torch.device) -> Iterator[_Kind]:
    specs: dict[str, list[tuple[RunSpec, float]]] = {}
    for task in plan.todo:
        if isinstance(task.spec, RunSpec) and task.share_left > 0:
            specs.setdefault(speed_key(task.spec), []).append((task.spec, task.share_left))
    for key, of in specs.items():
        if not speeds.samples(key):
            spec = of[0][0]
            what = f"{spec.method.name}, {spec.encoder.name}, batch {spec.batch}"
            images = sum(share * each.images for each, share in of)

            def one(seconds: float, key: str = key, spec: RunSpec = spec) -> None:
                flops = flops_per_image(spec)
                per_image = seconds_per_image(spec, device, seconds)
                speeds.add(key, per_image, "measured", flops, spec.encoder.name)

            yield _Kind(what, (flops_per_image(spec) or 1.0) * images, one)


def _evals(plan: Plan, speeds: Speeds, device: torch.device, counts: ItemCounts) -> Iterator[_Kind]:
    pending: dict[str, tuple[EncoderSpec | None, EvalSpec]] = {}
    times: dict[str, int] = {}
    for task in plan.todo:
        for _, ev in task.pending:
            key = eval_key(task.spec.encoder, ev)
            pending[key] = task.spec.encoder, ev
            times[key] = times.get(key, 0) + 1
    for key, (encoder, ev) in pending.items():
        if not speeds.samples(key):
            name = encoder.name if encoder else "pixels"
            sizes = items_of(ev, counts)

            def one(
                seconds: float,
                key: str = key,
                encoder: EncoderSpec | None = encoder,
                ev: EvalSpec = ev,
                sizes: EvalItems = sizes,
            ) -> None:
                timing = evaluation_timing(encoder, ev, device, sizes, seconds)
                if timing is not None:
                    speeds.add(key, timing.rest, "measured")
                    speeds.add(features_key(encoder, ev), timing.per_image, "measured")

            yield _Kind(f"{ev.name} ({ev.protocol}), {name}", times[key] * sum(sizes[:2]), one)
