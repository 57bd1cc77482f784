"""Distances between pretraining and evaluation datasets, for `correlates`."""

from statistics import fmean

from datayield.analysis.claims.cells import NotAskedError
from datayield.analysis.claims.contrasts import Scene
from datayield.spec.claims import Distance
from datayield.store.distances import DistanceRecord

DatasetPair = frozenset[str]  # the names of two datasets, or one


def by_distance(scene: Scene, asked: Distance) -> tuple[list[float], list[float], str]:
    """(distances, scores) by evaluation, means over the runs of the scene, and what was measured.

    All distances use one network (that which is asked for, if one is), size and number of images:
    of the combinations that cover every pair, the one with the most images. A set is at distance 0
    from itself. Raises NotAskedError.
    """
    metric, by = asked.distance, asked.encoder
    sets = {ev.name: ev.dataset for ev in scene.data.results.study.evaluations}
    cells: dict[str, list[tuple[DatasetPair, float]]] = {}
    for point in scene.points:
        name, cell = dict(point)["eval"], scene.cells.runs[point]
        if name not in sets:
            raise NotAskedError(f"there is no distance to {name}, which is not a single dataset")
        cells.setdefault(name, []).append((frozenset((cell.dataset, sets[name])), cell.mean))
    wanted = {pair for mine in cells.values() for pair, _ in mine if len(pair) > 1}
    kinds: dict[tuple[str, int, int], dict[DatasetPair, DistanceRecord]] = {}
    for record in scene.data.results.distances:
        if by not in (None, record.encoder):
            continue
        by_pair = kinds.setdefault((record.identity, record.size, record.n), {})
        if _value(record, metric) is not None:
            by_pair[frozenset((record.a, record.b))] = record
    whole = [by_pair for by_pair in kinds.values() if wanted <= set(by_pair)]
    if not whole:
        names = list(dict.fromkeys(name for pair in sorted(map(sorted, wanted)) for name in pair))
        raise NotAskedError(
            f"the distance {metric} has not been measured between all of these sets with "
            f"{by or 'one and the same network'}; run "
            f"datayield distance {' '.join(names)}"
            + (f" --encoder with the file of {by}" if by and by.startswith("weights:") else "")
        )
    best = max(whole, key=lambda by_pair: min(by_pair[pair].n for pair in wanted) if wanted else 0)
    far = {pair: _value(best[pair], metric) or 0.0 for pair in wanted}
    about = next(iter(best.values()))
    what = f"{metric.replace('_', ' ')} ({about.encoder}, {about.n:,} images per dataset)"
    x = [fmean(far.get(pair, 0.0) for pair, _ in mine) for mine in cells.values()]
    return x, [fmean(score for _, score in mine) for mine in cells.values()], what


def _value(record: DistanceRecord, metric: str) -> float | None:
    return next((one.value for one in record.metrics if one.metric == metric), None)
