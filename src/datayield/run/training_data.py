"""The images of runs and evaluations, decoded once per process."""

import hashlib
import math
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import PIL
import torch

from datayield.data.content import Digests
from datayield.data.decoded import DECODER, Arrays, Fit, Rows, Stored
from datayield.data.free_memory import IMAGES_SHARE, free_bytes, images_fit
from datayield.data.sampling import EndToEnd, Joined, Resident, Streamed
from datayield.data.selection import Indices, check_apart, digest_of, drawn_from, indices, pool_of
from datayield.data.supervised_labels import check_supervised
from datayield.data.unchanged import check_evaluated, check_pretraining, check_target
from datayield.run.curation import chosen, measured_set
from datayield.run.decoded_splits import arrays_of
from datayield.run.loop import TrainingData
from datayield.spec.evaluation import EvalSpec
from datayield.spec.identity import digest
from datayield.spec.run import Mixture, RunSpec, Subset, dataset_name
from datayield.store.curation import features_used, set_record
from datayield.store.plan import Task

DRAWN = 16  # subsets whose positions are kept: of a million images, 8 MB each


def splits_read(task: Task) -> Iterator[tuple[str, str, int, Fit, bool]]:
    """What `arrays_of` is given for each split that a task reads.

    Pretraining images may be decoded on the fly.
    """
    if isinstance(task.spec, RunSpec) and task.share_left > 0:
        for _, part in task.spec.data.members:
            yield part.dataset, part.split, part.size, part.fit, True
            yield from ((*which, True) for which in part.compared)
    for _, ev in task.pending:
        for split in ev.splits:
            yield ev.dataset, split, ev.decoded_side, ev.fit, False


def decoded_here(task: Task) -> Iterator[str]:
    """Decode what a task reads and this machine's cache lacks; a note for each split.

    Stops at an error: the task meets it again, and reports it.
    """
    for dataset, split, size, fit, fly in dict.fromkeys(splits_read(task)):
        totals: set[int] = set()

        def decoding(_: int, total: int, totals: set[int] = totals) -> None:
            totals.add(total)

        try:
            arrays_of(dataset, split, size, fit, decoding, fly)
        except Exception:
            return
        for total in totals:
            what = f"{dataset_name(dataset)} {split} at {size} px"
            yield f"decoded on {socket.gethostname()}: {what}, {total:,} images"


def decoded_of(ev: EvalSpec) -> dict[str, Arrays]:
    """The decoded splits that `ev` names. Raises StalePlanError if they are not as planned."""
    splits = {split: arrays_of(ev.dataset, split, ev.decoded_side, ev.fit) for split in ev.splits}
    check_evaluated(ev, splits)
    return splits


def _pretrained_on(data: Subset) -> Arrays:
    return arrays_of(data.dataset, data.split, data.size, data.fit, on_the_fly=True)


@dataclass(frozen=True, eq=False)
class DrawnMember:
    """A subset, or one part of a mixture: its split and which images it takes."""

    part: Subset
    arrays: Arrays
    indices: Indices

    @property
    def content(self) -> str | None:
        """Digest of the images' contents, in order; None if unknown."""
        digests = self.digests
        return None if digests is None else hashlib.sha256(digests.tobytes()).hexdigest()[:24]

    @property
    def digests(self) -> Digests | None:
        """The digest of each image as stored, in order; None if unknown."""
        if self.arrays.content is None or not isinstance(self.indices, np.ndarray):
            return None
        return self.arrays.content[self.indices]


@dataclass(frozen=True, eq=False)
class DrawnImages:
    """The images that a run trains on, member by member."""

    members: tuple[DrawnMember, ...]

    @property
    def rows(self) -> Rows:
        """The pixels of all members' splits, one split after another."""
        first, *others = (member.arrays.rows for member in self.members)
        return Joined([first, *others]) if others else first

    @property
    def indices(self) -> Indices:
        """Which of `rows`."""
        first, *others = (member.indices for member in self.members)
        if not others:
            return first
        return EndToEnd([first, *others], [len(member.arrays) for member in self.members])

    @property
    def data_digest(self) -> str:
        """Identifies the pixels: by the images' contents and how they are decoded, if known."""
        kinds = [[m.part.size, m.part.fit, DECODER, PIL.__version__] for m in self.members]
        contents = [member.content for member in self.members]
        if None not in contents:
            return digest([contents, kinds])
        first, *others = (member.arrays.digest for member in self.members)
        return digest([first, *others]) if others else first

    @property
    def indices_digest(self) -> str:
        """Identifies the images and their order: by content, or by their positions."""
        contents = [member.content for member in self.members]
        return digest_of(self.indices) if None in contents else digest(contents)

    @property
    def distinct(self) -> int | None:
        """How many different images there are, by content; None if unknown."""
        contents = [member.digests for member in self.members]
        known = [digests for digests in contents if digests is not None]
        return len(np.unique(np.concatenate(known))) if len(known) == len(contents) else None

    @property
    def stored(self) -> bool:
        """Whether the pixels of all members are on disk."""
        return all(isinstance(member.arrays.rows, Stored) for member in self.members)


