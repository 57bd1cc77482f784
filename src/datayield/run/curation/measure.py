"""How diverse a set of images is: its Vendi score, and how many are near copies of each other."""

from collections.abc import Sequence

import numpy as np
import torch

from datayield.data.decoded import Arrays
from datayield.data.near_copies import looks_of, near_copies
from datayield.data.selection import Indices, sample_items
from datayield.data.source import Labels
from datayield.maths.vendi import vendi_score
from datayield.run.curation.set_features import features_at
from datayield.spec.atomic_files import write_json
from datayield.spec.errors import ConfigError
from datayield.spec.run import Subset, dataset_name
from datayield.store.curation import SetRecord, set_path, set_record

MOST = 4096  # images of a set that are looked at, and of the split whose mean is the centre


def measured_set(
    part: Subset, arrays: Arrays, indices: Indices, features: Sequence[str]
) -> SetRecord:
    """The measures of the images at `indices` of `arrays`, by these features; kept in the cache.

    The Vendi score is that of features centred at the mean of the split, so that sets of one split
    can be compared. Near copies are not looked for without the package imagehash.
    """
    if (known := set_record(part, features)) is not None:
        return known
    count = min(len(indices), MOST)
    places = indices[np.arange(count, dtype=np.int64)]
    every = np.arange(len(arrays), dtype=np.int64)
    some = np.sort(sample_items(every, min(len(every), MOST), 0, arrays.content))
    record = SetRecord(
        dataset=dataset_name(part.dataset),
        select="random" if part.select is None else part.select.words,
        count=len(indices),
        seed=part.seed,
        measured=count,
        vendi={name: _vendi(arrays, places, some, name) for name in features},
        near_copies=_near_copies(arrays, places),
    )
    write_json(set_path(part, features), record.model_dump(mode="json"))
    return record


def _vendi(arrays: Arrays, places: Labels, around: Labels, name: str) -> float:
    side = arrays.rows.shape[1]
    centre = features_at(arrays, around, name, side).mean(axis=0, dtype=np.float64)
    x = features_at(arrays, places, name, side).astype(np.float64) - centre
    return vendi_score(torch.from_numpy(x))


def _near_copies(arrays: Arrays, places: Labels) -> int | None:
    """How many of these images are a near copy of another of them."""
    good = np.delete(np.arange(len(arrays.source), dtype=np.int64), arrays.bad)
    try:
        looks = looks_of(arrays.source, good[places].tolist())
    except ConfigError:  # imagehash is optional, and this only informs
        return None
    return len({at for pair in near_copies(looks) for at in (pair.one, pair.other)})
