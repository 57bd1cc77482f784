"""Parts of one split must not share images."""

import numpy as np

from datayield.data.selection.subset import Indices
from datayield.data.source import Labels
from datayield.spec.errors import DataError


def check_apart(what: str, parts: dict[str, Indices]) -> None:
    """Raises DataError if `parts` of one split share images, which would be seen twice as often."""
    seen: dict[str, Labels] = {}
    for name, chosen in parts.items():
        positions = np.sort(chosen[np.arange(len(chosen), dtype=np.int64)])
        for other, before in seen.items():
            if shared := len(np.intersect1d(before, positions, assume_unique=True)):
                raise DataError(
                    f"parts {other} and {name} share {shared:,} images of {what}",
                    where=f"data.parts.{name}",
                    hint=f"give {name} other classes, or the same classes and seed as {other} and "
                    f"skip: {len(before)}, which starts after its images",
                )
        seen[name] = positions
