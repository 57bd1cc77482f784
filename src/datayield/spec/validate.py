"""pydantic's errors, reworded for someone who edits a YAML file."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from datayield.spec.errors import ConfigError, nearest
from datayield.spec.key_paths import KeyPath, key_path, tag_of

M = TypeVar("M", bound=BaseModel)
# What a type is called in YAML.
_PLAIN = {
    "dict_type": "must be a mapping, for example {key: value}",
    "model_type": "must be a mapping, for example {key: value}",
    "model_attributes_type": "must be a mapping, for example {key: value}",
    "string_type": 'must be text (quote what reads as a number or a boolean: "true")',
    "bool_type": "must be true or false",
}
_LISTS = ("tuple_type", "list_type")


def validated(model: type[M], raw: Any, *, where: str) -> M:
    """`raw` (as read from YAML or JSON) as a `model`; all errors in one ConfigError."""
    try:
        text = json.dumps(raw, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            "unsupported YAML value: use text, finite numbers, lists or mappings",
            where=where,
            got=error,
            hint="quote dates and other special YAML values",
        ) from None
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise _refused(model, error, where, raw) from None


def changed(spec: M, parts: dict[str, Any], *, where: str) -> M:
    """`spec` with some parts replaced (by mappings or valid values); errors as in `validated`.

    Unchanged parts are already valid and not checked again; whether all fit together is checked.
    """
    model = type(spec)
    try:
        return model.model_validate(
            {name: getattr(spec, name) for name in model.model_fields} | parts
        )
    except ValidationError as error:
        raise _refused(model, error, where) from None


def _refused(
    model: type[BaseModel], error: ValidationError, where: str, raw: Any = None
) -> ConfigError:
    items = error.errors(include_url=False)
    # A list with an invalid member is also reported as too short, which would only confuse.
    inside = {item["loc"][:i] for item in items for i in range(len(item["loc"]))}
    items = [x for x in items if x["type"] != "too_short" or x["loc"] not in inside]
    placed = _meant([(key_path(model, item["loc"]), item) for item in items])
    findings = [_finding(place, item, raw) for place, item in placed]
    return ConfigError("\n".join(dict.fromkeys(findings)), where=where)


def _meant(placed: list[tuple[KeyPath, Any]]) -> list[tuple[KeyPath, Any]]:
    """Without what is wrong for other members of a union than the one with the fewest errors."""
    many = Counter((place.keys[:at], member) for place, _ in placed for at, member in place.tried)
    fewest: dict[tuple[str | int, ...], int] = {}
    for (keys, _), count in many.items():
        fewest[keys] = min(count, fewest.get(keys, count))
    return [
        (place, item)
        for place, item in placed
        if all(many[place.keys[:at], m] == fewest[place.keys[:at]] for at, m in place.tried)
    ]


def _finding(place: KeyPath, item: Any, raw: Any) -> str:
    kind, got, context = item["type"], item.get("input"), item.get("ctx", {})
    if kind == "extra_forbidden":
        place = place._replace(keys=(*place.keys, item["loc"][-1]))
    if kind == "missing" and isinstance(place.keys[-1], int):  # of a list of fixed length
        kind, context = "too_short", {"min_length": place.keys[-1] + 1}
        place = place._replace(keys=place.keys[:-1])
    entry, path = _entry(place.keys, raw)
    named = f"{path}: " if path else ""
    if kind == "extra_forbidden":
        allowed = {f.alias or name for m in place.models for name, f in m.model_fields.items()}
        return f"{entry}unknown key {path!r}{_guess(item['loc'][-1], sorted(allowed))}"
    if kind == "missing":
        return f"{entry}missing key {path!r}"
    if kind == "union_tag_not_found" and (tags := [*filter(None, map(tag_of, place.models))]):
        key = ".".join(filter(None, (path, context["discriminator"].strip("'"))))
        return f"{entry}missing key {key!r} (allowed: {', '.join(tags)})"
    if kind in ("union_tag_invalid", "literal_error"):
        said = str(context.get("expected_tags") or context.get("expected", ""))
        got = context.get("tag", got)
        names = said.replace(" or ", ", ").replace("'", "").split(", ")
        if kind == "union_tag_invalid":
            path = ".".join(filter(None, (path, str(context["discriminator"]).strip("'"))))
            named = f"{path}: "
        return f"{entry}{named}got {_short(got)}{_guess(got, names)}"
    given = "" if isinstance(got, dict) else f", got {_short(got)}"
    return f"{entry}{named}{_message(kind, item['msg'], context, place)}{given}"


def _entry(keys: Sequence[str | int], raw: Any) -> tuple[str, str]:
    """The entry of a list that has an id, as a claim has, and the path of keys from there."""
    for i, key in enumerate(keys):
        try:
            raw = raw[key]
        except (TypeError, LookupError):
            break
        if isinstance(key, int) and isinstance(raw, dict) and "id" in raw:
            before, below = (".".join(map(str, some)) for some in (keys[: i + 1], keys[i + 1 :]))
            return f"{before} ({raw['id']}): ", below
    return "", ".".join(map(str, keys))


def _message(kind: str, said: str, context: Any, place: KeyPath) -> str:
    """What is wrong with a value, in words of YAML."""
    if kind in _LISTS:
        return f"must be a list, for example {_example(place)}"
    if kind in ("too_short", "too_long"):
        least, most = context.get("min_length"), context.get("max_length")
        bound = f"at least {least}" if kind == "too_short" else f"at most {most}"
        return f"must have {bound} value{'' if 1 in (least, most) else 's'}"
    message = _PLAIN.get(kind, said.removeprefix("Value error, "))
    return message[:1].lower() + message[1:]


def _example(place: KeyPath) -> str:
    """A list that may stand there."""
    members = place.below(0)
    for model in members.models:
        keys = [f.alias or name for name, f in model.model_fields.items() if f.is_required()]
        return f"[{{{', '.join(f'{key}: ...' for key in keys)}}}]"
    return "[first, second]" if any(o.kind is str for o in members.options) else "[0, 1]"


def _guess(got: Any, allowed: Iterable[str]) -> str:
    names = list(allowed)
    near = nearest(str(got), names)
    return f"{f'; did you mean {near!r}?' if near else ''} (allowed: {', '.join(names)})"


def _short(value: Any) -> str:
    """As it would stand in YAML; text in quotes."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."
