"""The images to pretrain on, those to test on, and how many can be decoded in time."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from datayield.data.catalog import found_once
from datayield.data.decoded import decode
from datayield.data.decoded.decode_all import ALONE, usable_cores
from datayield.data.source import Source
from datayield.data.survey import (
    ProbeDesign,
    SurveyedSplit,
    probe_design,
    surveyed,
    surveyed_split,
    usual_side,
)
from datayield.first_study.request import Request

DECODING = 0.2  # of the time, at most; where all images would take longer, a part is used
TIMED_IMAGES, TIMED_SIDE = 24, 16  # decoded, to know how long all of them take


class Surveyed(NamedTuple):
    """The images to pretrain on and those to test on, as listed.

    `side`: the usual shorter side in pixels. `percent`: of the images, the part that can be decoded
    in time; `decoding`: the seconds that it takes.
    """

    images: SurveyedSplit
    side: int
    labels_of: str
    probe: ProbeDesign | None
    percent: int
    decoding: float


def look_at(request: Request, earlier: Surveyed | None = None) -> Surveyed:
    """What there is; `earlier`: before images were decoded."""
    look = found_once()
    splits = surveyed(request.images, look)
    images = splits.get("train") or splits.get("unlabeled") or next(iter(splits.values()))
    labels_of = request.labels or request.images
    tested = splits if labels_of == request.images else surveyed(labels_of, look)
    if earlier is None:
        side = usual_side(images.source)
        sources = [of.source for of in {id(s): s for s in (images, *tested.values())}.values()]
        percent, decoding = _decodable(sources, DECODING * request.seconds)
    else:
        side, percent, decoding = earlier.side, earlier.percent, 0.0
    probe = probe_design(labels_of, tested, percent)
    split = images.name if percent == 100 else f"{images.name}[:{percent}%]"
    if probe is not None and labels_of == request.images and probe.folds is None:
        split = probe.train  # what is tested is kept apart
    if split != images.name:
        images = surveyed_split(split, look(request.images, split))
    return Surveyed(images, side, labels_of, probe, percent, decoding)


def _decodable(sources: Sequence[Source], seconds: float) -> tuple[int, float]:
    """The percent of the images that are decoded in so many seconds, and the seconds it takes."""
    total = sum(map(len, sources))
    each = max(map(_decoding_seconds, sources)) / (usable_cores() if total >= ALONE else 1)
    percent = max(1, min(100, int(100 * seconds / max(each * total, 1e-9))))
    return percent, each * total * percent / 100


def _decoding_seconds(source: Source) -> float:
    """Seconds to read and decode an image, by some of them."""
    places = np.unique(np.linspace(0, len(source) - 1, TIMED_IMAGES).astype(int)).tolist()
    began = time.perf_counter()
    for i in places:
        with suppress(OSError):
            decode(source.read(i), TIMED_SIDE, "crop")
    return (time.perf_counter() - began) / len(places)
