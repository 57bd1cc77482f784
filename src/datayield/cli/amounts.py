"""What --at and --price hold: images=100k,labels=500 and image=0.02."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from datayield.interface.setting import AT, PRICES, prices_of, setting_of
from datayield.spec.errors import ConfigError

if TYPE_CHECKING:
    from datayield.analysis.evidence import Setting
    from datayield.spec.study import Prices

WHERE_AT, WHERE_PRICE = "--at", "--price"
PLURALS = {"images": "image", "hours": "hour", "labels": "label"}


def setting_at(said: Sequence[str]) -> "Setting | None":
    """The point that --at names; None where it names none. Raises ConfigError."""
    pairs = _pairs(said, WHERE_AT, list(AT))
    numbers = {key: _number(text, f"{WHERE_AT} {key}", least=1.0) for key, text in pairs}
    return setting_of(numbers, WHERE_AT)


def prices_at(said: Sequence[str]) -> "Prices":
    """The prices that --price names. Raises ConfigError."""
    made: dict[str, float | str] = {}
    for key, text in _pairs(said, WHERE_PRICE, [*PRICES, *PLURALS]):
        if key == "currency":
            made[key] = text
        else:
            made[PLURALS.get(key, key)] = _number(text, f"{WHERE_PRICE} {key}", least=0.0)
    return prices_of(made)


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


def _number(text: str, where: str, *, least: float) -> float:
    from datayield.analysis.evidence.tables import amount

    read = amount(text)
    if read is None or read.percent or read.spread is not None or read.value < least:
        raise ConfigError(
            "invalid number",
            where=where,
            got=text,
            allowed=f"{least:g} or more, such as 500, 100k or 1.2M",
        )
    return read.value
