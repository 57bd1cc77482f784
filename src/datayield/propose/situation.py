"""What a first study is designed for: images, labels, published weights, machine and time."""

from pathlib import PurePath
from typing import NamedTuple


class UnlabelledData(NamedTuple):
    """The images to pretrain on.

    `dataset` is written as a study names it; `side`: the usual shorter side of an image in pixels.
    """

    dataset: str
    split: str
    images: int
    side: int


class LabelledData(NamedTuple):
    """The images to test on, and how: by `folds` of `train`, or by the split `test`.

    `labels`: the most that a classifier can be trained on, `tested`: the images that are tested,
    `shared`: those of them that are pretrained on too. `overlap`: images that the dataset's own
    test split shares with its training split, which is why it is not used. `others`: labels that
    could be tested instead, `groups`: columns by which images may belong together, `grouped`: the
    one by which they do. `uneven`: the share of the most common class, if that is most of them.
    """

    dataset: str
    label: str
    classes: int
    labels: int
    tested: int
    train: str = "train"
    test: str | None = None
    folds: int | None = None
    shared: int = 0
    overlap: int = 0
    others: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    grouped: str = ""
    uneven: float | None = None


class PublishedFile(NamedTuple):
    """A file of published weights, relative to DATAYIELD_DATA, and the encoder that it is of."""

    path: str
    encoder: str
    normalise: str | None = None  # None: as for ImageNet, which a study need not state


class Situation(NamedTuple):
    """All that the design of a study depends on, besides the speed of each setup.

    `seconds`: for the runs, their evaluations and the report. `parallel`: how many times as much
    work the machine does by several processes as by one. `bf16`: whether its hardware computes in
    it.
    """

    name: str
    images: UnlabelledData
    labels: LabelledData | None
    seconds: float
    parallel: float = 1.0
    bf16: bool = False
    weights: PublishedFile | None = None


def shown_name(dataset: str) -> str:
    """A dataset in a sentence: the last part of its path."""
    return PurePath(dataset).name or dataset
