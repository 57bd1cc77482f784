"""Class numbers of several splits made to agree, by the names of the classes."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from datayield.data.source import UNLABELLED, Labels
from datayield.spec.errors import DataError


def aligned(
    splits: Mapping[str, tuple[Labels, Sequence[str]]], where: str
) -> tuple[list[str], dict[str, Labels]]:
    """The classes of all splits, and the numbers [N] of each split's images in that list.

    A split is (numbers [N], names of its classes). The order is that of the first split, further
    classes following. Raises DataError where the names leave open which classes are the same: some
    splits have only numbers, no class is in common, or names differ in capitals, spaces or zeros.
    """
    lists = {split: list(names) for split, (_, names) in splits.items()}
    whole = list(dict.fromkeys(name for names in lists.values() for name in names))
    if len({tuple(names) for names in lists.values()}) <= 1 or _prefixes(lists.values()):
        return whole, {split: numbers for split, (numbers, _) in splits.items()}
    _check_comparable(lists, where)
    place = {name: i for i, name in enumerate(whole)}
    moved = {}
    for split, (numbers, names) in splits.items():
        table = np.array([*(place[name] for name in names), UNLABELLED], np.int64)
        moved[split] = table[numbers]  # -1 takes the last entry
    return whole, moved


def _prefixes(lists: Iterable[list[str]]) -> bool:
    """Whether each list is the beginning of the longest one, so that numbers agree already."""
    ordered = sorted(lists, key=len)
    return all(ordered[-1][: len(names)] == names for names in ordered)


def _check_comparable(lists: Mapping[str, list[str]], where: str) -> None:
    first, *others = lists
    for other in others:
        a, b = lists[first], lists[other]
        got = f"{first}: {_some(a)}; {other}: {_some(b)}"
        if _numbered(a) != _numbered(b):
            raise DataError(
                "one split names its classes and another only numbers them",
                where=where,
                got=got,
                hint="give both splits names, or both the same numbers",
            )
        if not {*a} & {*b}:
            raise DataError(
                f"splits {first!r} and {other!r} have no class in common",
                where=where,
                got=got,
                hint="check that the splits are of the same dataset and spell classes alike",
            )
        twins = {loose(name): name for name in a}
        for name in b:
            twin = twins.get(loose(name), name)
            if twin != name and name not in a:
                raise DataError(
                    f"class {name!r} is ambiguous: is it {twin!r}?",
                    where=where,
                    got=got,
                    allowed="the same spelling in all splits",
                    hint="rename one of them",
                )


def _numbered(names: Sequence[str]) -> bool:
    """Whether the names are the counts 0, 1, 2, ... that stand for none."""
    return list(names) == [str(i) for i in range(len(names))]


def loose(name: str) -> str:
    """A name without what is often spelled differently: capitals, separators, leading zeros."""
    plain = "".join(c for c in name.casefold() if c.isalnum())
    return plain.lstrip("0") or plain


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
