"""A study: named recipe < base < recipes < axes -> runs, and their evaluations."""

import math
from collections.abc import Collection
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, field_validator, model_validator

from datayield.spec.bounds import LONGEST_NAME, OptionalFolderName
from datayield.spec.claims import AnyClaim
from datayield.spec.errors import ConfigError, UnknownCountError
from datayield.spec.evaluation import EvalSpec, StudyEval, content_of
from datayield.spec.frozen import Frozen
from datayield.spec.run import (
    OBJECTIVES,
    OVERLAYS,
    BaselineSpec,
    Listings,
    RunSpec,
    dataset_path,
    located,
    splits_of,
)
from datayield.spec.study.axis_values import as_list, check_labels, check_values, guess
from datayield.spec.study.cell import Cell
from datayield.spec.study.expand import as_run, resolve
from datayield.spec.study.layers import copied, merge
from datayield.spec.study.overrides import Overrides, folder_suffix
from datayield.spec.study.prices import Prices
from datayield.spec.study.repeated import repeated, same_runs
from datayield.spec.study.reseed import product_of_axes
from datayield.spec.study.weights import WeightsBaseline, file_baselines, is_weights
from datayield.spec.yaml_file import on_one_line

WAYS_OF_SAYING = ("budget", "recipe", "as_published")  # may differ and come to the same runs
MOST_CELLS = 100_000  # a minute to plan, or to report on


