"""What --at and --price hold: images=100k,labels=500 and image=0.02."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from datayield.spec.errors import ConfigError

if TYPE_CHECKING:
    from datayield.analysis.evidence import Setting
    from datayield.analysis.levers import Prices

AT = {"images": "images", "presented": "presented", "compute": "presented", "labels": "labels",
      "views": "views", "epochs": "epochs"}  # fmt: skip
PRICES = ("image", "hour", "label", "currency")
PLURALS = {"images": "image", "hours": "hour", "labels": "label"}


def setting_at(said: Sequence[str]) -> "Setting | None":
    """The point that --at names; None where it names none. Raises ConfigError."""
    from datayield.analysis.evidence import Setting

    at: dict[str, float] = {}
    for key, text in _pairs(said, "--at", list(AT)):
        at[AT[key]] = _number(text, f"--at {key}", whole=key not in ("presented", "epochs"))
    if not at:
        return None
    epochs, images = at.pop("epochs", None), at.get("images")
    if epochs is not None:
        if images is None or "presented" in at:
            raise ConfigError(
                "epochs need images, and no presented",
                where="--at",
                got=",".join(said),
                hint="write: --at images=10k,epochs=100",
            )
        at["presented"] = epochs * images
    labels, views = at.get("labels"), at.get("views")
    return Setting(
        None if images is None else int(images),
        at.get("presented"),
        None if labels is None else int(labels),
        None if views is None else int(views),
    )


def prices_of(said: Sequence[str]) -> "Prices":
    """The prices that --price names. Raises ConfigError."""
    from datayield.analysis.levers import Prices

    made: dict[str, float] = {}
    currency = Prices().currency
    for key, text in _pairs(said, "--price", [*PRICES, *PLURALS]):
        if key == "currency":
            currency = text
        else:
            made[PLURALS.get(key, key)] = _number(text, f"--price {key}", whole=False, least=0.0)
    return Prices(**made, currency=currency)


def _pairs(said: Sequence[str], flag: str, allowed: Sequence[str]) -> Iterator[tuple[str, str]]:
    for part in (part.strip() for text in said for part in text.replace(";", ",").split(",")):
        if not part:
            continue
        key, equals, value = (x.strip() for x in part.partition("="))
        if not equals or not value:
            raise ConfigError(
                "write KEY=VALUE",
                where=flag,
                got=part,
                hint=f"for example {flag} {allowed[0]}=1000",
            )
        if key.lower() not in allowed:
            raise ConfigError("unknown key", where=flag, got=key, allowed=allowed)
        yield key.lower(), value


def _number(text: str, where: str, *, whole: bool, least: float = 1.0) -> float:
    from datayield.analysis.evidence.tables import amount

    read = amount(text)
    if read is None or read.percent or read.spread is not None or read.value < least:
        raise ConfigError(
            "not a number that this can be",
            where=where,
            got=text,
            allowed=f"numbers from {least:g}, such as 500, 100k, 1.2M",
        )
    if whole and read.value != int(read.value):
        raise ConfigError("a whole number is needed", where=where, got=text)
    return read.value
