"""The law over images and compute, for a map: expected scores on a grid of both."""

from typing import NamedTuple

import numpy as np

from datayield.analysis.evidence import Setting
from datayield.analysis.levers.lever import one_ladder, varied
from datayield.analysis.model.law import FittedLaw
from datayield.analysis.model.law.forms import Floats

STEPS = 13  # along each axis
AHEAD = 4.0  # times the largest measured


class LawMap(NamedTuple):
    """Scores as shares [presented, images]; `at` is the setting that the card is about."""

    images: Floats
    presented: Floats
    scores: Floats
    at: Setting
    measured: tuple[tuple[int, float, float], ...]  # images, presented, mean score


def law_map(law: FittedLaw, at: Setting) -> LawMap | None:
    """The map at the labels and views of `at`; None unless images and compute vary apart."""
    found = varied(law.cells)
    if not {"images", "compute"} <= found.keys() or one_ladder(law.cells):
        return None
    images = np.geomspace(found["images"][0], AHEAD * found["images"][-1], STEPS).round()
    presented = np.geomspace(found["compute"][0], AHEAD * found["compute"][-1], STEPS)
    places = [
        at._replace(images=int(n), presented=float(c)) for c in presented for n in images.tolist()
    ]
    scores = 1 - law.errors(places).mean(axis=0).reshape(STEPS, STEPS)
    measured = tuple(
        (s.images or 0, float(s.presented or 0), 1 - float(e))
        for s, e in zip(law.cells.settings, law.cells.errors, strict=True)
        if (s.labels, s.views) == (at.labels, at.views)
    )
    return LawMap(images, presented, scores, at, measured)
