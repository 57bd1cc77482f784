"""What a dataset offers a study, before anything is decoded: images, sides, labels, test images."""

import re
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import NamedTuple

import numpy as np
from PIL import Image

from datayield.data.catalog import splits_of
from datayield.data.evaluated import occurring
from datayield.data.folds import folds_of
from datayield.data.leaks import common
from datayield.data.source import UNLABELLED, Groupable, Labels, Source
from datayield.data.sources.split_share import Sliced
from datayield.data.split_content import SplitContent, split_listing
from datayield.spec.evaluation import USUAL_FOLDS, USUAL_PROBE, EvalSpec
from datayield.spec.run import Listing

SAMPLE = 48  # images whose headers are read
USUAL_SIDE = 32  # of images whose size no header tells
PLENTY_TO_TEST = 5_000  # labelled images, of which a fifth is enough to test on
# Columns of these names say which images are alike, and no class that anybody recognises.
ALIKE = re.compile(
    r"(patient|subject|person|participant|case|animal|specimen|slide|video|clip|sequence|session)"
    r"s?([ _-]?(id|no|nr|number|name))?",
    re.IGNORECASE,
)
MOST, OVER_CHANCE = 0.5, 1.5  # from which share of one class on, and times its fair one


class SurveyedSplit(NamedTuple):
    """One split: its source, and what is listed of it."""

    name: str
    source: Source
    listing: Listing

    @property
    def labels(self) -> Mapping[str, Labels]:
        """Name of a label -> the class number of each usable image."""
        content = self.listing.content
        return content.labels if isinstance(content, SplitContent) else self.source.labels

    @property
    def damaged(self) -> int:
        """Listed images that are known not to be usable, from having been decoded."""
        return len(self.source) - self.listing.images

    @property
    def distinct(self) -> int:
        """Different images, as far as is known."""
        content = self.listing.content
        return self.listing.images if content is None else len(content.different)


class ProbeDesign(NamedTuple):
    """Which label is tested, on which images of a dataset, and how.

    `column`: the label by its own name, where `label` is a second one. `images`: those with the
    label; `classes`: name -> images. `train_items`: the most that a
    classifier is trained on. `test` is None with `folds`. `overlap`: images that a test split has
    in common with train, for which it is not used. `others`: labels that are not tested. `groups`:
    columns by which images may be alike; `grouped`: the one by which parts are divided, unless
    some images, `ungrouped`, have no value there.
    """

    label: str
    column: str
    images: int
    classes: Mapping[str, int]
    train_items: int
    test_items: int
    train: str
    test: str | None = None
    folds: int | None = None
    overlap: int = 0
    others: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    grouped: str = ""
    ungrouped: int = 0

    @property
    def most_common(self) -> tuple[str, float]:
        """The class with most images, and its share of them."""
        name = max(self.classes, key=self.classes.__getitem__)
        return name, self.classes[name] / sum(self.classes.values())

    @property
    def uneven(self) -> bool:
        """Whether always answering the most common class looks good by accuracy."""
        return self.most_common[1] >= max(MOST, OVER_CHANCE / len(self.classes))


def surveyed(dataset: str, look: Callable[[str, str], Source]) -> dict[str, SurveyedSplit]:
    """All splits of a dataset by name, `train` first. Raises DataError where it cannot be read."""
    return {name: surveyed_split(name, look(dataset, name)) for name in splits_of(dataset)}


def surveyed_split(name: str, source: Source) -> SurveyedSplit:
    """One split, or a slice of one, with its listing."""
    return SurveyedSplit(name, source, split_listing(source))


def usual_side(source: Source) -> int:
    """The median of the shorter sides of some images, in pixels, by their headers."""
    sides = []
    places = np.unique(np.linspace(0, len(source) - 1, min(SAMPLE, len(source))).astype(int))
    for i in places.tolist():
        try:
            raw = source.read(i)
            if isinstance(raw, bytes):
                with Image.open(BytesIO(raw)) as image:
                    sides.append(min(image.size))
            else:
                sides.append(min(raw.shape[:2]))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # damaged: decoding says so
    return int(np.median(sides)) if sides else USUAL_SIDE


