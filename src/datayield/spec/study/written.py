"""A study as it is written: in a file, in one that ships, or in Python as a mapping of its keys.

A mapping says what a file says: of `1e6` images a YAML file makes an int, and so does this.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datayield.spec.errors import ConfigError
from datayield.spec.run import Raw
from datayield.spec.study.find import find_study
from datayield.spec.yaml_file import DEEPEST, read_mapping

Written = str | Mapping[str, Any]  # the name or path of a study, or its keys
PLACE = "study"  # of a mapping, in errors


class WrittenStudy(NamedTuple):
    """The keys of a study as they stand there.

    `file`: None for a mapping. `folder`: where relative paths of its data begin.
    """

    raw: Raw
    file: Path | None
    folder: Path

    @property
    def place(self) -> str:
        """The study in an error."""
        return PLACE if self.file is None else str(self.file)


def read_study(written: Written) -> WrittenStudy:
    """The study of this name, in this file, or of these keys. Raises ConfigError."""
    if isinstance(written, Mapping):
        return WrittenStudy(_mapping(written, PLACE, 0), None, Path.cwd())
    file = find_study(written)
    return WrittenStudy(read_mapping(file, "study"), file, file.parent)


def _mapping(value: Mapping[Any, Any], place: str, depth: int) -> Raw:
    made: Raw = {}
    for key, inner in value.items():
        if not isinstance(key, str):
            raise ConfigError(
                "a key must be text", where=place, got=repr(key), hint=f"write {str(key)!r}"
            )
        made[key] = plain(inner, f"{place}: {key}" if place == PLACE else f"{place}.{key}", depth)
    return made


def plain(value: Any, place: str, depth: int = 0) -> Any:
    """The value as a study's file would hold it. Raises ConfigError at `place`.

    Tuples, ranges and arrays become lists. A Path is one even where its name is that of a dataset.
    """
    if depth > DEEPEST:
        raise ConfigError(f"more than {DEEPEST} levels of nesting", where=place)
    if hasattr(value, "tolist"):  # of NumPy, an array or a number
        value = value.tolist()
    if isinstance(value, Path):
        return str(value.expanduser().absolute())
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        # A fraction is never above 1, so a whole number above it counts something.
        return int(value) if value.is_integer() and 1 < abs(value) < 2**53 else value
    if isinstance(value, Mapping):
        return _mapping(value, place, depth + 1)
    if isinstance(value, Iterable) and not isinstance(value, bytes | set | frozenset):
        return [plain(each, f"{place}.{i}", depth + 1) for i, each in enumerate(value)]
    raise ConfigError(
        "a study holds text, numbers, lists and mappings",
        where=place,
        got=f"{type(value).__name__} {value!r:.60}",
        hint="write it as it would stand in a YAML file",
    )
