"""From a column of label values, of any type, to class numbers and the names of the classes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from datayield.data.source import UNLABELLED, Labels
from datayield.spec.errors import DataError

LABEL_COLUMNS = (
    *("label", "labels", "target", "targets", "class", "classes", "category", "fine_label"),
    *("coarse_label", "class_name", "class_label", "label_name", "class_id", "label_id", "y"),
)
WHOLE = re.compile(r"(0|-?[1-9][0-9]*)(\.0+)?")  # "2.0" as tables write it; "01" is a name
MOST_NUMBERED = 65_536  # a class number from here on is a name: counting up to it costs memory


class Column(NamedTuple):
    """The names of the classes, and the class of each image [N], `UNLABELLED` for none."""

    names: list[str]
    numbers: Labels


def is_label(name: str) -> bool:
    """Whether a column of this name holds labels: `label`, `target`, `fine_label`, ..."""
    return name.lower().strip() in LABEL_COLUMNS


def column_of(
    values: Sequence[object], told: Sequence[str] | None = None, where: str = ""
) -> Column | None:
    """A column of values, None or "" for no label; as `from_codes`."""
    kinds = values if all(type(v) is str for v in values) else [(type(v), v) for v in values]
    place = {key: i for i, key in enumerate(dict.fromkeys(kinds))}  # 1, 1.0 and True are three
    distinct = [key[1] if isinstance(key, tuple) else key for key in place]
    known = [i for i, value in enumerate(distinct) if value is not None and value != ""]
    codes = np.fromiter((place[key] for key in kinds), np.int64, len(values))
    moved = np.full(len(distinct) + 1, UNLABELLED, np.int64)
    moved[known] = np.arange(len(known))
    return from_codes([distinct[i] for i in known], moved[codes], told, where)


def from_codes(
    distinct: Sequence[object], codes: Labels, told: Sequence[str] | None = None, where: str = ""
) -> Column | None:
    """Class numbers of images [N] whose value is `distinct[codes]`; `told` names numbered classes.

    Numbers keep their values (their names are their digits), unless they are negative or large:
    then, as texts do, they are numbered in ascending order. -1 beside two other values, or alone,
    is no label. None where at least half of the images have none, or values are neither numbers
    nor texts. Raises DataError for a number without a name where names are told.
    """
    values = [_plain(value) for value in distinct]
    if any(value is None for value in values):
        return None
    if values and all(isinstance(v, str) and WHOLE.fullmatch(v) for v in values):
        values = [int(v.partition(".")[0]) for v in values]  # type: ignore[union-attr]
    if all(isinstance(v, int) for v in values):
        column = _of_numbers(np.array(values, object), codes, told, where)
    else:
        texts = [str(v) for v in values]
        names = sorted(set(texts))
        place = {name: i for i, name in enumerate(names)}
        column = Column(names, _mapped([place[text] for text in texts], codes))
    labelled = int((column.numbers != UNLABELLED).sum())
    return column if 2 * labelled > len(codes) or not len(codes) else None


def _plain(value: object) -> int | str | None:
    """A value as a number or a text; None if it is neither."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | Decimal) and value == int(value):
        return int(value)
    return value.strip() if isinstance(value, str) else None


def _of_numbers(
    values: "np.ndarray[tuple[int], np.dtype[np.object_]]",
    codes: Labels,
    told: Sequence[str] | None,
    where: str,
) -> Column:
    others = [v for v in values if v != UNLABELLED]
    kept = others if len(others) != 1 or told else list(values)  # {-1, 1} are two classes
    if told is not None:
        kept = others
        wrong = [v for v in kept if not 0 <= v < len(told)]
        if wrong:
            raise DataError(
                "a class number has no name",
                where=where,
                got=wrong[0],
                allowed=f"0 to {len(told) - 1}, or -1 for none",
                hint="correct the labels, or the names of the classes in the metadata",
            )
    if told is not None or (kept and min(kept) >= 0 and max(kept) < MOST_NUMBERED) or not kept:
        names = list(told) if told is not None else list(map(str, range(max(kept, default=-1) + 1)))
        named = set(kept)
        numbers = [v if v in named else UNLABELLED for v in values] if len(kept) else []
        numbers = numbers or [UNLABELLED] * len(values)
        return Column(names, _mapped(numbers, codes))
    ordered = sorted(kept)
    place = {v: i for i, v in enumerate(ordered)}
    return Column(
        list(map(str, ordered)), _mapped([place.get(v, UNLABELLED) for v in values], codes)
    )


def _mapped(numbers: Sequence[int], codes: Labels) -> Labels:
    """`numbers[codes]`, no label staying none."""
    table = np.array([*numbers, UNLABELLED], np.int64)  # code -1 is the last entry
    return table[codes]


def tested_by_default(names: Iterable[str]) -> list[str]:
    """The columns that are tested unless a study names one: called labels, else the first."""
    every = [*names]
    return [name for name in every if is_label(name)] or every[:1]


def with_default(columns: Mapping[str, Column]) -> dict[str, Column]:
    """The columns; a single one is also called `label`, which studies ask for unless told.

    Those with a name of labels (`target`) come before others.
    """
    names = [name for name in columns if is_label(name)] or [*columns]
    if len(names) == 1 and "label" not in columns:
        return {**columns, "label": columns[names[0]]}
    return dict(columns)
