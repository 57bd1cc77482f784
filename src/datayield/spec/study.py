"""A study: named recipe < base < recipes < axes -> runs, and what each is measured by."""

import itertools
from collections.abc import Collection
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from datayield.spec.budget import Budget
from datayield.spec.errors import ConfigError, nearest
from datayield.spec.evals import EvalSpec, StudyEval
from datayield.spec.expand import as_run, resolve
from datayield.spec.listing import Listings
from datayield.spec.method import METHOD_SPECS
from datayield.spec.model import Frozen
from datayield.spec.run import BaselineSpec, RunSpec


class Cell(NamedTuple):
    """One point of the study: the axis values that name it, and the run that realises it.

    Two cells share a run where different ways of asking come to the same work.
    """

    axes: dict[str, Any]
    asked: Budget
    run: RunSpec

    @property
    def arm(self) -> str:
        """The axes that no column of its own shows, as "key=value, key=value"."""
        shown = {"data.count", "method", "seed", "budget"}
        return ", ".join(f"{k}={_named(v)}" for k, v in self.axes.items() if k not in shown)


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

    def without(self, names: Collection[str]) -> "Study":
        """The study but for these evaluations. Raises ConfigError where none is left."""
        kept = tuple(ev for ev in self.evaluations if ev.name not in names)
        if not kept:
            raise ConfigError(
                "the data of none of the evaluations are here",
                where="evaluations",
                got=", ".join(names),
                hint="datayield ls tasks says what is missing, and where it is looked for",
            )
        return self.model_copy(update={"evaluations": kept})

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
        """Raw pixels once, the untrained encoder for each (encoder, seed) in the study, and the
        encoder as published where a run starts from it.
        """
        untrained = {
            spec.id: spec
            for cell in cells
            for spec in [
                BaselineSpec(name="untrained", encoder=cell.run.encoder, seed=cell.run.seed)
            ]
        }
        started = dict.fromkeys(cell.run.encoder for cell in cells if cell.run.init == "pretrained")
        published = [BaselineSpec(name="pretrained", encoder=encoder) for encoder in started]
        return [BaselineSpec(name="pixels"), *untrained.values(), *published]

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
        wanted = {(ev.dataset, s) for ev in self.evaluations for s in ev.splits}
        datasets = self.axes.get("data.dataset") or (self._base_data("dataset", None),)
        split = self._base_data("split", "train")
        return wanted | {(d, split) for d in datasets if isinstance(d, str)}

    def _base_data(self, key: str, default: Any) -> Any:
        data = self.base.get("data")
        return data.get(key, default) if isinstance(data, dict) else default

    def _cell(self, axes: dict[str, Any], listings: Listings) -> Cell:
        spec = as_run(self.base, self.recipes, axes, listings)
        self._check_evaluations(spec)
        return Cell(axes, spec.budget, resolve(spec, listings))

    def _check_evaluations(self, spec: RunSpec) -> None:
        """What can be known to fail is refused before anything runs."""
        for i, ev in enumerate(self.evaluations):
            if spec.encoder.is_vit and ev.size != spec.encoder.size:
                raise ConfigError(
                    f"{spec.encoder.name} reads {spec.encoder.size} px",
                    where=f"evaluations.{i}.size",
                    got=ev.size,
                    allowed=str(spec.encoder.size),
                )


def _named(value: Any) -> Any:
    """A part that is written out, by its name."""
    return value.get("name", value) if isinstance(value, dict) else value


def _guess(name: str) -> str:
    near = nearest(name, METHOD_SPECS)
    known = ", ".join(METHOD_SPECS)
    return f"; did you mean {near!r}? (allowed: {known})" if near else f" (allowed: {known})"
