"""What a dataset holds, before anything is made of it: files, classes, copies, overlaps.

Decodes every image, and keeps what it learns of damaged ones in the cache, so that plans know.
"""

from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from datayield.data.catalog import find, splits_of
from datayield.data.census import Census, Noted, by_kind, further_pages_note, noted
from datayield.data.content import (
    content_of,
    is_computed,
    remember_further_pages,
    remember_undecodable,
)
from datayield.data.decoded.decode_all import (
    DecodeJob,
    DecodeOutcome,
    Progress,
    decode_all,
    nothing_decoded,
)
from datayield.data.leaks import common
from datayield.data.near_copies import looks_of, near_copies
from datayield.data.source import UNLABELLED, Source
from datayield.data.split_content import split_listing
from datayield.spec.run import Listing

CLASSES = 12  # named one by one up to here
SIDE = 32  # pixels: enough to see whether an image can be decoded


class SplitReport(NamedTuple):
    """One split: its images, files that are not simply used, and images of each class."""

    split: str
    images: int  # usable
    distinct: int | None  # None: too many to be read first, or to look for damaged ones
    census: Census
    damaged: dict[str, Noted]  # by reason
    pages: Noted  # files with further pages or frames
    classes: dict[str, dict[str, int]]  # label -> name of a class -> usable images
    label_notes: tuple[str, ...]  # images in two classes, class names that may be misspelled

    def lines(self) -> list[str]:
        """The number of images, then a sentence per label and per kind of file not simply used."""
        images = "1 image" if self.images == 1 else f"{self.images:,} images"
        if self.distinct is not None and self.distinct < self.images:
            copies = self.images - self.distinct
            are = "is a copy" if copies == 1 else "are copies"
            images += f", {self.distinct:,} of them distinct ({copies:,} {are})"
        labels = [
            f"{label}: {len(counts):,} class{'es' * (len(counts) > 1)}: {_sizes(counts)}"
            for label, counts in self.classes.items()
            if counts
        ]
        bad = [f"damaged {n.number:,}: {why}{n.words()}" for why, n in self.damaged.items()]
        if self.pages.number:
            bad.append(further_pages_note(self.pages.number) + self.pages.words())
        none = [] if self.census.partly else ["no labels"]
        return [images, *(labels or none), *self.label_notes, *bad, *self.census.lines()]

    def structure(self) -> dict[str, object]:
        """As JSON-ready values."""
        return {
            "split": self.split,
            "images": self.images,
            "distinct": self.distinct,
            "damaged": {why: n._asdict() for why, n in self.damaged.items()},
            "further_pages": self.pages._asdict(),
            "classes": self.classes,
            "label_notes": list(self.label_notes),
            **self.census.structure(),
        }


class SharedImages(NamedTuple):
    """Images that two splits have in common: the same pixels or files."""

    one: str
    other: str
    images: int


class Alike(NamedTuple):
    """Images of split `one` that look like others in `other`, which may be the same split."""

    one: str
    other: str
    images: int  # of `one`
    examples: tuple[str, ...]


class DatasetReport(NamedTuple):
    """All splits of a dataset, and what they share. `alike` is None where it was not looked for."""

    dataset: str
    splits: tuple[SplitReport, ...]
    shared: tuple[SharedImages, ...]
    alike: tuple[Alike, ...] | None

    def lines(self) -> list[str]:
        """Text for a person, indented below the dataset's name."""
        lines = [self.dataset]
        for split in self.splits:
            images, *others = split.lines()
            lines += [f"  {split.split}: {images}", *(f"    {line}" for line in others)]
        for pair in self.shared:
            are = "1 image is" if pair.images == 1 else f"{pair.images:,} images are"
            lines.append(
                f"  {are} in both {pair.one} and {pair.other}: a study that trains on one and "
                "tests on the other is refused until the copies are removed"
            )
        for each in self.alike or ():
            where = "others of it" if each.one == each.other else f"images of {each.other}"
            look = "image of {} looks" if each.images == 1 else "images of {} look"
            look = look.format(each.one)
            lines.append(f"  {each.images:,} {look} like {where}, for example")
            lines += [f"    {pair}" for pair in each.examples]
        return lines if self.alike != () else [*lines, "  no near copies found"]

    def structure(self) -> dict[str, object]:
        """As JSON-ready values."""
        alike = None if self.alike is None else [each._asdict() for each in self.alike]
        return {
            "dataset": self.dataset,
            "splits": [each.structure() for each in self.splits],
            "shared": [each._asdict() for each in self.shared],
            "near_copies": alike,
        }


