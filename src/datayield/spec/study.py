"""A study: base < recipes < axes -> runs, and what each run is measured by."""

import itertools
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from datayield.spec.budget import Budget
from datayield.spec.cost import flops_per_image
from datayield.spec.errors import ConfigError, nearest
from datayield.spec.evals import EvalSpec, StudyEval
from datayield.spec.method import METHOD_SPECS
from datayield.spec.model import Frozen
from datayield.spec.run import BaselineSpec, RunSpec
from datayield.spec.validate import validated
from datayield.spec.views import VIEW_RECIPES, recipe


class Listing(NamedTuple):
    """What is known of a dataset's split before any image is decoded."""

    fingerprint: str  # digest of the files' names and sizes
    images: int  # listed, damaged ones included


Listings = Mapping[tuple[str, str], Listing]


class Cell(NamedTuple):
    """One point of the study: the axis values that name it, and the run that realises it.

    Two cells share a run where different ways of asking come to the same work.
    """

    axes: dict[str, Any]
    asked: Budget
    run: RunSpec


class Study(Frozen):
    """A declared study, one scale of it already chosen. Field order is the YAML's."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    question: str = ""
    paper: str = ""
    scale: str = ""
    base: dict[str, Any]
    recipes: dict[str, dict[str, Any]] = Field(default_factory=dict)
    axes: dict[str, tuple[Any, ...]]
    evaluations: tuple[StudyEval, ...] = Field(min_length=1)
    notes: str = ""

    @model_validator(mode="after")
    def _names_are_known(self) -> "Study":
        for recipe_name in self.recipes:
            if recipe_name not in METHOD_SPECS:
                raise ValueError(f"recipes.{recipe_name} is of no method{_guess(recipe_name)}")
        for axis, values in self.axes.items():
            if not values:
                raise ValueError(f"axes.{axis} has no values")
        names = [ev.name for ev in self.evaluations]
        for ev in self.evaluations:
            if names.count(ev.name) > 1:
                raise ValueError(f"two evaluations are called {ev.name!r}")
            stray = sorted(set(ev.where) - set(self.axes))
            if stray:
                raise ValueError(
                    f"evaluations: where names {stray[0]!r}, which is not an axis "
                    f"({', '.join(self.axes)})"
                )
        return self

    @property
    def name(self) -> str:
        """The study's folder: its name, with the scale where there is one."""
        return f"{self.study}-{self.scale}" if self.scale else self.study

    def cells(self, listings: Listings) -> list[Cell]:
        """Every combination of the axes, in order, as a resolved run.

        Epochs become images here, so N must be declared or listed. Raises ConfigError.
        """
        keys = list(self.axes)
        return [
            self._cell(dict(zip(keys, values, strict=True)), listings)
            for values in itertools.product(*self.axes.values())
        ]

    def shortages(self, cells: list[Cell], listings: Listings) -> list[ConfigError]:
        """Sizes that the datasets which are here cannot give: fine to plan, not to run."""
        wanted: dict[tuple[str, str], set[int]] = {}
        for cell in cells:
            data = cell.run.data
            wanted.setdefault((data.dataset, data.split), set()).add(data.count or 0)
        return [
            ConfigError(
                f"{dataset!r} split {split!r} holds {listings[dataset, split].images:,} images "
                f"here, fewer than n={max(counts):,}",
                where="axes.data.count",
                got=max(counts),
                allowed=f"1 to {listings[dataset, split].images}",
                hint="choose smaller sizes, another --scale, or add images",
            )
            for (dataset, split), counts in wanted.items()
            if (dataset, split) in listings and max(counts) > listings[dataset, split].images
        ]

    def baselines(self, cells: list[Cell]) -> list[BaselineSpec]:
        """Raw pixels once, and the untrained encoder for each (encoder, seed) in the study."""
        untrained = {
            spec.id: spec
            for cell in cells
            for spec in [
                BaselineSpec(name="untrained", encoder=cell.run.encoder, seed=cell.run.seed)
            ]
        }
        return [BaselineSpec(name="pixels"), *untrained.values()]

    def evals_of(self, cell: Cell) -> list[tuple[float, EvalSpec]]:
        """(share of budget, evaluation) pairs that this cell's run owes."""
        return [
            (share, ev.spec)
            for ev in self.evaluations
            if all(cell.axes.get(axis) in values for axis, values in ev.where.items())
            for share in ev.at
        ]

    def splits(self) -> set[tuple[str, str]]:
        """(dataset, split) pairs that the study's runs and evaluations read."""
        wanted = {(ev.dataset, s) for ev in self.evaluations for s in (ev.train, ev.test)}
        datasets = self.axes.get("data.dataset") or (self._base_data("dataset", None),)
        split = self._base_data("split", "train")
        return wanted | {(d, split) for d in datasets if isinstance(d, str)}

    def _base_data(self, key: str, default: Any) -> Any:
        data = self.base.get("data")
        return data.get(key, default) if isinstance(data, dict) else default

    def _cell(self, axes: dict[str, Any], listings: Listings) -> Cell:
        raw = deepcopy(self.base)
        method = axes.get("method") or deepcopy(raw).get("method", {}).get("name")
        _patch(raw, "method.name", method)
        merge(raw, deepcopy(self.recipes.get(str(method), {})))
        for key, value in axes.items():
            if key != "method":
                _patch(raw, key, deepcopy(value))
        if isinstance(raw.get("data"), dict):  # each seed draws its own subset, unless stated
            raw["data"].setdefault("seed", raw.get("seed", 0))
        _name_views(raw)
        point = ", ".join(f"{k}={v}" for k, v in axes.items())
        spec = validated(RunSpec, raw, where=f"base + recipes.{method} + axes ({point})")
        self._check_evaluations(spec)
        return Cell(axes, spec.budget, _resolve(spec, listings))

    def _check_evaluations(self, spec: RunSpec) -> None:
        """What can be known to fail is refused before anything runs."""
        for i, ev in enumerate(self.evaluations):
            if spec.encoder.name.startswith("vit_") and ev.size != spec.encoder.size:
                raise ConfigError(
                    f"{spec.encoder.name} reads {spec.encoder.size} px",
                    where=f"evaluations.{i}.size",
                    got=ev.size,
                    allowed=str(spec.encoder.size),
                )


def _resolve(spec: RunSpec, listings: Listings) -> RunSpec:
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


def _guess(name: str) -> str:
    near = nearest(name, METHOD_SPECS)
    known = ", ".join(METHOD_SPECS)
    return f"; did you mean {near!r}? (allowed: {known})" if near else f" (allowed: {known})"


def merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
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


def _another(key: str, old: dict[str, Any], new: dict[str, Any]) -> bool:
    return key == "budget" or new.get("name", old.get("name")) != old.get("name", new.get("name"))


def _patch(raw: dict[str, Any], dotted: str, value: Any) -> None:
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


def _name_views(raw: dict[str, Any]) -> None:
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
