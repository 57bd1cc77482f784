"""Leave-one-size-out error of three functional forms: the fair comparison of fits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from datayield.analysis.model.power_law import Array, fit


def left_out_errors(sizes: Array, means: Array) -> dict[str, float]:
    """RMS error of each form in predicting a left-out size from the others."""
    k = len(sizes)
    keep: NDArray[np.floating[Any]] = 1 - np.eye(k)
    repeated = np.tile(means, (k, 1))
    laws = fit(sizes, repeated, keep)
    constant = (keep @ means) / (k - 1)
    x = np.log(sizes)
    lines = [np.polyval(np.polyfit(x[w], means[w], 1), x[~w][0]) for w in keep.astype(bool)]
    guesses = {
        "constant": constant,
        "log-linear": np.asarray(lines),
        "power law": np.diagonal(laws.error(sizes)),
    }
    return {form: float(np.sqrt(np.mean((g - means) ** 2))) for form, g in guesses.items()}
