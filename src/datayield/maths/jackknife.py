"""Jackknife intervals for a statistic of two samples, leaving out one group of each at a time."""

from collections.abc import Callable, Sequence

import torch
from scipy.special import stdtrit

Groups = Sequence[int]


def jackknife(
    statistic: Callable[[Groups, Groups], float], a: Groups, b: Groups, level: float = 0.95
) -> tuple[float, float]:
    """Interval of `statistic(a, b)` over resampling of both, each split into equally many groups.

    The delete-a-group jackknife (Efron and Stein 1981, Annals of Statistics 9:586): the k-th groups
    of both are left out together, and Student's t has one degree of freedom less than groups. Its
    variance is biased upwards, never downwards, even if both samples come from one distribution; a
    bootstrap would duplicate images and so make samples look farther apart.
    Raises ValueError for fewer than three groups, or if the samples differ in their number.
    """
    count = len(a)
    if count != len(b) or count < 3:
        raise ValueError(f"need as many groups of both, three or more, got {count} and {len(b)}")
    without = torch.tensor(
        [statistic([*a[:k], *a[k + 1 :]], [*b[:k], *b[k + 1 :]]) for k in range(count)],
        dtype=torch.float64,
    )
    error = float(((count - 1) * without.var(correction=0)).sqrt())
    reach = float(stdtrit(count - 1, (1 + level) / 2)) * error
    value = statistic(a, b)
    return value - reach, value + reach
