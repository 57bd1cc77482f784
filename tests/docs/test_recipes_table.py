"""docs/recipes.md, field by field: what it says is here is what a run of the recipe set has."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from datayield.spec.run import VIEW_DEFAULTS, RunSpec, ViewSpec
from datayield.spec.study import as_run, recipe_set, recipe_sets

PAGE = Path(__file__).parents[2] / "docs/recipes.md"
HEADING = "## Field by field"
COLUMNS = ["recipe set", "method", "field", "official source", "there", "here", "verdict"]
VERDICTS = ("equal", "converted", "differs")
USUAL: dict[str, str] = {  # what None means
    **VIEW_DEFAULTS, "normalise": "imagenet", "bias": "false", "norm_over": "together",
    "prototypes_init": "normal", "clip_per": "model", "zero_init_residual": "false",
}  # fmt: skip
ENCODER = {"name": "resnet18", "stem": "cifar_pad2", "size": 32}
VIT = {"name": "vit_tiny", "patch": 8, "size": 128}  # for masks of 8, 16 and 32 px
NOT_OFFICIAL = {"small", "bridge2025"}  # ours; a paper without code


class Row(NamedTuple):
    """One line of the table; `methods` and `fields` that it holds for."""

    set: str
    methods: tuple[str, ...]
    fields: tuple[str, ...]
    source: str
    there: str
    here: str
    verdict: str

    def __str__(self) -> str:
        return f"{self.set}-{'+'.join(self.methods)}-{'+'.join(self.fields)}"


def table() -> list[Row]:
    """The rows under the heading, up to the next heading."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == COLUMNS
    rows = []
    for name, methods, fields, *others in cells[2:]:
        whole = tuple(recipe_set(name).methods)
        listed = whole if methods == "all" else tuple(methods.split(", "))
        rows.append(Row(name, listed, tuple(fields.split(", ")), *others))
    return rows


ROWS = table()


@cache
def run(name: str, method: str) -> RunSpec:
    base: dict[str, Any] = {
        "recipe": name,
        "method": {"name": method},
        "data": {"dataset": "made", "count": 5000},
        "encoder": VIT if method == "simmim" else ENCODER,
        "budget": {"epochs": recipe_set(name).epochs or 100},
    }
    return as_run(deepcopy(base), {}, {}, {})


def written(value: Any, field: str) -> str:
    """A value as the table writes it: ranges and lists with a dash, None as what it means."""
    if value is None:
        return USUAL.get(field, "none")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "-".join(written(item, field) for item in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def here(name: str, method: str, dotted: str) -> str:
    """What the run has; of views that differ, each."""
    *parents, field = dotted.split(".")
    at: Any = run(name, method)
    if parents == ["views"]:
        each = [written(getattr(view, field), field) for view in at.views]
        return each[0] if len(set(each)) == 1 else ", ".join(each)
    for parent in parents:
        at = getattr(at, parent)
    return written(getattr(at, field), field)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_says_what_the_recipe_set_has(row: Row) -> None:
    for method in row.methods:
        for field in row.fields:
            assert here(row.set, method, field) == row.here, f"{method}: {field}"
    verdict, _, why = row.verdict.partition(": ")
    assert verdict in VERDICTS
    assert (row.there == row.here) == (verdict == "equal")
    assert bool(why) == (verdict != "equal"), "what differs or is converted says how"
    assert row.source


def test_every_field_of_views_is_compared_in_every_official_set() -> None:
    """But counts and sizes, and what never applies: jitter that no view has, and so on."""
    compared = {(row.set, m, f) for row in ROWS for m in row.methods for f in row.fields}
    decided_by = {
        "jitter": ("brightness", "contrast", "saturation", "hue", "jitter_order"),
        "blur": ("blur_sigma", "blur_taps"),
    }
    for name in sorted(set(recipe_sets()) - NOT_OFFICIAL):
        for method in recipe_set(name).methods:
            views = run(name, method).views
            idle = {
                field
                for decides, fields in decided_by.items()
                for field in fields
                if not any(getattr(view, decides) for view in views)
            }
            for field in set(ViewSpec.model_fields) - {"count", "size"} - idle:
                assert (name, method, f"views.{field}") in compared
            assert (name, method, "encoder.normalise") in compared


def test_heads_and_optimizers_are_compared_in_every_official_set() -> None:
    """Every option of the method, and what an optimizer is above all."""
    compared = {(row.set, m, f) for row in ROWS for m in row.methods for f in row.fields}
    for name in sorted(set(recipe_sets()) - NOT_OFFICIAL):
        for method in recipe_set(name).methods:
            options = type(run(name, method).method).model_fields
            fields = {f"method.{option}" for option in options if option != "name"}
            fields |= {"optim.name", "optim.lr", "optim.weight_decay", "optim.schedule", "batch"}
            assert not [f for f in fields if (name, method, f) not in compared], (name, method)


def test_no_field_is_compared_twice() -> None:
    listed = [(row.set, m, f) for row in ROWS for m in row.methods for f in row.fields]
    assert len(listed) == len(set(listed))
