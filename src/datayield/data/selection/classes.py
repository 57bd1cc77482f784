"""The images of a selection of classes: the only use of labels in choosing images."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from datayield.data.catalog import find, present
from datayield.data.permutation import places
from datayield.data.selection.subset import pool_of
from datayield.data.source import Labels
from datayield.spec.errors import DataError, DatayieldError, nearest
from datayield.spec.run import SLICE, Classes, Part

DRAW = 0x636C617373  # "class": a random stream separate from others with the same seed


def numbers(chosen: Classes, names: Sequence[str], where: str) -> Labels:
    """Ascending indices of the classes that `chosen` selects from `names`.

    Raises DataError, listing the available ones, if one does not exist or none is left.
    """
    k = len(names)
    if chosen.share is not None:
        cut = round(chosen.share * k)
        order = places(k, (DRAW, chosen.seed or 0), 0, k)
        kept = np.sort(order[cut:] if chosen.rest else order[:cut])
    elif chosen.slice is not None:
        match = SLICE.match(chosen.slice)
        assert match is not None
        start, stop = (int(text) if text else None for text in match.groups())
        kept = np.arange(k, dtype=np.int64)[start:stop]
    else:
        listed = [_number(one, names, where) for one in chosen.some or ()]
        kept = np.unique(np.array(listed, np.int64))
    if not len(kept):
        raise DataError(
            f"this selection is empty: it selects none of the {k} classes",
            where=where,
            got=chosen.words(),
            allowed=f"classes 0 to {k - 1}",
        )
    return kept.astype(np.int64)


def among(
    chosen: Classes,
    label: str,
    labels: Mapping[str, Labels],
    classes: Mapping[str, Sequence[str]],
    where: str,
) -> tuple[Labels, Labels]:
    """(indices of the chosen classes, ascending positions of their images)."""
    if label not in labels:
        raise DataError(
            f"classes are selected by labels {label!r}, which do not exist",
            where=where,
            got=label,
            allowed=list(labels) or "none (this split is unlabeled)",
        )
    column = labels[label]
    known = [str(i) for i in range(int(column.max(initial=-1)) + 1)]
    names = list(classes.get(label) or ())
    if len(names) < len(known):
        names += known[len(names) :]
    wanted = numbers(chosen, names, where)
    return wanted, np.flatnonzero(np.isin(column, wanted)).astype(np.int64)


def drawn_from(
    part: Part,
    labels: Mapping[str, Labels],
    classes: Mapping[str, Sequence[str]],
    where: str,
) -> Labels | None:
    """Ascending positions of the images that `part` is drawn from; None for all of the split."""
    if part.classes is None:
        return None
    return among(part.classes, part.label or "label", labels, classes, f"{where}.classes")[1]


def _number(one: int | str, names: Sequence[str], where: str) -> int:
    if isinstance(one, int) and 0 <= one < len(names):
        if str(one) in names and names[one] != str(one):
            raise DataError(
                f"class {one} is ambiguous: the name {str(one)!r}, or number {one}, which is "
                f"{names[one]!r}",
                where=where,
                got=one,
                allowed=f"the name in quotes, '{one}', or the position, \"[{one}:{one + 1}]\"",
            )
        return one
    if isinstance(one, str) and one in names:
        return list(names).index(one)
    guess = nearest(str(one), names)
    raise DataError(
        "unknown class",
        where=where,
        got=one,
        allowed=f"0 to {len(names) - 1}, or a name: {', '.join(names[:12])}"
        + (f" and {len(names) - 12} more" if len(names) > 12 else ""),
        hint=f"did you mean {guess!r}?" if guess else "",
    )


def missing_classes(parts: Iterable[tuple[str, Part]]) -> list[DatayieldError]:
    """Errors for selected classes that available datasets do not have; decodes nothing."""
    errors: list[DatayieldError] = []
    most: dict[Part, tuple[str, Part]] = {}
    for name, part in parts:
        if part.classes is None:
            continue
        same = part.model_copy(update={"count": None, "skip": None, "seed": 0})
        asked = most.get(same, (name, part))[1]
        if (part.count or 0) + (part.skip or 0) >= (asked.count or 0) + (asked.skip or 0):
            most[same] = name, part
    for name, part in most.values():
        assert part.classes is not None
        where = f"data.parts.{name}" if name else "data"
        try:
            present(part.dataset, part.split)
        except DataError:
            continue  # reported where the study's datasets are looked up
        source = find(part.dataset, part.split)
        try:
            of = drawn_from(part, source.labels, source.classes, where)
            pool_of(part, len(source), of=of, where=where)
        except DataError as error:
            errors.append(error)
    return errors
