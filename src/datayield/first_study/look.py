"""The images to pretrain on, those to test on, and how many can be decoded in time."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datayield.data.catalog import Look, found_once
from datayield.data.decoded import decode
from datayield.data.decoded.decode_all import ALONE, usable_cores
from datayield.data.leaks import common
from datayield.data.source import Source
from datayield.data.sources.files import walk
from datayield.data.sources.listed_images import is_table
from datayield.data.split_content import split_listing
from datayield.data.survey import (
    ProbeDesign,
    SurveyedSplit,
    probe_design,
    surveyed,
    surveyed_split,
    usual_side,
)
from datayield.first_study.request import Request
from datayield.spec.errors import DataError
from datayield.spec.named_paths import pasteable

PRETRAINED = ("train", "unlabeled")  # splits, of which the larger is pretrained on
DECODING = 0.2  # of the time, at most; where all images would take longer, a part is used
TIMED_IMAGES, TIMED_SIDE = 24, 16  # decoded, to know how long all of them take


class Surveyed(NamedTuple):
    """The images to pretrain on and those to test on, as listed.

    `side`: the usual shorter side in pixels. `tested`: the splits of `labels_of`. `shared`: images
    that are tested and pretrained on. `percent`: of the images, the part that can be decoded in
    time; `decoding`: the seconds that it takes.
    """

    images: SurveyedSplit
    side: int
    labels_of: str
    tested: Mapping[str, SurveyedSplit]
    probe: ProbeDesign | None
    shared: int
    percent: int
    decoding: float


def look_at(request: Request, earlier: Surveyed | None = None) -> Surveyed:
    """What there is; `earlier`: before images were decoded."""
    look = found_once()
    splits = surveyed(request.images, look)
    images = max(splits.values(), key=lambda of: (of.name in PRETRAINED, of.listing.images))
    labels_of = earlier.labels_of if earlier else _labels_of(request, splits, look)
    tested = splits if labels_of == request.images else surveyed(labels_of, look)
    if earlier is None:
        side = usual_side(images.source)
        every = [*splits.values(), *(tested.values() if tested is not splits else ())]
        percent, decoding = _decodable([of.source for of in every], DECODING * 60 * request.minutes)
    else:
        side, percent, decoding = earlier.side, earlier.percent, 0.0
    probe = probe_design(labels_of, tested, percent)
    if probe is None and request.labels is not None:
        raise _no_labels(labels_of, tested)
    split = images.name if percent == 100 else f"{images.name}[:{percent}%]"
    cut = probe is not None and probe.folds is None and probe.train.startswith(f"{images.name}[")
    if probe is not None and tested is splits and cut:
        split = probe.train  # what is tested is kept apart
    if split != images.name:
        images = surveyed_split(split, look(request.images, split))
    shared = 0
    if probe is not None:
        own, other = (request.images, split), (labels_of, probe.test or probe.train)
        listed = {own: images.listing, other: split_listing(look(*other))}
        shared = common(own, other, listed)
    return Surveyed(images, side, labels_of, tested, probe, shared, percent, decoding)


def _labels_of(request: Request, splits: Mapping[str, SurveyedSplit], look: Look) -> str:
    """The dataset that is tested: the one that is asked for, else the images, or a table in it.

    A folder whose table names fewer than half of its images has no labels; the table has. Raises
    DataError where labels are asked for and there are none.
    """
    named, tested, useless = request.labels or request.images, splits, list[str]()
    folder = Path(named)
    tables = sorted(filter(is_table, folder.iterdir())) if folder.is_dir() else []
    if named != request.images:
        try:
            tested = surveyed(named, look)
        except DataError as error:
            if not tables or walk(folder).images:
                raise
            tested, useless = {}, [error.message]  # a folder of tables alone
    if tested and probe_design(named, tested) is not None:
        return named
    for table in map(str, tables):
        try:
            if probe_design(table, surveyed(table, look)) is not None:
                return table
        except DataError as error:  # it names no images that are there
            useless.append(f"{table}: {error.message} ({error.got})")
    if request.labels is not None:
        raise _no_labels(named, tested, useless)
    return named


def _no_labels(
    dataset: str, splits: Mapping[str, SurveyedSplit], tables: Sequence[str] = ()
) -> DataError:
    """The error for a dataset that is meant to have labels, and has none to test.

    `tables`: what is wrong with the tables in it.
    """
    images = sum(of.listing.images for of in splits.values())
    columns = dict.fromkeys(name for of in splits.values() for name in of.labels)
    found = f"{images:,} images; labels: {', '.join(columns) or 'none'}"
    return DataError(
        "no labels to test: that takes two classes of two images each",
        where=f"--labels: {dataset}",
        got="; ".join([found, *tables]),
        allowed="a folder with a folder per class, or a table with a column of file names and one "
        "of labels",
        hint=f"datayield doctor --data {pasteable(dataset)} says how it is read",
    )


def _decodable(sources: Sequence[Source], seconds: float) -> tuple[int, float]:
    """The percent of the images that are decoded in so many seconds, and the seconds it takes.

    At least as many as are soon decoded by one process.
    """
    total = sum(map(len, sources))
    each = max(map(_decoding_seconds, sources)) / (usable_cores() if total >= ALONE else 1)
    some = max(seconds / max(each, 1e-9), ALONE)
    percent = max(1, min(100, int(100 * some / max(total, 1))))
    return percent, each * total * percent / 100


def _decoding_seconds(source: Source) -> float:
    """Seconds to read and decode an image, by some of them."""
    places = np.unique(np.linspace(0, len(source) - 1, TIMED_IMAGES).astype(int)).tolist()
    began = time.perf_counter()
    for k, i in enumerate(places):
        with suppress(OSError):
            decode(source.read(i), TIMED_SIDE, "crop")
        if k == 0 and len(places) > 1:  # which imports what decodes
            began = time.perf_counter()
    return (time.perf_counter() - began) / max(1, len(places) - 1)
