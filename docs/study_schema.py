"""What a study's YAML may hold, from the models that read it: a JSON schema and a page.

`python docs/study_schema.py` writes docs/schema/study.schema.json; a test says when it is stale.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from datayield.spec.claims import AnyClaim
from datayield.spec.evaluation import StudyEval
from datayield.spec.evaluation.suites import Asked as SuiteEntry
from datayield.spec.run import (
    OBJECTIVES,
    Budget,
    EncoderSpec,
    Mixture,
    OptimSpec,
    Part,
    RunSpec,
    Subset,
)
from datayield.spec.run.views import VIEW_DEFAULTS, ViewSpec
from datayield.spec.study import Prices, Study

Schema = dict[str, Any]
SCHEMA = Path(__file__).parent / "schema/study.schema.json"
ANY_OF_A_RUN: Schema = {"type": "object"}
INTRO = """# The YAML of a study

Generated from the models that read the file. Editors that understand JSON schemas complete and
check a study that starts with this line (give the path or address of the file):

```yaml
# yaml-language-server: $schema=study.schema.json
```

The schema is [`docs/schema/study.schema.json`](../schema/study.schema.json). It accepts what may be
written; whether the parts fit together is checked when the study is loaded.

A run is described by layers; later ones override earlier ones: the named `recipe`, `base`, the
study's own `recipes` for the method, `axes`. An axis is any key of a run, written with dots
(`data.count`), or `arm` or `run`, whose values are mappings laid over the whole run, `arm` first.
`scales` maps the name of a scale to the keys that it changes. On the command line, `--set
KEY=VALUE` overrides one key of the study at its scale, for example `--set base.batch=64`.

Short forms, in any layer and as values of axes: `data: ./dir` is `{dataset: ./dir}`, `encoder:
convnet`, `method: simclr` and `optim: sgd` are `{name: ...}`, `views: symmetric` is `{recipe:
symmetric}`, `budget: 100 epochs` is `{epochs: 100}`. `count` takes `all`, or a share of the split
such as `25%`. `encoder: resnet18` has `stem: auto` (`cifar` up to 64 px, `imagenet` above);
`encoder.size` is `data.size` unless stated. `knn@1` alone among the evaluations is that protocol
on the dataset of `base`. A budget in minutes is refused, since it is not reproducible: the message
says how many images they are on this machine. An axis is always a list, also of one value.

YAML is read as it looks: numbers are decimal, only `true` and `false` are booleans, dates and `no`
are text, keys are text and are not repeated. A study has at most 100,000 combinations of its axes,
and no value of an axis is listed twice.
"""


def study_schema() -> Schema:
    """The JSON schema of a study's file, before layers and suites are expanded."""
    study = Study.model_json_schema()
    claims = TypeAdapter(AnyClaim).json_schema(ref_template="#/$defs/{model}")
    evaluation = _ladders(StudyEval.model_json_schema())
    suite = SuiteEntry.model_json_schema()
    definitions: Schema = {}
    for part in (evaluation, suite, claims):
        definitions |= part.pop("$defs", {})
    for name, definition in definitions.items():
        definitions[name] = _shorthand(definition)
    properties = {key: value for key, value in study["properties"].items() if key != "scale"}
    entry = _or_text(_shorthand(evaluation), suite)
    properties |= {
        "base": _run(),
        "recipes": {"type": "object", "additionalProperties": _run()},
        "axes": {"type": "object", "additionalProperties": {"type": "array", "minItems": 1}},
        "evaluations": {"type": "array", "items": entry, "minItems": 1},
        "claims": {"type": "array", "items": claims},
        "baselines": {"type": "array", "items": _baseline()},
        "prices": Prices.model_json_schema(),
        "scales": {"type": "object", "additionalProperties": {"type": ["object", "null"]}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "datayield study",
        "type": "object",
        "additionalProperties": False,
        "required": ["study", "base", "axes", "evaluations"],
        "properties": properties,
        "$defs": definitions,
    }


def _baseline() -> Schema:
    """A file of weights, and the encoder that it is of."""
    text = {"type": "string"}
    side = "images are read at its size, whatever that of the evaluations"
    encoder = {**_or_text(_keys(EncoderSpec)), "description": side}
    properties = {"weights": text, "sha256": text, "encoder": encoder}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["weights"],
        "properties": properties,
    }