class Study(Frozen):
    """A declared study, one scale of it already chosen. Field order is the YAML's."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=LONGEST_NAME)
    question: str = ""
    paper: str = ""
    scale: OptionalFolderName = ""
    base: dict[str, Any]
    recipes: dict[str, dict[str, Any]] = Field(default_factory=dict)
    axes: dict[str, tuple[Any, ...]]
    evaluations: tuple[StudyEval, ...] = Field(min_length=1)
    claims: tuple[AnyClaim, ...] = ()
    baselines: tuple[WeightsBaseline, ...] = ()
    notes: str = ""
    prices: Prices = Prices()
    spend: float | None = Field(None, gt=0, description="money that the best plan may cost")
    _folder: Path | None = PrivateAttr(None)
    _overrides: Overrides = PrivateAttr(default_factory=dict)

    @field_validator("axes", mode="before")
    @classmethod
    def _lists_of_values(cls, axes: Any) -> Any:
        if not isinstance(axes, dict):
            return axes
        for axis, values in axes.items():
            if not isinstance(values, list | tuple):
                raise ValueError(as_list(axis, values))
        return {axis: tuple(values) for axis, values in axes.items()}

    @model_validator(mode="after")
    def _names_are_known(self) -> "Study":
        for recipe_name in self.recipes:
            if recipe_name not in OBJECTIVES:
                raise ValueError(f"recipes.{recipe_name} is not a method{guess(recipe_name)}")
        for axis, values in self.axes.items():
            if not values:
                raise ValueError(f"axes.{axis} has no values")
            if twice := repeated(values):
                first, second = twice
                raise ValueError(
                    f"axes.{axis}: duplicate value {on_one_line(values[second - 1])} (positions "
                    f"{first} and {second}); list each value once"
                )
            check_values(axis, values)
        combinations = math.prod(map(len, self.axes.values()))
        if combinations > MOST_CELLS:
            sizes = " x ".join(f"{len(values):,} {axis}" for axis, values in self.axes.items())
            raise ValueError(
                f"axes: {combinations:,} combinations ({sizes}), more than {MOST_CELLS:,}; "
                "split the study"
            )
        names = [ev.name for ev in self.evaluations]
        for ev in self.evaluations:
            if names.count(ev.name) > 1:
                raise ValueError(f"duplicate evaluation name {ev.name!r}")
            stray = sorted(set(ev.where) - set(self.axes))
            if stray:
                raise ValueError(
                    f"evaluations: where names {stray[0]!r}, which is not an axis "
                    f"({', '.join(self.axes)})"
                )
        return self

    def located(self, folder: Path) -> "Study":
        """The study with paths of datasets taken from `folder`, that of its file."""
        evals = tuple(
            ev.model_copy(update={"dataset": dataset_path(ev.dataset, folder)})
            for ev in self.evaluations
        )
        study = self.model_copy(update={"evaluations": evals})
        study._folder = folder
        return study

    def with_content(self, listings: Listings) -> "Study":
        """The study whose evaluations know the images and labels that they measure on."""
        evals = tuple(
            ev.model_copy(update={"content": content_of(ev, listings)}) for ev in self.evaluations
        )
        return self.model_copy(update={"evaluations": evals})

    def with_overrides(self, overrides: Overrides) -> "Study":
        """The study, which has these overrides in it already, with a record of them."""
        study = self.model_copy()
        study._overrides = overrides
        return study

    @property
    def folder(self) -> Path | None:
        """Where relative paths begin: that of the study's file."""
        return self._folder

    @property
    def overrides(self) -> Overrides:
        """Keys whose values are not those of the file and its scale: dotted key -> value."""
        return self._overrides

    @property
    def name(self) -> str:
        """The study's folder: its name, with the scale and the digest of overrides, if any."""
        scale = f"-{self.scale}" if self.scale else ""
        return f"{self.study}{scale}{folder_suffix(self._overrides)}"

    def without(self, names: Collection[str]) -> "Study":
        """The study without these evaluations. Raises ConfigError if none is left."""
        kept = tuple(ev for ev in self.evaluations if ev.name not in names)
        if not kept:
            raise ConfigError(
                "no data found for any evaluation",
                where="evaluations",
                got=", ".join(names),
                hint="datayield ls tasks shows what is missing and where it is expected",
            )
        return self.model_copy(update={"evaluations": kept})

    def cells(self, listings: Listings) -> list[Cell]:
        """Every combination of the axes, in order, as a resolved run.

        Epochs become images here, so N must be declared or listed. Raises ConfigError.
        """
        cells = [*product_of_axes(self.axes, lambda axes: self._cell(axes, listings), listings)]
        check_labels(cells)
        for same in same_runs(self.axes, [cell.run.id for cell in cells]):
            if same.axis not in WAYS_OF_SAYING:  # those are noted: see confounds
                raise ConfigError(
                    f"duplicate values on axes.{same.axis}: both give the same runs",
                    where=f"axes.{same.axis}",
                    got=f"{on_one_line(same.first)} and {on_one_line(same.second)}",
                    hint="remove one of them",
                )
        return cells

    def check_axis(self, axis: str) -> None:
        """Raises ConfigError for a value of this axis with which no run can be described."""
        first = {name: values[0] for name, values in self.axes.items()}
        for value in self.axes.get(axis, ()):
            with suppress(UnknownCountError):  # which may be known once the images are read
                as_run(self.base, self.recipes, first | {axis: value}, {}, self._folder)

    def baseline_specs(self, cells: list[Cell]) -> list[BaselineSpec]:
        """Raw pixels once, the untrained encoder for each (encoder, seed) in the study, the
        published encoder if a run starts from it, and the files of weights. Raises ConfigError.
        """
        drawn = dict.fromkeys((cell.run.encoder, cell.run.seed) for cell in cells)
        every = [BaselineSpec(name="untrained", encoder=e, seed=seed) for e, seed in drawn]
        untrained = {spec.id: spec for spec in every}
        started = dict.fromkeys(cell.run.encoder for cell in cells if cell.run.init == "pretrained")
        published = [BaselineSpec(name="pretrained", encoder=encoder) for encoder in started]
        files = file_baselines(self.baselines, cells, self._folder)
        return [BaselineSpec(name="pixels"), *untrained.values(), *published, *files]

    def side_of(self, spec: BaselineSpec) -> int | None:
        """Side in pixels at which a baseline reads images; None: that of each evaluation.

        Weights that are listed with an encoder are read at the size of that.
        """
        listed = spec.weights is not None and spec.encoder in {e.encoder for e in self.baselines}
        side = spec.encoder.size if listed and spec.encoder else None
        return None if all(ev.size == side for ev in self.evaluations) else side

    def measured(self) -> list[EvalSpec]:
        """Every evaluation at its side, and at those of baselines that have one of their own."""
        sides = [None, *(each.encoder.size for each in self.baselines if each.encoder)]
        return [*dict.fromkeys(ev.at_side(side) for ev in self.evaluations for side in sides)]

    def evals_of(self, cell: Cell) -> list[tuple[float, EvalSpec]]:
        """(fraction of the budget, evaluation) pairs required of this cell's run."""
        if self._evals_of_all is not None:
            return self._evals_of_all
        return [
            (share, ev.spec)
            for ev in self.evaluations
            if all(cell.axes.get(axis) in values for axis, values in ev.where.items())
            for share in ev.at
        ]

    @cached_property
    def _evals_of_all(self) -> list[tuple[float, EvalSpec]] | None:
        """`evals_of` any cell; None where it differs between cells."""
        if any(ev.where for ev in self.evaluations):
            return None
        return [(share, ev.spec) for ev in self.evaluations for share in ev.at]

    def evals_of_baseline(self, spec: BaselineSpec) -> tuple[tuple[float, EvalSpec], ...]:
        """Like `evals_of`, at the baseline's own side; raw pixels have no encoder to fine-tune."""
        side = self.side_of(spec)
        specs = [ev.at_side(side) for ev in self.evaluations]
        return tuple((0.0, ev) for ev in specs if spec.encoder is not None or not ev.tunes)

    def splits(self) -> set[tuple[str, str]]:
        """(dataset, split) pairs that the study's runs and evaluations read."""
        wanted = {(ev.dataset, s) for ev in self.evaluations for s in ev.splits}
        named = [
            _nested(axis, value)
            for axis, values in self.axes.items()
            if axis.split(".")[0] == "data"
            for value in values
        ]
        laid = [patch or {} for axis in OVERLAYS for patch in self.axes.get(axis, ())]
        last = [*named, *laid] or [{}]
        earlier = (self.base.get("init"), *self.axes.get("init", ()))
        return wanted.union(*(self._pretrained_on(patch) for patch in (*last, *earlier)))

    def _pretrained_on(self, patch: Any) -> set[tuple[str, str]]:
        """(dataset, split) of a run given by `patch` over the base, and of earlier runs."""
        if not isinstance(patch, dict) or is_weights(patch):
            return set()
        both: dict[str, Any] = {"data": copied(self.base.get("data") or {})}
        merge(both, {"data": copied(patch.get("data") or {})})
        return splits_of(located(both["data"], self._folder)) | self._pretrained_on(
            patch.get("init")
        )

    def _cell(self, axes: dict[str, Any], listings: Listings) -> Cell:
        spec = as_run(self.base, self.recipes, axes, listings, self._folder)
        self._check_evaluations(spec)
        return Cell(axes, spec.budget, resolve(spec, listings))

    def _check_evaluations(self, spec: RunSpec) -> None:
        """Reject what is known to fail before anything runs."""
        for i, ev in enumerate(self.evaluations):
            if spec.encoder.is_vit and ev.size != spec.encoder.size:
                raise ConfigError(
                    f"{spec.encoder.name} reads {spec.encoder.size} px",
                    where=f"evaluations.{i}.size",
                    got=ev.size,
                    allowed=str(spec.encoder.size),
                )


def _nested(dotted: str, value: Any) -> dict[str, Any]:
    """`a.b.c` as a mapping of mappings."""
    for key in reversed(dotted.split(".")):
        value = {key: value}
    nested: dict[str, Any] = value
    return nested