def probe_design(
    dataset: str, splits: Mapping[str, SurveyedSplit], percent: int = 100
) -> ProbeDesign | None:
    """How to test on a dataset; None where no label has two classes of two images.

    `percent`: of the images, where a part is enough and there is no test split.
    """
    train = splits.get("train") or next(iter(splits.values()))
    usable = [name for name in train.labels if _testable(train, name)]
    alike, without = _alike(train.source)
    usable = [name for name in usable if not _is_column(train, name, alike)] or usable
    if not usable:
        return None
    chosen = "label" if "label" in usable else usable[0]
    same = {name for name in usable if np.array_equal(train.labels[name], train.labels[chosen])}
    column = next((name for name in usable if name in same and name != "label"), chosen)
    others = tuple(name for name in usable if name not in same)
    groups = _groups(train.source, usable)
    alike = alike if alike in groups else ""
    by = alike if not without else ""
    listings = {(dataset, name): split.listing for name, split in splits.items()}
    overlap = 0
    for name in ("test", "val"):
        test = splits.get(name)
        if test is None or train.name == name or chosen not in test.labels:
            continue
        overlap = overlap or common((dataset, train.name), (dataset, name), listings)
        if not overlap:
            sizes = _classes(train, chosen)
            tested = _known(test, chosen)
            return ProbeDesign(
                chosen, column, sum(sizes.values()) + len(tested), sizes, sum(sizes.values()),
                len(tested), train.name, test=name, others=others, groups=groups,
            )  # fmt: skip
    return _own_parts(dataset, train, chosen, percent, by)._replace(
        column=column, overlap=overlap, others=others, groups=groups,
        grouped=alike, ungrouped=without if alike else 0,
    )  # fmt: skip


def class_folders(split: SurveyedSplit, label: str) -> dict[str, str]:
    """Class -> the folder of its images, below that of the split; empty where a table says them."""
    source = split.source
    if not isinstance(source, Groupable) or "folder" not in source.group_columns:
        return {}
    names, folders = source.classes.get(label) or [], dict[str, str]()
    pairs = zip(source.labels[label].tolist(), source.groups("folder"), strict=True)
    for number, folder in dict.fromkeys(pairs):
        if number == UNLABELLED:
            continue
        name = names[number]
        if folders.setdefault(name, str(folder)) != folder or not f"/{folder}".endswith(f"/{name}"):
            return {}
    return folders


def _own_parts(
    dataset: str, split: SurveyedSplit, label: str, percent: int, alike: str
) -> ProbeDesign:
    """A dataset without a test split of its own: by folds, or a fifth where that is plenty.

    `alike`: a column; images of one of its values are in one part.
    """
    by = f" by {alike}" if alike else ""
    sizes = _classes(split, label)
    images = sum(sizes.values())
    if images * percent >= 100 * PLENTY_TO_TEST:
        tested = max(1, percent // USUAL_FOLDS)
        train = f"{split.name}[:{percent - tested}%{by}]"
        test = f"{split.name}[{100 - tested}%:{by}]"
        # Slices are cut by content, so that their sizes are known only roughly.
        items = int(0.95 * images * (percent - tested) / 100), images * tested // 100
        return ProbeDesign(label, label, images, sizes, *items, train, test)
    name = f"{split.name}[:{by}]" if alike else split.name
    source, units = split.source, split.distinct
    if alike and isinstance(source, Groupable):
        units, source = len({*source.groups(alike)}), Sliced(source, (0, 100), alike)
    folds = min(USUAL_FOLDS, units)
    ev = EvalSpec(
        name="folds", protocol=USUAL_PROBE, dataset=dataset, label=label,
        train=name, test=name, folds=folds,
    )  # fmt: skip
    made = folds_of(ev, {name: source})
    smallest = min(int((made.fold != k).sum()) for k in range(folds)) - split.damaged
    return ProbeDesign(label, label, images, sizes, smallest, images, name, folds=folds)


def _testable(split: SurveyedSplit, label: str) -> bool:
    """Whether two classes have two images each."""
    return int((occurring(_known(split, label))[1] >= 2).sum()) >= 2


def _known(split: SurveyedSplit, label: str) -> Labels:
    """The class numbers of the usable images that have one."""
    column = split.labels[label]
    known: Labels = column[column != UNLABELLED]
    return known


def _classes(split: SurveyedSplit, label: str) -> dict[str, int]:
    """Images of each class, by its name."""
    names = split.source.classes.get(label) or []
    numbers, counts = occurring(_known(split, label))
    return {
        names[k] if k < len(names) else str(k): int(n)
        for k, n in zip(numbers.tolist(), counts, strict=True)
    }


def _alike(source: Source) -> tuple[str, int]:
    """The column whose name says which images are alike, and how many have no value there."""
    if not isinstance(source, Groupable):
        return "", 0
    for name in filter(ALIKE.fullmatch, source.group_columns):
        values = [str(value or "").strip() for value in source.groups(name)]
        told = [value for value in values if value]
        if 2 * len(told) > len(values) and 1 < len({*told}) < len(told):
            return name, len(values) - len(told)
    return "", 0


def _is_column(split: SurveyedSplit, label: str, column: str) -> bool:
    """Whether a label is that column, by whichever of its names."""
    if label == column:
        return True
    same = split.labels.get(column)
    return same is not None and np.array_equal(split.labels[label], same)


def _groups(source: Source, labels: list[str]) -> tuple[str, ...]:
    """Columns of a table by which images may belong together."""
    if not isinstance(source, Groupable):
        return ()
    return tuple(c for c in source.group_columns if c not in ("folder", *labels))
