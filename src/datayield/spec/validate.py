"""pydantic's errors, reworded for someone who edits a YAML file."""

import json
from collections.abc import Sequence
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from datayield.spec.errors import ConfigError, nearest

M = TypeVar("M", bound=BaseModel)
# What a type is called in YAML.
_PLAIN = {
    "tuple_type": "must be a list, for example [0, 1]",
    "list_type": "must be a list, for example [0, 1]",
    "dict_type": "must be a mapping, for example {key: value}",
    "model_type": "must be a mapping, for example {key: value}",
    "model_attributes_type": "must be a mapping, for example {key: value}",
    "string_type": 'must be text (quote what reads as a number or a boolean: "true")',
    "bool_type": "must be true or false",
}
KINDS = ("subset", "mixture")  # which of the two `data` is: no key of the file


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
        raise _refused(model, error, where) from None


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


def _refused(model: type[BaseModel], error: ValidationError, where: str) -> ConfigError:
    items = error.errors(include_url=False)
    # A list with an invalid member is also reported as too short, which would only confuse.
    inside = {item["loc"][:i] for item in items for i in range(len(item["loc"]))}
    items = [x for x in items if x["type"] != "too_short" or x["loc"] not in inside]
    findings = [_finding(model, item) for item in items]
    return ConfigError("\n".join(dict.fromkeys(findings)), where=where)


def _finding(model: type[BaseModel], item: Any) -> str:
    loc = [part for part in item["loc"] if not str(part).startswith("function-")]
    loc = [part for i, part in enumerate(loc) if not (i and loc[i - 1] == "data" and part in KINDS)]
    path = ".".join(map(str, loc))
    kind, got = item["type"], item.get("input")
    if kind == "extra_forbidden":
        allowed = _fields_at(model, loc[:-1])
        near = nearest(str(loc[-1]), allowed)
        guess = f"; did you mean {near!r}?" if near else ""
        return f"unknown key {path!r}{guess} (allowed: {', '.join(sorted(allowed))})"
    if kind == "missing":
        return f"missing key {path!r}"
    if kind in ("union_tag_invalid", "literal_error"):
        context = item.get("ctx", {})
        allowed_text = str(context.get("expected_tags") or context.get("expected", ""))
        got = context.get("tag", got)
        names = allowed_text.replace(" or ", ", ").replace("'", "").split(", ")
        near = nearest(str(got), names)
        guess = f"; did you mean {near!r}?" if near else ""
        if kind == "union_tag_invalid":
            path += "." + str(context.get("discriminator", "name")).strip("'")
        return f"{path}: got {_short(got)}{guess} (allowed: {', '.join(names)})"
    message = item["msg"].removeprefix("Value error, ")
    message = _PLAIN.get(kind, message)
    given = "" if isinstance(got, dict) else f", got {_short(got)}"
    return f"{f'{path}: ' if path else ''}{message[:1].lower()}{message[1:]}{given}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _fields_at(model: type[BaseModel], loc: Sequence[Any]) -> set[str]:
    """Names that the model at `loc` accepts."""
    models: list[type[BaseModel]] = [model]
    for i, part in enumerate(loc):
        if i and loc[i - 1] == "parts":
            continue  # the name of a part
        tagged = [m for m in models if _tag(m) == part]
        if tagged:
            models = tagged
            continue
        if isinstance(part, int):
            continue
        models = [
            inner
            for m in models
            if part in m.model_fields
            for inner in _models_in(m.model_fields[part].annotation)
        ]
    return {field.alias or name for m in models for name, field in m.model_fields.items()}


def _tag(model: type[BaseModel]) -> Any:
    for key in ("name", "test"):
        if (field := model.model_fields.get(key)) is not None:
            (value, *_) = get_args(field.annotation) or (field.default,)
            return value
    return None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, dict) or hasattr(
        annotation, "__metadata__"
    ):
        return [m for arg in get_args(annotation) for m in _models_in(arg)]
    return []
