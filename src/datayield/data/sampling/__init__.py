"""Which images a run uses: subsets, classes, mixtures; batches from memory or from disk.

`Resident`, `Streamed` and `positions` need torch, which is imported when one of them is: a plan
draws images without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datayield.data.sampling.classes import among
from datayield.data.sampling.items import sample_items
from datayield.data.sampling.mixture import EndToEnd, Joined, check_apart
from datayield.data.sampling.subset import Indices, digest_of, indices

if TYPE_CHECKING:
    from datayield.data.sampling.resident import Resident, positions
    from datayield.data.sampling.streamed import Streamed

__all__ = [
    "EndToEnd",
    "Indices",
    "Joined",
    "Resident",
    "Streamed",
    "among",
    "check_apart",
    "digest_of",
    "indices",
    "positions",
    "sample_items",
]
_WITH_TORCH = {"Resident": "resident", "positions": "resident", "Streamed": "streamed"}


def __getattr__(name: str) -> Any:
    """The names that need torch, imported on first use."""
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WITH_TORCH[name]}"), name)
