"""Whether what was decoded is what a plan counted: files can change between the two."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from datayield.data.decoded import Arrays
from datayield.data.split_content import split_listing
from datayield.spec.errors import StalePlanError
from datayield.spec.evaluation import EvalSpec, content_of
from datayield.spec.run import Listing, Subset, Target, dataset_name


def check_pretraining(part: Subset, arrays: Arrays) -> None:
    """Raises StalePlanError if `part` takes other images of `arrays` than were planned."""
    if part.fingerprint is None:
        return
    listed = _listed(arrays)
    now = listed.content.subset(part) if listed.content else listed.fingerprint
    if now != part.fingerprint:
        raise stale(f"{dataset_name(part.dataset)} {part.split}")


def check_target(target: Target, arrays: Arrays) -> None:
    """Raises StalePlanError if `arrays` are not the images of the target that were planned."""
    if target.fingerprint is None:
        return
    listed = _listed(arrays)
    now = listed.content.items(None) if listed.content else listed.fingerprint
    if now != target.fingerprint:
        raise stale(f"{dataset_name(target.dataset)} {target.split}")


def check_evaluated(ev: EvalSpec, splits: Mapping[str, Arrays]) -> None:
    """`splits` holds the decoded splits that `ev` names.

    Raises StalePlanError if images or labels are not those that its identity was made from.
    """
    if ev.content is None:
        return
    for arrays in splits.values():
        columns = arrays.source.labels
        bad = arrays.bad
        if any(
            not np.array_equal(np.delete(columns[name], bad), kept)
            for name, kept in arrays.labels.items()
        ):
            raise stale(f"the labels of {dataset_name(ev.dataset)}")
    listings = {(ev.dataset, split): _listed(arrays) for split, arrays in splits.items()}
    if content_of(ev, listings) != ev.content:
        raise stale(f"{dataset_name(ev.dataset)} {', '.join(dict.fromkeys(ev.splits))}")


def stale(what: str) -> StalePlanError:
    """The error for images or labels that changed after they were counted."""
    return StalePlanError(
        "the images or labels changed after they were planned",
        where=what,
        hint="plan again: the same command does; if it recurs, something is still writing there",
    )


@lru_cache(maxsize=16)
def _listed(arrays: Arrays) -> Listing:
    return split_listing(arrays.source)
