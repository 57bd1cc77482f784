"""What there is to choose from: `datayield ls`."""

from collections.abc import Callable
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from datayield.spec.cost import CONVNET_WIDTH, RESNETS, VITS, encoder_macs, encoder_params
from datayield.spec.evals import Protocol
from datayield.spec.load import load_study, shipped_studies
from datayield.spec.method import METHOD_SPECS
from datayield.spec.run import EncoderSpec
from datayield.spec.views import VIEW_RECIPES, recipe

Rows = list[dict[str, Any]]

_PROTOCOLS = {
    "linear@1": "logistic regression on frozen, standardised features; strength chosen on a "
    "validation fifth of train, refit on all of it, tested once",
    "knn@1": "20 nearest neighbours by cosine, votes weighted by exp(similarity / 0.07)",
    "spectrum@1": "effective rank and spread of the features of test images; no labels",
}


def methods() -> Rows:
    """Objectives: paper and knobs with defaults."""
    return [
        {
            "method": name,
            "what": (spec.__doc__ or "").splitlines()[0],
            "knobs": ", ".join(
                f"{k}={_plain(f.default)}" for k, f in spec.model_fields.items() if k != "name"
            ),
        }
        for name, spec in METHOD_SPECS.items()
    ]


def encoders() -> Rows:
    """Encoders with a closed form of their cost, at one usual size each."""
    usual = [EncoderSpec(name="convnet", size=32, width=CONVNET_WIDTH)]
    usual += [EncoderSpec(name=name, stem="cifar", size=32) for name in RESNETS]
    usual += [EncoderSpec(name=name, patch=8, size=64) for name in VITS]
    usual += [EncoderSpec(name="viny", patch=16, size=128)]
    rows: Rows = []
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


def views() -> Rows:
    """Recipes of views with their values."""
    return [
        {
            "recipe": name,
            "view": f"{i + 1} (x{view.count})",
            "values": ", ".join(
                f"{k}={_plain(v)}"
                for k, v in view.model_dump().items()
                if k not in ("count", "size")
            ),
        }
        for name in VIEW_RECIPES
        for i, view in enumerate(recipe(name, 32))
    ]


def protocols() -> Rows:
    """Evaluation protocols; a changed default gets a new name."""
    return [{"protocol": name, "what": _PROTOCOLS[name]} for name in get_args(Protocol)]


def studies() -> Rows:
    """Studies that ship with datayield."""
    return [
        {"study": path.stem, "question": load_study(str(path)).question}
        for path in shipped_studies()
    ]


CATALOGUES: dict[str, Callable[[], Rows]] = {
    "studies": studies,
    "methods": methods,
    "encoders": encoders,
    "views": views,
    "protocols": protocols,
}


def show(console: Console, rows: Rows) -> None:
    """Rows as a table that folds at the terminal's width."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_plain(value) for value in row.values()))
    console.print(table)


def _plain(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "-".join(map(_plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
