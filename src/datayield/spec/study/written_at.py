"""Where a study writes the value that an error is about: runs and data know no keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datayield.spec.errors import DatayieldError
from datayield.spec.named_paths import without_dots
from datayield.spec.study.study import Study

SHOWN = 3  # keys that an error names


def with_keys(error: DatayieldError, study: Study, place: str | Path) -> DatayieldError:
    """The error with the study's file and the keys that hold the value it is about, if any do.

    Where that value is a relative path, the error says in which folder it begins.
    """
    about, folder = error.about, study.folder
    if not about or error.where.startswith(str(place)):
        return error
    places = [(key, value) for key, value in _texts(study) if _is(about, value, folder)]
    if not places:
        return error
    keys, more = ", ".join(key for key, _ in places[:SHOWN]), len(places) - SHOWN
    if relative := [value for _, value in places if _begins_in(folder, value, about)]:
        begins = f"{relative[0]} is relative to the study's folder, {folder}"
        error.hint = f"{error.hint}; {begins}" if error.hint else begins
    return error.within(f"{place}: {keys}{f' and {more} more' if more > 0 else ''}")


def _is(about: str, value: str, folder: Path | None) -> bool:
    """Whether `value`, as written, is what was looked for: a name, a path or a folder above it."""
    absolute = f"{about}/".startswith(f"{Path(value).expanduser()}/")
    return about == value or absolute or _begins_in(folder, value, about)


def _begins_in(folder: Path | None, value: str, about: str) -> bool:
    """Whether `value` is a relative path that, from `folder`, leads to what was looked for."""
    path = Path(value).expanduser()
    if folder is None or path.is_absolute():
        return False
    return f"{about}/".startswith(f"{without_dots(folder / path)}/")


def _texts(study: Study) -> Iterator[tuple[str, str]]:
    """(dotted key, value) of each text of the study that data, encoders and files can be."""
    for head in ("base", "recipes", "axes"):
        yield from _leaves(head, getattr(study, head))
    for head, entries in (("evaluations", study.evaluations), ("baselines", study.baselines)):
        for at, entry in enumerate(entries):
            yield from _leaves(f"{head}.{at}", entry.model_dump(mode="json"))


def _leaves(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner)
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            yield from _leaves(f"{key}.{at}", inner)
    elif isinstance(value, str) and value:
        yield key, value
