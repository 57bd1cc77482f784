"""datayield: what the next unlabeled image, epoch, view or label buys in pretraining."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datayield.analysis.forecasting import forecast

__all__ = ["__version__", "forecast"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`forecast`, on first use: importing the package itself stays cheap."""
    if name != "forecast":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from datayield.analysis.forecasting import forecast

    globals()[name] = forecast
    return forecast
