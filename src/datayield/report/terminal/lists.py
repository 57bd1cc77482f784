"""The lists of `datayield ls`."""

from collections.abc import Callable
from typing import Any

from pydantic.fields import FieldInfo
from rich.console import Console
from rich.table import Table

from datayield.spec.evaluation import PROTOCOLS
from datayield.spec.run import (
    CONVNET_WIDTH,
    METHOD_SPECS,
    OBJECTIVES,
    RESNETS,
    VIEW_DEFAULTS,
    VIEW_RECIPES,
    VITS,
    AnyMethod,
    EncoderSpec,
    encoder_macs,
    encoder_params,
    flops_per_image,
    recipe,
)
from datayield.spec.study import as_run, load_study, recipe_set, recipe_sets, shipped_studies

_REFERENCE = {"name": "resnet18", "stem": "cifar", "size": 32}
_REFERENCE_VIT = {"name": "vit_tiny", "patch": 4, "size": 32}

TableRows = list[dict[str, Any]]


def methods() -> TableRows:
    """Objectives: paper, cost of an image, views, and knobs with defaults.

    Cost: FLOPs of a training step with these knobs and the usual views (those of the recipes
    `small`), relative to a supervised step on one view of the same images.
    """
    return [
        {
            "method": name,
            "arXiv": spec.paper or "",
            "cost": _relative_cost(METHOD_SPECS[name]) if name in METHOD_SPECS else 1.0,
            "views": f"{spec.min_views} to 16",
            "knobs": {
                k: _default(f)
                for k, f in spec.model_fields.items()
                if k != "name" and (f.is_required() or f.default is not None)  # unset
            },
        }
        for name, spec in OBJECTIVES.items()
    ]


def _default(field: FieldInfo) -> Any:
    return "required" if field.is_required() else field.default


def _relative_cost(method: type[AnyMethod]) -> float | None:
    knobs = method().model_dump(mode="json")
    if knobs["name"] not in recipe_set("small").methods:
        return None
    base = {
        "recipe": "small",
        "data": {"dataset": "any", "count": 50_000},
        "encoder": _REFERENCE_VIT if knobs["name"] == "simmim" else _REFERENCE,
        "method": knobs,
        "batch": 256,
        "budget": {"epochs": 100},
    }
    spec = as_run(base, {}, {}, {})
    step, view = flops_per_image(spec), encoder_macs(spec.encoder, spec.encoder.size)
    return round(step / (6 * view), 2) if step and view else None


def recipes() -> TableRows:
    """Sets of published recipes; what is in them, in JSON."""
    return [
        {
            "recipe": name,
            "epochs": published.epochs,
            "px": published.size,
            "source": published.source,
            "methods": ", ".join(published.methods),
            "values": {"shared": published.shared, **published.methods},
        }
        for name in recipe_sets()
        for published in [recipe_set(name)]
    ]


def encoders() -> TableRows:
    """Encoders with a closed form of their cost, at one usual size each."""
    usual = [EncoderSpec(name="convnet", size=32, width=CONVNET_WIDTH)]
    usual += [EncoderSpec(name=name, stem="cifar", size=32) for name in RESNETS]
    usual += [EncoderSpec(name=name, patch=8, size=64) for name in VITS]
    usual += [EncoderSpec(name="viny", patch=16, size=128)]
    rows: TableRows = []
    for spec in usual:
        detail = f"stem: {spec.stem}" if spec.stem else f"patch: {spec.patch}"
        macs = encoder_macs(spec, spec.size) or 0.0
        rows.append(
            {
                "encoder": spec.name,
                "at": f"{spec.size} px",
                "with": detail if spec.name != "convnet" else f"width: {spec.width}",
                "parameters": f"{encoder_params(spec):,}",
                "GMAC per view": f"{macs / 1e9:.3f}",
            }
        )
    rows.append(
        {"encoder": "timm/<name>", "at": "any", "with": "", "parameters": "", "GMAC per view": ""}
    )
    return rows


def views() -> TableRows:
    """Recipes of views with their values."""
    return [
        {
            "recipe": name,
            "view": f"{i + 1} (x{view.count})",
            "values": ", ".join(
                f"{k}={_plain(VIEW_DEFAULTS[k] if v is None else v)}"
                for k, v in view.model_dump().items()
                if k not in ("count", "size")
            ),
        }
        for name in VIEW_RECIPES
        for i, view in enumerate(recipe(name, 32))
    ]


def protocols() -> TableRows:
    """Evaluation protocols; a changed default gets a new name."""
    return [{"protocol": name, "what": protocol.summary} for name, protocol in PROTOCOLS.items()]


def studies() -> TableRows:
    """Studies that ship with datayield."""
    return [
        {"study": path.stem, "question": load_study(str(path)).question}
        for path in shipped_studies()
    ]


CATALOGUES: dict[str, Callable[[], TableRows]] = {
    "studies": studies,
    "methods": methods,
    "recipes": recipes,
    "encoders": encoders,
    "views": views,
    "protocols": protocols,
}


NOTES = {
    "methods": "cost: FLOPs of a step with these knobs and the usual views, in supervised steps on "
    "one view of the same images (ResNet-18, cifar stem, 32 px, batch 256; simmim: vit_tiny/4). "
    "views: how many of an image it takes. supervised is not self-supervised: the "
    "intermediate task of a chain of stages, on labels.",
    "recipes": "recipe: NAME in a study's base or as an axis; --json shows the values. "
    "small is datayield's own. For differences from other libraries, see docs/recipes.md.",
    "views": "views: {recipe: NAME} in a study's base; --json shows the values. interpolation, "
    "jitter_order and blur_taps may stand beside the name, for all views: docs/recipes.md.",
    "protocols": "With linear@1 and knn@1: label_fraction or per_class (a list of values gives one "
    "evaluation each), averaged over draws of the labels (5 unless stated).",
    "tasks": "{suite: NAME, size: PIXELS} in a study's evaluations stands for all tasks of a suite "
    "that are here. Only vtab_1k is VTAB-1k. --json adds how labels are made, and each set's "
    "oddities: docs/tasks.md.",
}
_ONLY_JSON = {"values", "data", "label rule", "oddity"}


def show(console: Console, rows: TableRows, note: str = "") -> None:
    """Rows as a table that folds at the terminal's width, and a note under it."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    columns = [name for name in rows[0] if name not in _ONLY_JSON]
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_plain(row[name]) for name in columns))
    console.print(table)
    if note:
        console.print(note, style="dim", highlight=False, markup=False)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return "-".join(map(_plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
