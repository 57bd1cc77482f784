"""Which images of its pool a part takes: those that `select` names, the first ones first."""

import numpy as np

from datayield.data.decoded import Arrays, one_at_a_time
from datayield.data.selection import Indices, sample_items
from datayield.data.source import Labels
from datayield.maths.directions import directions
from datayield.maths.farthest_point import farthest_point_order
from datayield.maths.nearest_in_turn import nearest_in_turn
from datayield.run.curation.set_features import features_at
from datayield.spec.atomic_files import write_with
from datayield.spec.run import Subset
from datayield.store.curation import kept_order, order_path

AXES = 64  # principal components of the features' directions that images are compared in
FEWEST = 512  # images that are put in order at least, so that small sets share one computation


def chosen(part: Subset, arrays: Arrays, pool: Indices, target: Arrays | None) -> Labels:
    """Positions [count] in `arrays` of the images that `part` takes from its `pool` there.

    `arrays` are at the size that features are computed at, as are those of the `target`. The order
    is kept in the cache and only extended, so that a larger set holds every smaller one, even if
    another machine rounds in another way.
    """
    places = pool[np.arange(len(pool), dtype=np.int64)]
    count = len(places) if part.count is None else part.count
    path = order_path(part)
    order = kept_order(path, count, len(places))
    if order is not None and len(order) >= count:
        return places[order]
    if path is None:
        return places[_order(part, arrays, places, target, count, None)[:count]]
    path.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(path):  # another process may have extended it in the meantime
        order = kept_order(path, count, len(places))
        if order is None or len(order) < count:
            longer = max(FEWEST, 1 << (count - 1).bit_length())
            extended = _order(part, arrays, places, target, min(longer, len(places)), order)
            write_with(path, lambda file: np.save(file, extended))
            order = extended
    return places[order[:count]]


def _order(
    part: Subset,
    arrays: Arrays,
    places: Labels,
    target: Arrays | None,
    count: int,
    taken: Labels | None,
) -> Labels:
    select, side = part.select, arrays.rows.shape[1]
    assert select is not None
    features = features_at(arrays, places, select.features, side)
    along = directions(features, AXES)
    x = along.of(features)
    if target is None:
        return farthest_point_order(x, count, taken=taken)
    every = np.arange(len(target), dtype=np.int64)
    turns = sample_items(every, min(count, len(every)), part.seed, target.content)
    wanted = along.of(features_at(target, turns, select.features, side))
    return nearest_in_turn(x, wanted, count, taken)
