"""What money can buy at one setting: images, training and labels, at what price and up to where."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from datayield.analysis.evidence import Setting
from datayield.analysis.levers.lever import (
    AXES,
    NOISE_UNKNOWN,
    SPARE,
    LeverName,
    Pull,
    hours_of,
    varied,
)
from datayield.analysis.model.law import FittedLaw
from datayield.spec.study import Prices

FURTHEST = 4.0  # times the largest measured: the law is not asked beyond
BUYABLE: tuple[LeverName, ...] = ("images", "compute", "labels")
UNITS: dict[LeverName, str] = {"images": "image", "compute": "hour", "labels": "label"}

AskedLaw = tuple[FittedLaw, Setting, list[Pull]]  # where it is asked, and what it says there
Amounts = tuple[float, ...]  # of each lever in all, in the order of the levers that can be bought


class _Offer(NamedTuple):
    """One lever that can be bought; see `Market`."""

    lever: LeverName
    start: float
    price: float
    top: float
    most: float


class Market(NamedTuple):
    """What can be bought from one setting: levers, their present amounts, prices and limits."""

    at: Setting
    levers: tuple[LeverName, ...]
    start: Amounts
    price: Amounts  # of one image, image presented or label
    top: Amounts  # beyond which the law is not asked
    most: Amounts  # that the money pays for, up to there
    hours: float | None  # of one image presented
    passes: float | None  # images presented for each image, where compute grows with the images

    def cost(self, amounts: Amounts) -> float:
        """Of buying up to these amounts."""
        return sum(p * (a - s) for p, a, s in zip(self.price, amounts, self.start, strict=True))

    def setting(self, amounts: Amounts) -> Setting:
        """The setting with these amounts."""
        to: dict[LeverName, float] = dict(zip(self.levers, amounts, strict=True))
        at = self.at
        if "images" in to:
            at = at._replace(images=int(to["images"]))
            if self.passes is not None:
                at = at._replace(presented=self.passes * int(to["images"]))
        if "compute" in to:
            at = at._replace(presented=to["compute"])
        return at._replace(labels=int(to["labels"])) if "labels" in to else at

    def hours_for(self, lever: LeverName, more: float) -> float | None:
        """Of training, for more compute, or for more images where compute grows with them."""
        if self.hours is None or lever == "labels":
            return None
        if lever == "compute":
            return self.hours * more
        return None if self.passes is None else self.hours * self.passes * more

    def whole(self, amounts: Sequence[float]) -> Amounts:
        """Images and labels as whole numbers, downwards; no float noise above the price."""
        rounded = (
            a if lever == "compute" else float(np.floor(a + 1e-6))
            for lever, a in zip(self.levers, amounts, strict=True)
        )
        return tuple(max(r, s) for r, s in zip(rounded, self.start, strict=True))


def market_of(
    shared: Sequence[AskedLaw], at: Setting, prices: Prices, spend: float
) -> tuple[Market, list[str]]:
    """What can be bought, and why other levers cannot."""
    told = shared[0][2]
    ladder = any(pull.with_compute for pull in told)
    once = at._replace(presented=1.0)
    speeds = [h for each, _, _ in shared if (h := hours_of(each, once)) is not None]
    hours = float(np.median(speeds)) if speeds else None
    training = None if prices.hour is None or hours is None else prices.hour * hours
    passes = at.presented / at.images if ladder and at.presented and at.images else None
    known = {"images": prices.image, "compute": training, "labels": prices.label}
    offers, left_out = list[_Offer](), list[str]()
    if any(pull.lever == "views" for pull in told):
        left_out.append("views: a plan does not change their number")
    for lever in BUYABLE:
        mine = [pull for _, _, pulls in shared for pull in pulls if pull.lever == lever]
        start = at[AXES[lever]]
        if start is None or not mine:
            if not (ladder and lever == "compute"):
                left_out.append(f"{lever}: not varied in the runs")
            continue
        doubts = [pull.doubt for pull in mine if pull.doubt]
        if sum(pull.spare for pull in mine) < SPARE:
            doubts = [NOISE_UNKNOWN] * len(mine)
        if 2 * len(doubts) >= len(mine) and doubts:
            left_out.append(f"{lever}: {doubts[0]}")
            continue
        price = known[lever]
        with_compute = passes if lever == "images" else None
        if price is not None and with_compute is not None:
            price = None if training is None else price + with_compute * training
        if price is None:
            timed = lever == "compute" or with_compute is not None
            left_out.append(_unpriced(lever, prices, timed=timed, known=hours is not None))
            continue
        top = FURTHEST * min(varied(each.cells).get(lever, [start])[-1] for each, _, _ in shared)
        if top <= start:
            left_out.append(
                f"{lever}: {FURTHEST:g} times the largest measured is reached already, and the law "
                "is not extrapolated beyond that"
            )
            continue
        most = min(top, start + spend / price) if price > 0 else top
        offers.append(_Offer(lever, float(start), price, top, most))
    market = Market(
        at,
        tuple(offer.lever for offer in offers),
        tuple(offer.start for offer in offers),
        tuple(offer.price for offer in offers),
        tuple(offer.top for offer in offers),
        tuple(offer.most for offer in offers),
        hours,
        passes,
    )
    return market, left_out


def _unpriced(lever: LeverName, prices: Prices, *, timed: bool, known: bool) -> str:
    if timed and prices.hour is not None and not known:
        return f"{lever}: the time of the runs is unknown, so training has no price"
    missing = [UNITS[lever]] if getattr(prices, UNITS[lever]) is None else []
    if timed and prices.hour is None and "hour" not in missing:
        missing.append("hour")
    named = ", ".join(f"--price {each}=..." for each in missing)
    return f"{lever}: no price is known ({named}, or prices: in the study)"
