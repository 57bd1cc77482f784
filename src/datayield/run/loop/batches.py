"""The batches of a run, ready for the step: views and targets, several small steps at a time."""

import time
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from datayield.augment.views import images_at_once, make_views_of_steps
from datayield.data.sampling import positions
from datayield.run.loop.state import Meter
from datayield.spec.run import RunSpec

MOST_AHEAD = 16  # steps whose views are made together


class ImageBatches(Protocol):
    """Source of batches: `Resident` or `Streamed`, which are bit-identical."""

    def __len__(self) -> int: ...

    def batch(self, seed: int, step: int, size: int, part: slice) -> Tensor: ...

    def close(self) -> None: ...


class TrainingData(NamedTuple):
    """The images of a run, and their provenance. `labels` [N] if the run reads them.

    `note`: a remark for the user on how they are read.
    """

    images: ImageBatches
    data_digest: str
    indices_digest: str
    skipped: int
    labels: Tensor | None = None
    note: str = ""
    distinct: int | None = None  # images without exact copies, if known

    @property
    def digests(self) -> tuple[str, str]:
        """Digests that identify these images."""
        return self.data_digest, self.indices_digest

    def targets(self, seed: int, step: int, size: int, part: slice) -> tuple[Tensor, ...]:
        """The objective's targets for the batch's images: their labels, or nothing."""
        if self.labels is None:
            return ()
        chosen = torch.from_numpy(positions(len(self.images), seed, step, size)[part])
        return (self.labels[chosen.to(self.labels.device, non_blocking=True)],)


class Batch(NamedTuple):
    """What one step trains on: V views [B, 3, S, S] of its images, and their targets if any."""

    views: list[Tensor]
    targets: tuple[Tensor, ...]


def batches(
    data: TrainingData,
    spec: RunSpec,
    part: slice,
    start: int,
    stop: int,
    device: torch.device,
    meter: Meter,
) -> Iterator[Batch]:
    """The batches of steps `start` to `stop`, this process's `part` of each.

    Bit-identical to one by one, also where a run stops and resumes in between, since all is drawn
    from (seed, step). `meter` counts the seconds of waiting for images and of making views.
    """
    ahead = steps_ahead(spec, part.stop - part.start, device)
    for first in range(start, stop, ahead):
        before = time.perf_counter()
        steps = range(first, min(first + ahead, stop))
        pixels = [data.images.batch(spec.seed, k, spec.batch, part) for k in steps]
        targets = [data.targets(spec.seed, k, spec.batch, part) for k in steps]
        fetched = time.perf_counter()
        views = make_views_of_steps(pixels, spec.views, spec.seed, first, spec.batch, part.start)
        meter.wait_seconds += fetched - before
        meter.view_seconds += time.perf_counter() - fetched
        yield from map(Batch, views, targets)


def steps_ahead(spec: RunSpec, images: int, device: torch.device) -> int:
    """How many steps' views, of `images` each, to make together: as many as one operation takes.

    One where an operation is large enough as it is, so that no memory is spent on it.
    """
    most = images_at_once(max(view.size for view in spec.views), device)
    return max(1, min(MOST_AHEAD, most // (images * spec.view_count)))
