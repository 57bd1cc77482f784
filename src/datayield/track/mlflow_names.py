"""Names of metrics and parameters as MLflow accepts them."""

import re

_REFUSED = re.compile(r"[^/\w.\- :]")


def allowed(name: str) -> str:
    """`classes_ 50 labels/accuracy` for "classes, 50 labels/accuracy"."""
    return _REFUSED.sub("_", name)
