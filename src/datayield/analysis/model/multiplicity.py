"""Holm's correction (1979), for claims that are read together."""

from collections.abc import Iterable

from datayield.analysis.model.difference import Difference
from datayield.analysis.results import CONFIDENCE


def most_p(together: Iterable[Difference]) -> float:
    """The largest p that still counts, if all of these differences are read together.

    If none of them is real, one counts in at most 5% of studies. Those that decide nothing have
    nothing to be wrong about, and are not counted. One contrast under two names (a step of a curve
    and a move of a grid, per doubling) has one p, and counts once.
    """
    once: dict[str, float] = {}
    for d in together:
        if d.decides:
            once[f"{d.p:.9e}"] = max(d.p, once.get(f"{d.p:.9e}", 0.0))
    ps = sorted(once.values())
    level, most = 1 - CONFIDENCE, 0.0
    for i, p in enumerate(ps):
        if p > level / (len(ps) - i):
            break
        most = p
    return most
