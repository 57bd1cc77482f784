"""From the YAML mappings to one resolved run.

Named recipe of the method < base < the study's own recipe of the method < axes. `init` as a
mapping describes an earlier run in the same way: see `_earlier`.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from datayield.spec.errors import ConfigError
from datayield.spec.run import (
    NO_TIME,
    OVERLAYS,
    VIEW_DEFAULTS,
    VIEW_RECIPES,
    Budget,
    Listings,
    Raw,
    RunSpec,
    as_share,
    converted,
    distinct,
    fixed,
    flops_per_image,
    in_epochs,
    lay_out,
    located,
    recipe,
    seconds_of,
)
from datayield.spec.study.layers import copied, merge
from datayield.spec.study.recipes import published
from datayield.spec.study.shorthands import counted, filled_in
from datayield.spec.study.value_words import value_words
from datayield.spec.study.weights import is_weights, weights_of
from datayield.spec.validate import changed, validated

_OF_A_START = ("weights", "name", "recipe", "as_published", *RunSpec.model_fields)


class TimeBudgetError(ConfigError):
    """A budget of `seconds` for `run`, which is that run at a budget of one step.

    What that is in images depends on the machine: who knows it says so.
    """

    def __init__(self, run: RunSpec, seconds: float, written: Any, where: str) -> None:
        self.run, self.seconds = run, seconds
        super().__init__(
            NO_TIME,
            where=f"{where}: budget",
            got=written,
            allowed="images, epochs, steps or flops",
            hint="state images; datayield plan --measure tells how long they take on this machine",
        )


def as_run(
    base: Raw,
    recipes: dict[str, Raw],
    axes: Raw,
    listings: Listings,
    folder: Path | None = None,
) -> RunSpec:
    """The run at one point of the axes, its budget unresolved. Raises ConfigError."""
    raw, origin = _written(base, recipes, axes, listings, folder)
    point = ", ".join(f"{axis}={value_words(axis, value)}" for axis, value in axes.items())
    where = f"{origin} + axes ({point})"
    if is_weights(init := raw.get("init")):
        raw["init"] = weights_of(init, folder, f"{where}: init")
    elif isinstance(init, dict):
        raw["init"] = _earlier(init, base, recipes, axes, listings, folder)
    elif init not in (None, "pretrained"):
        raise ConfigError(
            "invalid init",
            where=f"{where}: init",
            got=init,
            allowed=["null", "pretrained", "{weights: FILE}", "a mapping of an earlier run"],
        )
    if (seconds := seconds_of(written := raw.get("budget"))) is not None:
        one = validated(RunSpec, converted(raw | {"budget": {"steps": 1}}, _nothing), where=where)
        raise TimeBudgetError(resolve(one, listings), seconds, written, where)
    waiting = in_epochs(raw)
    if waiting:
        raw = _with_shares(raw, waiting, listings, where)
    return validated(RunSpec, raw, where=where)


def resolve(spec: RunSpec, listings: Listings) -> RunSpec:
    """Fix N, the files' fingerprint and the budget in images, so the spec is complete."""
    data = fixed(spec.data, listings)
    n = data.count or 0
    images = spec.budget.images(n, spec.batch, flops_per_image(spec))
    known: Raw = {"data": data.model_dump(), "budget": Budget(unit="images", amount=images)}
    if (trunk := spec.optim.trunk) is not None:
        length = trunk.images(n, spec.batch, flops_per_image(spec))
        known["optim"] = spec.optim.model_dump() | {"trunk": {"unit": "images", "amount": length}}
    return changed(spec, known, where="budget and optim.trunk")


def _written(
    base: Raw, recipes: dict[str, Raw], axes: Raw, listings: Listings, folder: Path | None
) -> tuple[Raw, str]:
    """All layers of one run, merged, and where they come from."""
    patch = _patch_of_all(axes)
    method = axes.get("method") or _method_of(patch) or _method_of(base)
    own, origin = copied(recipes.get(str(method), {})), f"base + recipes.{method}"
    over = copied(base)
    if _method_of(patch) not in (None, _method_of(base)) and _method_of(base):
        over["method"] = {}  # another objective: the base's options do not apply to it
    _patch(over, "method.name", method)
    asked: Raw = {}
    for key in ("recipe", "as_published"):  # the names are dropped, only values are kept
        for said in (over, own, patch):
            if key in said:
                asked[key] = said.pop(key)
        asked[key] = axes.get(key, asked.get(key))
    raw: Raw = {}
    if asked["recipe"] is not None:
        origin = f"recipe {asked['recipe']} + {origin}"
        for layer in published(asked["recipe"], method, _flag(asked["as_published"])):
            merge(raw, copied(layer))
        _patch(raw, "method.name", method)
    merge(raw, over)
    merge(raw, own)
    for key, value in axes.items():
        if key in OVERLAYS:
            merge(raw, copied(patch))
        elif key not in ("method", *asked):
            _patch(raw, key, copied(value))
    if isinstance(raw.get("data"), dict):
        data = located(raw["data"], folder)
        raw["data"] = lay_out(counted(data, listings), raw.get("seed", 0))
    filled_in(raw)
    _lay_out_views(raw)
    return raw, origin


