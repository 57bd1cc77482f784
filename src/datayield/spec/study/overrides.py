"""Single keys of a study overridden for one command: dotted key -> value, laid over the scale.

A study with other content keeps its report in a folder of its own, whose name ends in a digest of
its overrides. Runs are shared with the study as written wherever their content is the same.
"""

import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from datayield.spec.errors import ConfigError, DatayieldError
from datayield.spec.identity import digest
from datayield.spec.run import Raw
from datayield.spec.study.layers import merge
from datayield.spec.study.shorthands import study_spelled_out
from datayield.spec.yaml_file import read_value

Overrides = Mapping[str, Any]
KEYS = (
    *("base", "recipes", "axes", "evaluations", "claims", "baselines", "prices", "spend"),
    *("question", "notes"),
)
_NAMED = {"evaluations": "name", "claims": "id", "baselines": "name"}  # lists of named entries
_WHOLE = ("budget", "optim.trunk")  # an axis replaces them entirely


def parsed_overrides(said: Iterable[str]) -> dict[str, Any]:
    """`KEY=VALUE` texts as a mapping of keys to YAML values; of a repeated key, the last one."""
    made: dict[str, Any] = {}
    for text in said:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not key or not value.strip():
            raise ConfigError(
                "an override is a key and a value",
                where="--set",
                got=text,
                allowed="KEY=VALUE",
                hint="for example --set base.batch=64, --set 'axes.seed=[0, 1]'; null is a value",
            )
        made[key] = read_value(value, f"--set {key}")
    return made


def overridden(raw: Raw, overrides: Overrides) -> tuple[Raw, dict[str, Any]]:
    """`raw`, a study without shorthands, with overrides; and those that changed something."""
    effective: dict[str, Any] = {}
    for key, value in overrides.items():
        before, raw = raw, deepcopy(raw)
        _override(raw, key, deepcopy(value))
        if repr(raw) != repr(before):  # unlike ==, tells 1 from true
            effective[key] = value
    for key in overrides:
        _check_axes(raw, key)
    return raw, effective


def as_options(overrides: Overrides) -> str:
    """What a shell command needs to repeat them, with a space in front; empty for none."""
    return "".join(f" --set {shlex.quote(text)}" for text in as_texts(overrides))


def as_texts(overrides: Overrides) -> list[str]:
    """Each as `KEY=VALUE`."""
    return [f"{key}={_text(value)}" for key, value in overrides.items()]


def folder_suffix(overrides: Overrides) -> str:
    """What tells the folder of an overridden study from that of the study as written."""
    return f"-set-{digest(dict(overrides), 8)}" if overrides else ""


def blamed(
    error: ConfigError, overrides: Overrides, loads: Callable[[Overrides], bool]
) -> DatayieldError:
    """The error with the overrides it is due to as its place, before file and key.

    `loads`: whether the study is valid with these overrides alone. An override is at fault if the
    study is valid without it; if there is no single one, all are named. An error that the study
    has as written is returned as it is.
    """
    if not overrides or error.where.startswith("--set") or not loads({}):
        return error
    single = [
        key
        for key in overrides
        if loads({other: value for other, value in overrides.items() if other != key})
    ]
    places = as_texts({key: overrides[key] for key in single or overrides})
    return error.within("--set " + " --set ".join(places))


def _override(raw: Raw, key: str, value: Any) -> None:
    head, *rest = key.split(".")
    if head not in KEYS:
        raise ConfigError(
            "the study has no key of this name that can be overridden",
            where=f"--set {key}",
            got=head,
            allowed=KEYS,
        )
    entries = raw.get(head)
    if head in _NAMED and rest and isinstance(entries, list):
        raw[head] = _with_entry(entries, head, rest, value)
        return
    below = [".".join(rest)] if head == "axes" and rest else rest  # the name of an axis has dots
    merge(raw, study_spelled_out(_nested([head, *below], value)))
    axes = raw.get("axes")
    if head == "axes" and value is None and isinstance(axes, dict):
        axes.pop(".".join(rest), None)  # null drops an axis, as in a scale


def _with_entry(entries: list[Any], head: str, rest: list[str], value: Any) -> list[Any]:
    """The entries of a list with one changed, named by its name or its position."""
    dotted, label = ".".join(rest), _NAMED[head]
    names = [str(e.get(label, "") if isinstance(e, dict) else e) for e in entries]
    at, name = next(
        (
            (i, name)
            for i, named in enumerate(names)
            for name in (named, str(i))
            if name and f"{dotted}.".startswith(f"{name}.")
        ),
        (None, ""),
    )
    if at is None:
        raise ConfigError(
            f"the study has no entry of this name in {head}",
            where=f"--set {head}.{dotted}",
            got=rest[0],
            allowed=[name or str(i) for i, name in enumerate(names)],
            hint="name an entry, or give its position, from 0",
        )
    below = dotted.removeprefix(name).removeprefix(".")
    if value is None and not below:
        return [*entries[:at], *entries[at + 1 :]]
    if not isinstance(entries[at], dict):
        raise ConfigError(
            "this entry is only a name, so it has no keys to override",
            where=f"--set {head}.{dotted}",
            got=entries[at],
            hint="override the whole list, or write the entry as a mapping in the file",
        )
    entry = {head: [_nested(below.split("."), value) if below else value]}
    (patch,) = study_spelled_out(entry)[head]
    if isinstance(patch, dict):
        changed = deepcopy(entries[at])
        merge(changed, patch)
        return [*entries[:at], changed, *entries[at + 1 :]]
    return [*entries[:at], patch, *entries[at + 1 :]]


def _check_axes(raw: Raw, key: str) -> None:
    """Raises ConfigError for a key of the base that an axis gives a value in every run."""
    part = key.removeprefix("base.")
    axes = raw.get("axes")
    if part == key or not isinstance(axes, dict):
        return
    part = "method" if part == "method.name" else part
    for axis in axes:
        if part == axis or (axis in _WHOLE and part.startswith(f"{axis}.")):
            raise ConfigError(
                f"axes.{axis} overrides this key in every run, so nothing would change",
                where=f"--set {key}",
                got=key,
                allowed=f"axes.{axis}",
                hint=f"give the axis another list, for example --set 'axes.{axis}=[...]'",
            )


def _nested(path: list[str], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