def draw_images(data: Subset | Mixture) -> DrawnImages:
    """The images that `data` selects; cached within a process.

    Raises DataError if a split has fewer usable images than requested, a class does not exist, or
    two parts of a mixture contain the same image; StalePlanError if they are not those that were
    planned.
    """
    return _drawn(data, tuple(_pretrained_on(part) for _, part in data.members))


@lru_cache(maxsize=DRAWN)
def _drawn(data: Subset | Mixture, arrays: tuple[Arrays, ...]) -> DrawnImages:
    members: list[DrawnMember] = []
    taken: dict[tuple[str, str], dict[str, Indices]] = {}
    for (name, part), split in zip(data.members, arrays, strict=True):
        check_pretraining(part, split)
        members.append(DrawnMember(part, split, _indices(name, part, split)))
        taken.setdefault((part.dataset, part.split), {})[name] = members[-1].indices
    for (dataset, split_name), parts in taken.items():
        if len(parts) > 1:
            check_apart(f"{dataset!r} split {split_name!r}", parts)
    return DrawnImages(tuple(members))


def measure_sets(runs: Iterable[RunSpec], progress: Callable[[int, int], None]) -> None:
    """Measure how diverse the images of `runs` are, if any of them are chosen by their features.

    `progress` is called with how many sets are done, and how many there are.
    """
    data = dict.fromkeys(run.data for run in runs)
    features = features_used(part for each in data for _, part in each.members)
    every = (member for each in data for member in draw_images(each).members)
    sets = [each for each in every if set_record(each.part, features) is None] if features else []
    for at, member in enumerate(sets):
        progress(at, len(sets))
        measured_set(member.part, member.arrays, member.indices, features)


def _indices(name: str, part: Subset, arrays: Arrays) -> Indices:
    """Positions of a part's images in its split."""
    where = f"data.parts.{name}" if name else "data"
    of = drawn_from(part, arrays.labels, arrays.classes, where)
    if part.select is None:
        return indices(part, len(arrays), len(arrays.skipped), of, where, arrays.content)
    pool = pool_of(part, len(arrays), len(arrays.skipped), of, where, arrays.content)
    compared, target = _compared(part)
    return chosen(part, compared, pool, target)


def _compared(part: Subset) -> tuple[Arrays, Arrays | None]:
    """The splits that `select` compares by features: that of the pool, and that of the target."""
    splits = [arrays_of(*which, on_the_fly=True) for which in part.compared]
    if part.select is not None and part.select.target is not None:
        check_target(part.select.target, splits[1])
    return splits[0], splits[1] if len(splits) > 1 else None


def check_classes(spec: RunSpec) -> None:
    """Raises DataError if a supervised run's labels are missing or have more classes."""
    if isinstance(spec.data, Subset):
        check_supervised(spec, _pretrained_on(spec.data))


def training_data_of(spec: RunSpec, device: torch.device) -> TrainingData:
    """The images, and labels if it reads them, that a run draws its batches from.

    Raises DataError if there are fewer than N images, or the labels are missing.
    """
    check_classes(spec)
    return _training_data(draw_images(spec.data), spec.label, device)


@lru_cache(maxsize=2)
def _training_data(drawn: DrawnImages, label: str | None, device: torch.device) -> TrainingData:
    rows, chosen, members = drawn.rows, drawn.indices, drawn.members
    nbytes, note = len(chosen) * math.prod(rows.shape[1:]), ""
    images: Resident | Streamed
    if images_fit(nbytes, device):
        images = Resident(rows, chosen, device)
    else:
        images = Streamed(rows, chosen, device)
        names = dict.fromkeys(f"{each.part.dataset} {each.part.split}" for each in members)
        note = (
            f"{' + '.join(names)}: {len(chosen):,} images are {nbytes / 2**30:.1f} GiB,"
            f" more than {IMAGES_SHARE:.0%} of the {free_bytes(device) / 2**30:.1f} GiB"
            f" free on {device.type}: {'read' if drawn.stored else 'decoded'} while training,"
            " with the same result"
        )
    column = None
    if label is not None:  # a single set: RunSpec rejects labels of a mixture
        where = np.arange(len(chosen), dtype=np.int64)
        column = torch.from_numpy(members[0].arrays.labels[label][chosen[where]]).to(device)
    skipped = sum(len(member.arrays.skipped) for member in members)
    return TrainingData(
        images, drawn.data_digest, drawn.indices_digest, skipped, column, note, drawn.distinct
    )