def _patch_of_all(axes: Raw) -> Raw:
    """What the axes `arm` and `run` lay over the whole run; `name` is only a label."""
    whole: Raw = {}
    for axis in OVERLAYS:
        patch = axes.get(axis) or {}
        if not isinstance(patch, dict):
            raise ConfigError(
                f"each value of the axis {axis} must be a mapping that overrides the base run",
                where=f"axes.{axis}",
                got=patch,
                allowed="null, or {name: ..., method: ..., data: ..., init: ...}",
            )
        merge(whole, {key: copied(value) for key, value in patch.items() if key != "name"})
    return whole


def _method_of(raw: Raw) -> Any:
    named = raw.get("method")
    return named.get("name") if isinstance(named, dict) else None


def _earlier(
    init: Raw,
    base: Raw,
    recipes: dict[str, Raw],
    axes: Raw,
    listings: Listings,
    folder: Path | None,
) -> dict[str, Any]:
    """The resolved run that the mapping `init` describes, as `RunSpec.init` holds it.

    It is the base with the seed and the encoder of the run that starts from it, overridden by
    `init`; the other axes and the base's own `init` do not apply.
    """
    for key in init:
        if key not in _OF_A_START:
            raise ConfigError(
                "unknown key of what runs start from",
                where="init",
                got=key,
                allowed=_OF_A_START,
                hint="{weights: FILE} starts from a file; other keys describe an earlier run",
            )
    own = {key: value for key, value in base.items() if key != "init"}
    kept = {k: v for k, v in axes.items() if k == "seed" or k.split(".")[0] == "encoder"}
    patch = _patch_of_all(axes)
    kept["run"] = {k: patch[k] for k in ("seed", "encoder") if k in patch}
    merge(kept["run"], copied(init))
    try:
        spec = resolve(as_run(own, recipes, kept, listings, folder), listings)
    except ConfigError as error:
        raise error.within("init") from None
    return {"run": spec.model_dump(mode="json")}


def _with_shares(raw: Raw, waiting: dict[str, Any], listings: Listings, where: str) -> Raw:
    """The same run with durations as fractions, computed from N and the budget.

    If the run has a trunk, they are fractions of the trunk.
    """
    optim = raw.get("optim")
    trunk = optim.get("trunk") if isinstance(optim, dict) else None
    timed = {} if trunk is None else {"budget": trunk}

    def at(images: float, n: int) -> RunSpec:
        made = converted(raw, lambda epochs, key: as_share(epochs, n, images, key))
        return validated(RunSpec, {**made, **timed, "optim": {"lr": 1.0}}, where=where)

    spec = at(1, 0)  # durations of length zero, and an optimizer without cost
    n, cost = distinct(spec.data, listings), flops_per_image(spec)
    images: float = spec.budget.images(n, spec.batch, cost)
    if spec.budget.unit == "flops" and cost is not None:
        # The cost of a run is affine in the lengths of its phases, such as SwAV's before its queue:
        # two lengths give the number of images that spends the budget exactly.
        longest = n * max(waiting.values())
        if longest:
            saved = longest * (cost - (flops_per_image(at(longest, n)) or cost))
            images = (spec.budget.amount + saved) / cost
    made: Raw = converted(raw, lambda epochs, key: as_share(epochs, n, images, key))
    return made


def _nothing(epochs: Any, key: str) -> float:
    """The share of any duration, where only the cost of an image matters."""
    return 0.0


def _flag(value: Any) -> bool:
    if value not in (None, True, False):
        raise ConfigError("not a boolean", where="as_published", got=value, allowed="true, false")
    return bool(value)


def _patch(raw: Raw, dotted: str, value: Any) -> None:
    """Set `a.b.c`; a mapping is merged into the existing value."""
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


def _lay_out_views(raw: Raw) -> None:
    """Expand `views: {recipe: name}`, at `encoder.size` unless it has a size.

    How views are computed may be stated beside the name, for all of them.
    """
    views, encoder = raw.get("views"), raw.get("encoder")
    usual = encoder.get("size") if isinstance(encoder, dict) else None
    if isinstance(views, list) and usual is not None:
        raw["views"] = [{"size": usual, **v} if isinstance(v, dict) else v for v in views]
    if not isinstance(views, dict):
        return
    name, size = views.get("recipe"), views.get("size", usual)
    if not isinstance(name, str) or name not in VIEW_RECIPES:
        raise ConfigError(
            "unknown view recipe",
            where="base.views.recipe",
            got=name,
            allowed=VIEW_RECIPES,
            hint="or list the views explicitly",
        )
    if not isinstance(size, int) or not set(views) <= {"recipe", "size", *VIEW_DEFAULTS}:
        raise ConfigError(
            f"a view recipe takes only a name, a size and {', '.join(VIEW_DEFAULTS)}",
            where="base.views",
            got=views,
            allowed="{recipe: NAME, size: PIXELS}; without size: encoder.size",
        )
    way = {key: value for key, value in views.items() if key in VIEW_DEFAULTS}
    try:
        raw["views"] = [view.model_dump(mode="json") | way for view in recipe(name, size)]
    except ValidationError:
        raise ConfigError(
            f"the views of {name} cannot have this size",
            where="base.views",
            got=size,
            allowed="8 to 1024 pixels; small crops have a share of it",
        ) from None
