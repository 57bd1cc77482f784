"""Numbers as people write them: "16k", "1,281,167", "70,3", "70.3 ± 0.9", "45%", "n/a"."""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

EMPTY = {
    "", "-", "--", "---", "–", "—", "?", "n/a", "na", "n.a.", "nan", "none", "null", "nil",
    "missing", "tbd",
    "inf", "-inf", "+inf", "infinity", "-infinity", "#n/a", "<na>", "x",
}  # fmt: skip
_TIMES = {"k": 1e3, "m": 1e6, "mio": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "g": 1e9}
_SPREAD = re.compile(r"\s*(?:±|\+/-|\+-|\\pm|&plusmn;)\s*")
_BRACKETS = re.compile(r"^(.*\d\S*)\s*\(\s*([\d.,]+)\s*\)\s*%?$")
_NUMBER = re.compile(
    r"^([-+]?(?:\d[\d.,' _\u00a0\u2009\u202f]*|[.,]\d+)(?:e[-+]?\d+)?)\s*(mio|mn|bn|[kmbg])?\s*"
    r"(%|[a-z]*)\.?$"
)
_POWER = re.compile(r"^(\d+)\s*(?:\^|\*\*)\s*(\d+)$")
_DECIMAL_COMMA = re.compile(r"^[-+]?(?:0,\d+|\d+,(?:\d{1,2}|\d{4,}))(?:\D|$)")
_DECIMAL_POINT = re.compile(r"^[-+]?(?:0?\.\d+|\d+\.(?:\d{1,2}|\d{4,}))(?:\D|$)|^[-+]?0\.")


class Amount(NamedTuple):
    """A number with what is written around it. `spread`: after ±, in the number's unit."""

    value: float
    spread: float | None = None
    percent: bool = False


def is_empty(text: str) -> bool:
    """Whether a cell holds nothing: empty, NaN, n/a, a dash."""
    return text.strip().lower() in EMPTY


def decimal_comma(cells: Iterable[str]) -> bool:
    """Whether these cells, of one table, write 70,3 for 70.3."""
    comma = point = 0
    for cell in cells:
        text = cell.strip()
        comma += bool(_DECIMAL_COMMA.match(text))
        point += bool(_DECIMAL_POINT.match(text))
    return comma > 0 and point == 0


@lru_cache(maxsize=1 << 16)
def amount(text: str, comma: bool = False) -> Amount | None:
    """The number in a cell; None if there is none. `comma`: the decimal sign of the table."""
    text = text.strip().replace("−", "-").replace("$", "").strip("*").strip()
    value, *spread = _SPREAD.split(text, maxsplit=1)
    if not spread and (both := _BRACKETS.match(text)):
        value, spread = both[1], [both[2]]
    main = _single(value, comma)
    if main is None:
        return None
    if not spread:
        return main
    beside = _single(spread[0], comma)
    if beside is None:
        return None
    return Amount(main.value, beside.value, main.percent or beside.percent or text.endswith("%"))


def whole(text: str, comma: bool = False) -> int | None:
    """A whole number, for example a seed; None if the cell holds none."""
    read = amount(text, comma)
    return int(read.value) if read and read.value == int(read.value) else None


def _single(text: str, comma: bool) -> Amount | None:
    text = text.strip().lower()
    if power := _POWER.match(text):
        return Amount(float(power[1]) ** float(power[2]))
    found = _NUMBER.match(text)
    if found is None:
        return None
    digits, times, unit = found.groups()
    try:
        value = float(_plain(digits.strip(), comma)) * _TIMES.get(times, 1)
    except ValueError:
        return None
    return Amount(value, None, unit == "%") if math.isfinite(value) else None


def _plain(digits: str, comma: bool) -> str:
    """The digits with a decimal point and nothing between thousands."""
    digits = re.sub(r"['_ \u00a0\u2009\u202f]", "", digits)
    commas, points = digits.count(","), digits.count(".")
    if commas and points:  # the last of the two is the decimal sign
        last = max(digits.rfind(","), digits.rfind("."))
        other = "," if digits[last] == "." else "."
        return digits.replace(other, "").replace(",", ".")
    if commas > 1 or (commas and not comma and re.search(r"^[-+]?[1-9]\d{0,2},\d{3}$", digits)):
        return digits.replace(",", "")
    if points > 1 or (points and comma and re.search(r"^[-+]?[1-9]\d{0,2}\.\d{3}$", digits)):
        return digits.replace(".", "")
    return digits.replace(",", ".")
