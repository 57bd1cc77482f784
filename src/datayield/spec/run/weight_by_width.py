"""Weights of a loss that depend on the width of the projector."""

import re
from typing import Any

from pydantic import ValidationInfo


def by_width(value: Any, info: ValidationInfo) -> Any:
    """Read `"10.24/d"` as 10.24 divided by the width of the projector's last layer, and a mapping
    {width: weight} as the weight of that width; keep numbers.

    The best decorrelation weight scales about as 1 / d (Ghosh et al. 2024, arXiv 2312.10725), but
    weights that were tuned at each width need not.
    """
    widths = info.data.get("projector")  # absent if invalid itself, which is reported
    if isinstance(value, dict):
        weights = {str(width): weight for width, weight in value.items()}
        if widths and str(widths[-1]) not in weights:
            raise ValueError(
                f"no weight for a projector whose output is {widths[-1]} wide; there is one for "
                f"{', '.join(weights) or 'no width'}"
            )
        return weights[str(widths[-1])] if widths else 1.0
    if not isinstance(value, str):
        return value
    rule = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*/\s*d\s*", value)
    if rule is None:
        raise ValueError(
            'a number, "k/d" with d the output width of the projector, e.g. "10.24/d", or a '
            "weight for each width, e.g. {64: 0.04, 256: 0.02}"
        )
    return float(rule[1]) / widths[-1] if widths else 1.0
