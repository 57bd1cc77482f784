"""The labelled images of a study's task, and the images that its runs were pretrained on."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from datayield.data.content import Digests
from datayield.data.decoded import Arrays
from datayield.data.folds import units_of
from datayield.data.source import Labels
from datayield.data.split_content import SplitContent
from datayield.encoders import images_of
from datayield.evals.classifier import FeatureTable
from datayield.run.evaluation.labels import chosen_images, labels_in, positions
from datayield.run.export import FrozenEncoder, kept_features
from datayield.session import Session
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import RunSpec

OWNED = 10_000  # images of the study that candidates are compared with, at most

Reason = Literal["unusable", "labelled", "test", "pretrained", "copy", "near_copy"]
Show = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]


class Extractor(NamedTuple):
    """An encoder on its device, and how progress is shown."""

    frozen: FrozenEncoder
    device: str
    show: Show

    def features(self, what: str, arrays: Arrays, chosen: Labels) -> FeatureTable:
        """[k, d] of the images at positions `chosen` [k]."""
        from datayield.run.device import choose

        with self.show(f"features of {what}") as progress:
            return kept_features(self.frozen, arrays, chosen, choose(self.device), progress)


class TaskImages(NamedTuple):
    """The training images that an evaluation uses: features [n, d], class numbers [n], names.

    `units` [n]: one number for copies of an image, and for images of a group. `classes`: names.
    """

    x: FeatureTable
    y: Labels
    units: NDArray[np.uint64]
    names: list[str]
    classes: list[str]


class Known(NamedTuple):
    """Images that are not to be picked, by content, and what they are."""

    what: Reason
    digests: Digests


def task_images(ev: EvalSpec, extractor: Extractor) -> TaskImages:
    """The training images of an evaluation that needs labels, as its classifier sees them."""
    arrays, chosen = chosen_images(ev, ev.train, ev.train_count)
    labels, classes = labels_in(ev, ev.train)
    return TaskImages(
        extractor.features("labelled images", arrays, chosen),
        labels[chosen],
        units_of(ev, ev.train, arrays)[chosen],
        [names_of(arrays)(i) for i in chosen.tolist()],
        classes,
    )


def known_images(session: Session, ev: EvalSpec, collect: bool) -> list[Known]:
    """The images of the task that have labels, all test images, and those pretrained on.

    Those pretrained on may be labelled, but need not be collected again.
    """
    arrays, _ = chosen_images(ev, ev.train, None)
    known = list[Known]()
    if arrays.content is not None:
        of = positions(ev, ev.train)
        mine = arrays.content if of is None else arrays.content[of]
        known.append(Known("labelled", mine))
    tests = {
        (each.dataset, split)
        for each in session.study.evaluations
        if each.traits.needs_labels or each.traits.reads_masks
        for split in (each.test, each.val)
        if split is not None and each.folds is None
    }
    for place in sorted(tests):
        if (content := _content(session, place)) is not None:
            known.append(Known("test", content.different))
    if collect:
        for run in session.runs:
            known += [Known("pretrained", digests) for digests in _pretrained_on(session, run)]
    return known


def owned_features(session: Session, run: RunSpec, extractor: Extractor) -> FeatureTable:
    """[m, d] of the images that `run` was pretrained on, `OWNED` of them at most."""
    parts = []
    for _, part in run.data.members:
        with extractor.show("decoding") as progress:
            seen = extractor.frozen.preprocessing
            arrays = images_of(part.dataset, part.split, seen, progress)
        content = _content(session, (part.dataset, part.split))
        digests = None if content is None else content.selected(part)
        mine = np.arange(len(arrays), dtype=np.int64)
        if digests is not None and arrays.content is not None:
            mine = np.flatnonzero(np.isin(arrays.content, digests))
        most = OWNED // len(run.data.members)
        mine = np.sort(np.random.Generator(np.random.PCG64(0)).permutation(mine)[:most])
        parts.append(extractor.features("the study's images", arrays, mine))
    return np.concatenate(parts)


def names_of(arrays: Arrays) -> Callable[[int], str]:
    """The name of the image at a position among the good ones."""
    good = np.delete(np.arange(arrays.listed), arrays.bad)
    return lambda i: arrays.source.names(int(good[i]))


def _pretrained_on(session: Session, run: RunSpec) -> list[Digests]:
    found = []
    for _, part in run.data.members:
        content = _content(session, (part.dataset, part.split))
        digests = None if content is None else content.selected(part)
        if digests is not None:
            found.append(digests)
    return found


def _content(session: Session, place: tuple[str, str]) -> SplitContent | None:
    listing = session.listings.get(place)
    content = None if listing is None else listing.content
    return content if isinstance(content, SplitContent) else None