def dataset_report(
    dataset: str, near: bool = False, progress: Progress | None = None
) -> DatasetReport:
    """Look at every split of a dataset; `near`: for near copies too.

    `progress(done, total)` is called while the images of a split are decoded.

    Raises DataError where it cannot be read, ConfigError for `near` without imagehash.
    """
    sources = {split: find(dataset, split) for split in splits_of(dataset)}
    decoded = {split: _decoded(source, progress) for split, source in sources.items()}
    listings = {(dataset, split): split_listing(source) for split, source in sources.items()}
    shared = [
        SharedImages(one, other, common((dataset, one), (dataset, other), listings))
        for one, other in combinations(sources, 2)
    ]
    return DatasetReport(
        dataset,
        tuple(
            _split(name, sources[name], listings[dataset, name], decoded[name]) for name in sources
        ),
        tuple(each for each in shared if each.images),
        _alike(sources, decoded) if near else None,
    )


def _decoded(source: Source, progress: Progress | None) -> DecodeOutcome:
    """What comes of decoding every image; remembered for later plans."""
    digests = content_of(source)
    if digests is None or is_computed(source):
        return nothing_decoded()
    with TemporaryDirectory() as folder:
        job = DecodeJob(source, Path(folder) / "images.u8", SIDE, "squash")
        outcome = decode_all(job, progress=progress)
    remember_undecodable(digests[[i for i, _ in outcome.skipped]])
    remember_further_pages(digests[outcome.pages])
    return outcome


def _split(name: str, source: Source, listing: Listing, decoded: DecodeOutcome) -> SplitReport:
    bad = [i for i, _ in decoded.skipped]
    return SplitReport(
        name,
        listing.images,
        None if listing.content is None else len(listing.content.different),
        source.census,
        by_kind((reason, source.names(i)) for i, reason in decoded.skipped),
        noted(map(source.names, decoded.pages)),
        {
            label: _counts(np.delete(column, bad), source.classes.get(label))
            for label, column in _columns(source)
        },
        () if listing.content is None else listing.content.label_notes(),
    )


def _sizes(counts: dict[str, int]) -> str:
    if len(counts) <= CLASSES:
        return ", ".join(f"{name} {n:,}" for name, n in counts.items())
    if len({*counts.values()}) == 1:
        n = next(iter(counts.values()))
        return f"{n:,} image{'s' * (n > 1)} each"
    few, many = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    return f"{counts[few]:,} ({few}) to {counts[many]:,} ({many}) images each"


def _columns(source: Source) -> list[tuple[str, np.ndarray]]:
    """The labels; not those of a set that has yet to be downloaded for them."""
    whole = getattr(source, "whole", source)
    return list(source.labels.items()) if getattr(whole, "fetched", True) else []


def _counts(column: np.ndarray, names: list[str] | None) -> dict[str, int]:
    numbers, counts = np.unique(column[column != UNLABELLED], return_counts=True)
    return {
        names[k] if names and k < len(names) else str(k): int(n)
        for k, n in zip(numbers.tolist(), counts, strict=True)
    }


def _alike(sources: dict[str, Source], decoded: dict[str, DecodeOutcome]) -> tuple[Alike, ...]:
    """Pairs whose bytes differ; exact copies are told as such."""
    bad = {name: {i for i, _ in outcome.skipped} for name, outcome in decoded.items()}
    looks = {
        name: looks_of(source, [i for i in range(len(source)) if i not in bad[name]])
        for name, source in sources.items()
    }
    digests = {name: content_of(source) for name, source in sources.items()}
    found = []
    for one, other in [*((name, name) for name in sources), *combinations(reversed(sources), 2)]:
        pairs = near_copies(looks[one], None if one == other else looks[other])
        a, b = digests[one], digests[other]
        told = [p for p in pairs if a is None or b is None or a[p.one] != b[p.other]]
        images = {p.one for p in told} | ({p.other for p in told} if one == other else set())
        examples = noted(
            f"{sources[one].names(p.one)} and {sources[other].names(p.other)}"
            + (" mirrored" if p.mirrored else "")
            for p in told
        ).examples
        if told:
            found.append(Alike(one, other, len(images), examples))
    return tuple(found)
