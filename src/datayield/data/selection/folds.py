"""Which fold of a split each image is tested in."""

import numpy as np
from numpy.typing import NDArray

from datayield.data.content import ranked
from datayield.data.source import Labels
from datayield.spec.errors import DataError

_ORDER = 0x666F6C64  # "fold": an order separate from others with the same seed


def dealt(units: NDArray[np.uint64], classes: Labels, folds: int, seed: int) -> Labels:
    """The fold [n], 0 to `folds` - 1, of images of these `units` [n] and `classes` [n].

    A unit (an image with its copies, or a group) is in one fold. Units are dealt in turn, class by
    class (that of a unit's first image), in an order that they and `seed` decide: folds have the
    same number of units of each class, up to one. Raises DataError for fewer units than folds.
    """
    different, first, of_unit = np.unique(units, return_index=True, return_inverse=True)
    if len(different) < folds:
        raise DataError(
            f"{len(different)} different images or groups cannot be divided into {folds} folds",
            where="evaluations: folds",
            got=folds,
            allowed=f"2 to {len(different)}" if len(different) > 1 else "a split with more images",
            hint="use fewer folds, or add images",
        )
    place = np.empty(len(different), np.int64)
    place[ranked(different, _ORDER, seed)] = np.arange(len(different))
    fold = np.empty(len(different), np.int64)
    fold[np.lexsort((place, classes[first]))] = np.arange(len(different)) % folds
    dealt: Labels = fold[of_unit]
    return dealt
