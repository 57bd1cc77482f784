"""Budgets: the only place that converts images, epochs, steps or FLOPs to steps and fractions.

The canonical unit is *images presented* (C = N x E in Hammoud et al. 2024, section 3). Views,
FLOPs and seconds are recorded with each run but never define C unless the study says so.
"""

import math
import re
from typing import Any, Literal

from pydantic import Field, model_validator

from datayield.spec.errors import ConfigError, nearest
from datayield.spec.frozen import Frozen

BudgetUnit = Literal["images", "epochs", "steps", "flops"]
# Quantities that can be held equal between runs.
Normaliser = Literal["images", "epochs", "views", "flops", "seconds"]
NORMALISERS: tuple[Normaliser, ...] = ("images", "epochs", "views", "flops", "seconds")
# What fits no machine: 10^13 images are 10,000 epochs of a billion.
_MOST: dict[BudgetUnit, float] = {"images": 1e13, "epochs": 1e6, "steps": 1e9, "flops": 1e26}
_SECONDS = {
    "s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600,
    "day": 86_400, "week": 604_800,
}  # fmt: skip
_STORED = {"unit", "amount"}  # the keys in a record
_TIME = re.compile(r"(\d+\.?\d*)\s*([a-z]+)", re.IGNORECASE)
NO_TIME = "a budget in time buys more on a faster or quieter machine, so it is not reproducible"


class Budget(Frozen):
    """How much pretraining may consume. In YAML: one key, for example `{epochs: 100}`."""

    unit: BudgetUnit
    amount: float = Field(gt=0)

    @model_validator(mode="before")
    @classmethod
    def _from_one_key(cls, value: Any) -> Any:
        if isinstance(value, int | float):
            raise ValueError(f"a budget needs a unit, for example {{images: {value:g}}}")
        if isinstance(value, dict) and len(value) == 1:
            ((unit, amount),) = value.items()
            if _seconds_in(unit):
                raise ValueError(f"{NO_TIME}: state images, epochs, steps or flops")
            if unit not in _STORED:
                return {"unit": _known(unit), "amount": _above_zero(unit, amount)}
        if isinstance(value, dict) and not value.keys() & _STORED:
            named = [*value] or ["none"]
            one = next((f"{{{unit}: {value[unit]}}}" for unit in named if unit in _MOST), "")
            raise ValueError(
                f"a budget is one amount, not {' and '.join(named)}: "
                f"{f'keep one, for example {one}' if one else 'for example {epochs: 100}'}"
            )
        return value

    @model_validator(mode="after")
    def _within_reason(self) -> "Budget":
        if not self.amount <= (most := _MOST[self.unit]):
            raise ValueError(f"a budget of {self.amount:g} {self.unit} is more than {most:g}")
        return self

    def images(self, n: int, batch: int, flops_per_image: float | None = None) -> int:
        """The budget as images presented, for `n` unique images in batches of `batch`.

        Raises ConfigError for a FLOPs budget if the cost of an image is unknown.
        """
        if self.unit == "images":
            return max(1, round(self.amount))
        if self.unit == "epochs":
            return max(1, round(self.amount * n))
        if self.unit == "steps":
            return max(1, round(self.amount)) * batch
        if flops_per_image is None:
            raise ConfigError(
                "a budget in FLOPs needs the cost per image, which is unknown for this encoder",
                where="budget.flops",
                hint="state the budget in images, epochs or steps",
            )
        return max(1, round(self.amount / flops_per_image))

    @property
    def display(self) -> str:
        """Readable form, where images presented differ from dataset size: '640k presented'."""
        if self.unit == "images":
            return f"{short_number(self.amount)} presented"
        return self.label()

    def label(self) -> str:
        """A short name for tables and legends: `100 epochs`, `640k images`."""
        return f"{short_number(self.amount)} {'FLOPs' if self.unit == 'flops' else self.unit}"


def _known(unit: str) -> str:
    if unit not in _MOST:
        near = nearest(unit, _MOST)
        guess = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"unknown unit {unit!r}{guess} (allowed: {', '.join(_MOST)})")
    return unit


def _above_zero(unit: str, amount: Any) -> float:
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not amount > 0:
        raise ValueError(f"{unit} must be a number above 0, got {amount!r}")
    return amount


def seconds_of(budget: Any) -> float | None:
    """The seconds of a budget that is written as a time: {minutes: 2}, "2 h"; None if it is none.

    For an error that says how many images they are: a budget holds no time.
    """
    if isinstance(budget, dict) and len(budget) == 1:
        ((unit, amount),) = budget.items()
    elif isinstance(budget, str) and (said := _TIME.fullmatch(budget.strip())):
        amount, unit = float(said[1]), said[2]
    else:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < 1e9:
        return None
    each = _seconds_in(unit)
    return None if each is None else amount * each


def _seconds_in(unit: Any) -> int | None:
    word = str(unit).lower()
    return _SECONDS.get(word, _SECONDS.get(word.removesuffix("s")))


def steps_for(images: int, batch: int) -> int:
    """The number of optimizer steps with `steps * batch` closest to `images`; at least one.

    Batches are always full (the order wraps across passes), so the images presented differ from
    those requested by at most half a batch, even if the dataset is smaller than one batch.
    """
    return max(1, math.floor(images / batch + 0.5))


def as_share(epochs: Any, n: int, images: float, where: str) -> float:
    """`epochs` passes over `n` images as a fraction of a run of `images` images.

    For a published run of E epochs this is `as_share(epochs, 1, E, where)`. Raises ConfigError if
    it is not a number, negative, or longer than the whole run.
    """
    if isinstance(epochs, bool) or not isinstance(epochs, int | float) or not epochs >= 0:
        raise ConfigError(
            "invalid duration", where=where, got=epochs, allowed="a share, or {epochs: NUMBER}"
        )
    share = epochs * n / images
    if share > 1:
        raise ConfigError(
            f"{where} is longer than the whole run of {images:,.0f} images presented, N = {n:,}",
            where=where,
            got=f"{epochs:g} epochs of {images / n:.4g}",
            allowed=f"at most {images / n:.4g} epochs",
            hint="raise the budget, or write it as a share of the run, for example 0.05",
        )
    return share


def short_number(value: float) -> str:
    """640000 -> '640k', 5e6 -> '5M', 3.2e18 -> '3.2E', 1803 -> '1,803'; four digits at most."""
    for limit, suffix in (
        (1e18, "E"),
        (1e15, "P"),
        (1e12, "T"),
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
    ):
        if limit <= value < limit * 1000:
            short, whole = f"{value / limit:.4g}{suffix}", f"{value:,.0f}"
            return min(short, whole, key=len)
    return f"{value:.4g}"
