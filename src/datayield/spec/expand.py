"""From mappings as written to one resolved run: base < recipe of the method < axes."""

from copy import deepcopy
from typing import Any

from datayield.spec.budget import Budget
from datayield.spec.cost import flops_per_image
from datayield.spec.errors import ConfigError
from datayield.spec.listing import Listings
from datayield.spec.run import RunSpec
from datayield.spec.validate import validated
from datayield.spec.views import VIEW_RECIPES, recipe

Raw = dict[str, Any]  # as read from YAML


def as_run(base: Raw, recipes: dict[str, Raw], axes: Raw) -> RunSpec:
    """The run at one point of the axes, its budget still as asked. Raises ConfigError."""
    raw = deepcopy(base)
    method = axes.get("method") or raw.get("method", {}).get("name")
    _patch(raw, "method.name", method)
    merge(raw, deepcopy(recipes.get(str(method), {})))
    for key, value in axes.items():
        if key != "method":
            _patch(raw, key, deepcopy(value))
    if isinstance(raw.get("data"), dict):  # each seed draws its own subset, unless stated
        raw["data"].setdefault("seed", raw.get("seed", 0))
    _name_views(raw)
    point = ", ".join(f"{k}={v}" for k, v in axes.items())
    return validated(RunSpec, raw, where=f"base + recipes.{method} + axes ({point})")


def resolve(spec: RunSpec, listings: Listings) -> RunSpec:
    """Fix N, the files' fingerprint and the budget in images: nothing is left to be derived."""
    listing = listings.get((spec.data.dataset, spec.data.split))
    n = spec.data.count or (listing.images if listing else None)
    if n is None:
        raise ConfigError(
            f"dataset {spec.data.dataset!r} is not here and data.count is not stated",
            where="base.data.count",
            hint="state data.count, or make the dataset available (datayield doctor --data)",
        )
    images = spec.budget.images(n, spec.batch, flops_per_image(spec))
    data = spec.data.model_copy(
        update={"count": n, "fingerprint": listing.fingerprint if listing else None}
    )
    budget = Budget(unit="images", amount=images)
    return RunSpec.model_validate(
        spec.model_copy(update={"data": data, "budget": budget}).model_dump()
    )


def merge(into: Raw, patch: Raw) -> None:
    """Lay `patch` over `into`, mapping by mapping.

    Replaced whole: lists, budgets, and a part that gets another name, since the knobs of one
    encoder, method or optimizer mean nothing to another.
    """
    for key, value in patch.items():
        old = into.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and not _another(key, old, value):
            merge(old, value)
        else:
            into[key] = value


def _another(key: str, old: Raw, new: Raw) -> bool:
    return key == "budget" or new.get("name", old.get("name")) != old.get("name", new.get("name"))


def _patch(raw: Raw, dotted: str, value: Any) -> None:
    """Set `a.b.c`; a mapping is laid over what stands there."""
    *parents, last = dotted.split(".")
    for parent in parents:
        raw = raw.setdefault(parent, {})
        if not isinstance(raw, dict):
            raise ConfigError(
                f"{dotted!r} reaches into {parent!r}, which is not a mapping",
                where=f"axes.{dotted}",
                got=raw,
            )
    merge(raw, {last: value})


def _name_views(raw: Raw) -> None:
    """Replace `views: {recipe: name, size: px}` by the views that the name stands for."""
    views = raw.get("views")
    if not isinstance(views, dict):
        return
    name, size = views.get("recipe"), views.get("size")
    if name not in VIEW_RECIPES:
        raise ConfigError(
            "unknown recipe of views",
            where="base.views.recipe",
            got=name,
            allowed=VIEW_RECIPES,
            hint="or list the views with their values",
        )
    if not isinstance(size, int) or set(views) != {"recipe", "size"}:
        raise ConfigError(
            "a recipe of views takes a name and a size",
            where="base.views",
            got=views,
            allowed="{recipe: NAME, size: PIXELS}",
        )
    raw["views"] = [view.model_dump(mode="json") for view in recipe(name, size)]
