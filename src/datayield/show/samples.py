"""Sample images of the splits of a dataset, by class where there are labels; and copies."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import combinations

import numpy as np

from datayield.data.catalog import find, splits_of
from datayield.data.census import printable
from datayield.data.content import content_of
from datayield.data.dataset_report import SplitReport, dataset_report
from datayield.data.decoded import decode
from datayield.data.near_copies import SIDE, looks_of, near_copies
from datayield.data.source import UNLABELLED, Source
from datayield.show.pictures import Picture, PictureRow, Section, several, thumbnail
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.run import dataset_name

SAMPLE = 12  # images of an unlabelled split
OF_A_CLASS = 4
CLASSES = 12  # shown of a label
PAIRS = 12  # of copies that are shown
COMPARED = 1_000  # images of a split among which near copies are looked for
ImageProgress = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]  # done, total
Place = tuple[str, str]  # dataset, split
Pair = tuple[str, tuple[Picture, ...]]  # what they are, and both


@contextmanager
def unwatched(_: str) -> Iterator[Callable[[int, int], None]]:
    """Progress that nobody looks at."""
    yield lambda done, total: None


def dataset_section(dataset: str, seed: int, watched: ImageProgress) -> Section:
    """What a dataset holds, and samples of each split. Raises DataError if it has no image."""
    with watched(f"looking at {dataset_name(dataset)}") as progress:
        report = dataset_report(dataset, progress=progress)
    if not any(split.images for split in report.splits):
        raise DataError("no images to show", where=dataset, got="0 images")
    rows = [row for split in report.splits for row in _sample(dataset, split, seed)]
    name = dataset_name(dataset)
    return Section(name, tuple(line.strip() for line in report.lines()[1:]), tuple(rows))


def copies_section(places: list[tuple[Place, Place]], seed: int) -> Section:
    """Pairs of images that two splits have in common, or that look alike, side by side."""
    rows, text = list[PictureRow](), list[str]()
    for one, other in places:
        sources = find(*one), find(*other)
        pairs = list(_copies(*sources))
        try:
            pairs += _alike(*sources, seed)
        except ConfigError as error:
            text.append(f"Only exact copies: {error.message} ({error.hint}).")
        names = " and ".join(f"{dataset_name(d)} {s}" for d, s in (one, other))
        rows += [PictureRow(f"{names}: {kind}", both) for kind, both in pairs[:PAIRS]]
        shown = f" ({PAIRS} are shown)" if len(pairs) > PAIRS else ""
        text.append(f"{names}: {len(pairs) or 'no'} pair{'s' * (len(pairs) != 1)}{shown}.")
    limit = f"Near copies are looked for among up to {COMPARED:,} images of each split, at random."
    return Section("Copies between splits", (*dict.fromkeys(text), limit), tuple(rows))


def split_pairs(dataset: str) -> list[tuple[Place, Place]]:
    """Each two splits of a dataset."""
    return [((dataset, a), (dataset, b)) for a, b in combinations(splits_of(dataset), 2)]


def _sample(dataset: str, split: SplitReport, seed: int) -> Iterator[PictureRow]:
    source, draw = find(dataset, split.split), np.random.default_rng(seed)
    label = next((name for name, counts in split.classes.items() if counts), None)
    if label is None:
        yield PictureRow(
            f"{split.split}: a sample", _drawn(source, np.arange(len(source)), SAMPLE, draw)
        )
        return
    column, names = source.labels[label], source.classes.get(label) or []
    for k in np.unique(column[column != UNLABELLED])[:CLASSES].tolist():
        name = names[k] if k < len(names) else str(k)
        pictures = _drawn(source, np.flatnonzero(column == k), OF_A_CLASS, draw)
        yield PictureRow(f"{split.split}, {label}: {name}", pictures)
    without = np.flatnonzero(column == UNLABELLED)
    if len(without):
        yield PictureRow(f"{split.split}: without a label", _drawn(source, without, SAMPLE, draw))


def _drawn(
    source: Source, places: np.ndarray, number: int, draw: np.random.Generator
) -> tuple[Picture, ...]:
    """Up to `number` pictures of images at these positions that can be decoded."""
    made = list[Picture]()
    for i in draw.permutation(places)[: 3 * number].tolist():
        if len(made) < number and not isinstance(decode(source.read(i), SIDE, "squash"), str):
            made += several([_of(source, i)])
    return tuple(made)


def _of(source: Source, i: int) -> Picture | None:
    return thumbnail(source.read(i), printable(source.names(i)))


def _copies(one: Source, other: Source) -> Iterator[Pair]:
    """Images of the same content."""
    a, b = content_of(one), content_of(other)
    if a is not None and b is not None:
        for digest in np.intersect1d(a, b):
            i, k = int(np.flatnonzero(a == digest)[0]), int(np.flatnonzero(b == digest)[0])
            yield "copies", several([_of(one, i), _of(other, k)])


def _alike(one: Source, other: Source, seed: int) -> Iterator[Pair]:
    """Images of other content that look alike. Raises ConfigError without imagehash."""
    a, b = content_of(one), content_of(other)
    for near in near_copies(looks_of(one, _some(one, seed)), looks_of(other, _some(other, seed))):
        if a is None or b is None or a[near.one] != b[near.other]:
            kind = "look alike, mirrored" if near.mirrored else "look alike"
            yield kind, several([_of(one, near.one), _of(other, near.other)])


def _some(source: Source, seed: int) -> list[int]:
    chosen: list[int] = np.random.default_rng(seed).permutation(len(source))[:COMPARED].tolist()
    return sorted(chosen)