def _run() -> Schema:
    """A run as a layer describes it: any part of it, with the shorthands that a study may use."""
    spec = RunSpec.model_json_schema()
    properties = {
        k: v for k, v in spec["$defs"]["RunSpec"]["properties"].items() if "$ref" not in v
    }
    known = {k: v for k, v in properties.items() if k in ("batch", "precision", "seed")}
    view = _keys(ViewSpec)
    recipe = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "recipe": {"type": "string"},
            "size": {"type": "integer", "minimum": 8},
            **{way: ViewSpec.model_json_schema()["properties"][way] for way in VIEW_DEFAULTS},
        },
    }
    known |= {
        "recipe": {"type": ["string", "null"], "description": "a set: datayield ls recipes"},
        "as_published": {"type": "boolean", "description": "durations in epochs of this run"},
        "data": _or_text(_keys(Subset, Mixture, Part)),
        "encoder": _or_text(_keys(EncoderSpec)),
        "method": _or_text(_keys(*OBJECTIVES.values())),
        "optim": _or_text(_keys(OptimSpec)),
        "budget": _or_text(_budget()),
        "views": _or_text(recipe, {"type": "array", "items": view, "minItems": 1}),
        "init": {"anyOf": [{"const": "pretrained"}, {"type": ["object", "null"]}]},
    }
    return {"type": "object", "additionalProperties": False, "properties": known}


def _keys(*models: type[BaseModel]) -> Schema:
    """Any keys of the models. Values are only described: shorthands are checked at loading."""
    properties: Schema = {}
    for model in models:
        for key, value in model.model_json_schema()["properties"].items():
            kept = {k: value[k] for k in ("description", "default", "enum") if k in value}
            properties.setdefault(
                key,
                kept
                if len(models) == 1
                else {"description": key} | {k: v for k, v in kept.items() if k == "description"},
            )
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _or_text(*schemas: Schema) -> Schema:
    """What a name alone may stand for."""
    return {"anyOf": [*schemas, {"type": "string"}]}


def _budget() -> Schema:
    amounts = {
        unit: {"type": ["number", "string"]} for unit in ("images", "epochs", "steps", "flops")
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": amounts,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _ladders(schema: Schema) -> Schema:
    for key in ("label_fraction", "per_class"):
        schema["properties"][key] = {"description": "one value, or a list: one evaluation for each"}
    return schema


def _shorthand(schema: Schema) -> Schema:
    """A model whose keys may be written in the short forms that its validators read."""
    for key in ("classes", "over", "of", "where", "from", "to", "with"):
        if key in schema.get("properties", {}):
            schema["properties"][key] = {}
    return schema


def schema_page() -> str:
    """Markdown: for each part of a study its keys, types, defaults and meaning."""
    lines = [INTRO]
    lines += ["## A study", *_table(Study, without=("scale",))]
    lines += ["## A run: `base`, `recipes.METHOD`, `init`", "", (Budget.__doc__ or "").strip()]
    lines += ["A study may also name `recipe` and `as_published` ([recipes](../recipes.md)).", ""]
    lines += [*_table(RunSpec)]
    parts: list[tuple[str, type[BaseModel]]] = [
        ("data", Subset), ("data.parts.NAME", Part), ("encoder", EncoderSpec), ("views", ViewSpec),
        ("optim", OptimSpec),
    ]  # fmt: skip
    for name, model in parts:
        lines += [f"### {name}", *_table(model)]
    for name, model in OBJECTIVES.items():
        lines += [f"### method: {name}", *_table(model)]
    lines += ["## An evaluation", *_table(StudyEval), "### A suite of tasks", *_table(SuiteEntry)]
    lines += ["## A claim", "Keys and tests of claims have [a page of their own](../claims.md)."]
    return "\n".join(lines) + "\n"


def _table(model: type[BaseModel], without: tuple[str, ...] = ()) -> list[str]:
    schema = model.model_json_schema()
    if "$ref" in schema:
        schema = schema["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    required = schema.get("required", [])
    about = "\n".join(line.strip() for line in (model.__doc__ or "").splitlines())
    rows = ["", about, "", "| key | type | default | meaning |", "|---|---|---|---|"]
    for key, value in schema["properties"].items():
        if key in without:
            continue
        default = "required" if key in required else f"`{json.dumps(value.get('default'))}`"
        meaning = str(value.get("description", ""))
        cells = (f"`{key}`", _type(value), default, meaning)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*rows, ""]


def _type(value: Schema) -> str:
    """The type in words, with bounds."""
    for key in ("anyOf", "oneOf"):
        if key in value:
            return " or ".join(dict.fromkeys(_type(option) for option in value[key]))
    if "$ref" in value:
        return str(value["$ref"]).rsplit("/", 1)[1]
    if "enum" in value:
        return ", ".join(f"`{item}`" for item in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    kind = {"object": "mapping", "string": "text", "array": "list"}.get(
        str(value.get("type", "any")), str(value.get("type", "any"))
    )
    if kind == "list" and value.get("items"):
        return f"list of {_type(value['items'])}"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {value[key]}" for key, sign in signs.items() if key in value]
    return ", ".join([kind, *bounds])


def schema_text() -> str:
    """The schema as the published file holds it."""
    return json.dumps(study_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
