"""The values of axes as text: one text each, in tables, figures, claims and errors.

What is called by a name, or has words of its own, is shown by them; anything else as YAML.
"""

from contextlib import suppress
from typing import Any

from datayield.spec.run import OVERLAYS, Budget, WeightsFile, select_words
from datayield.spec.study.shorthands import values_spelled_out
from datayield.spec.yaml_file import on_one_line

_OF_WORK = ("budget", "optim.trunk")


def spelled_out(axis: str, value: Any) -> Any:
    """One value of an axis without shorthands."""
    return values_spelled_out(axis, [value])[0]


def value_words(axis: str, value: Any) -> str:
    """A value as text: "10 epochs", the name of a part, "diverse (pool 2000)", "1000".

    A text stays as it is, so a value may also be given by its words.
    """
    value = spelled_out(axis, value)
    if isinstance(value, dict):
        with suppress(ValueError):  # what is no such value is refused where its run is made
            if words := _of_mapping(axis, value):
                return words
    if axis in OVERLAYS and value is None:
        return "base"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # 64e3 is 64000
    if value is None or isinstance(value, bool | dict | list | tuple):
        return on_one_line(value)
    return str(value)


def _of_mapping(axis: str, value: dict[str, Any]) -> str:
    """Empty for a mapping without words of its own. Raises ValueError for one without meaning."""
    if "name" in value:
        return str(value["name"])
    if len(value) == 1 and value.keys() <= {"dataset", "recipe"}:
        return str(*value.values())  # as data: ./dir and views: mild are written for short
    if axis in _OF_WORK:
        return Budget.model_validate(value, strict=False).label()
    if "by" in value:  # how images are chosen
        return select_words(value)
    if axis == "init" and "weights" in value:
        return WeightsFile(weights=value["weights"]).name
    return ""
