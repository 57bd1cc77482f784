"""The level at which sets of readings are compared: the same as by trying every level."""

import numpy as np

from datayield.analysis.cost.matching import at, highest
from datayield.analysis.cost.readings import Reading, RunCosts
from tests.planted import planted


def test_the_highest_level_is_that_of_trying_all() -> None:
    axes = {
        "data.count": [100, 400],
        "budget": [{"epochs": 20}, {"images": 32000}, {"images": 64000}],
        "seed": [0, 1, 2, 3],
    }
    results = planted(axes, lambda run, share: 0.5 + 0.001 * run.seed)
    every = RunCosts(results).readings(results.main.rows)
    rng = np.random.default_rng(5)
    differ = False
    for _ in range(30):  # some runs are missing
        some = [r for r in every if rng.random() < 0.6]
        sets = [[r for r in some if r.n == n] for n in (100, 400)]
        found = highest("images", sets)
        best = max(_shared(sets, level) for level in _levels(some))
        if found is None:
            assert best == 0
            continue
        level, scores = found
        assert scores == [at(mine, "images", level) for mine in sets]
        assert _shared(sets, level) == best
        assert all(_shared(sets, each) < best for each in _levels(some) if each > level)
        differ |= level < max(_levels(some))
    assert differ


def test_a_level_is_read_at_the_nearest_reading_or_between_two() -> None:
    axes = {"data.count": [100], "budget": [{"images": 32000 * 2**i} for i in range(5)]}
    results = planted(axes, lambda run, share: 0.1 + run.images / 1e6)
    every = RunCosts(results).readings(results.main.rows)
    for level in np.geomspace(20_000, 800_000, 41).tolist():
        off = min(abs(np.log(r.spent["images"] / level)) for r in every)
        found = at(every, "images", level, 1.2)
        inside = 32_000 < level < 512_000
        assert (found is not None) == (off <= np.log(1.2) or inside)
        if found:
            assert found.interpolated == (off > np.log(1.2))
            assert abs(found.seeds.mean - 0.1 - level / 1e6) < (0.2 * level / 1e6)


def _levels(some: list[Reading]) -> set[float]:
    return {r.spent["images"] for r in some}


def _shared(sets: list[list[Reading]], level: float) -> int:
    found = [at(mine, "images", level) for mine in sets]
    return len(set.intersection(*(set(f.seeds.by_seed) if f else set() for f in found)))
