"""datayield: what the next unlabeled image, epoch, view or label buys in pretraining."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datayield.analysis.forecasting import forecast
    from datayield.encoders import load_encoder
    from datayield.interface import answer, study

__all__ = ["__version__", "answer", "forecast", "load_encoder", "study"]
__version__ = "0.1.0"
_LATE = {
    "answer": "datayield.interface",
    "forecast": "datayield.analysis.forecasting",
    "load_encoder": "datayield.encoders",
    "study": "datayield.interface",
}


def __getattr__(name: str) -> object:
    """What is offered, on first use: importing the package itself stays cheap."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made = getattr(import_module(_LATE[name]), name)
    return made


def __dir__() -> list[str]:
    return [*globals(), *_LATE]
