"""The cells of a study, those that differ only in their seed made from one another.

A study of many runs has many seeds. What a seed changes in a run shows in the first two of a point
of the other axes; where that is what a seed usually changes, the runs of further seeds are made by
changing just that, and share all else.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

from datayield.spec.run import Listings, Mixture, Part, RunSpec, Subset, fixed
from datayield.spec.study.cell import Cell

SeedChange = Literal["subset", "run"]  # also which images are drawn, or only the run's own seed
AnyPart = TypeVar("AnyPart", bound=Part)
_ALL_SEEDS = range(2**32)


class _Reseeding:
    """The runs of one point of the axes but for the seed, as far as they are known."""

    def __init__(self) -> None:
        self.made: list[Cell] = []
        self.change: SeedChange | None = None

    def learn(self, cell: Cell, listings: Listings, drawn: dict[Any, Subset | Mixture]) -> None:
        """Take a cell made in full."""
        self.made.append(cell)
        if len(self.made) == 2:
            first, second = (each.run for each in self.made)
            for change in ("subset", "run"):
                if reseeded(first, second.seed, change, listings, drawn) == second:
                    self.change = change


def product_of_axes(
    axes: Mapping[str, Sequence[Any]], make: Callable[[dict[str, Any]], Cell], listings: Listings
) -> Iterator[Cell]:
    """`make` of every combination, in order; runs of a third seed and more as described above."""
    keys = list(axes)
    known: dict[tuple[int, ...], _Reseeding] = {}
    drawn: dict[Any, Subset | Mixture] = {}
    shared: dict[Any, Any] = {}
    for point in itertools.product(*(range(len(values)) for values in axes.values())):
        values = {key: axes[key][at] for key, at in zip(keys, point, strict=True)}
        seed = values.get("seed")
        if type(seed) is not int or seed not in _ALL_SEEDS:
            yield make(values)
            continue
        where = keys.index("seed")
        others = known.setdefault((*point[:where], *point[where + 1 :]), _Reseeding())
        if others.change is not None:
            like = others.made[-1]
            run = reseeded(like.run, seed, others.change, listings, drawn)
            yield Cell(values, like.budget, run)
        else:
            made = make(values)
            cell = made._replace(run=_with_shared_parts(made.run, shared))
            others.learn(cell, listings, drawn)
            yield cell


def reseeded(
    run: RunSpec,
    seed: int,
    change: SeedChange,
    listings: Listings,
    drawn: dict[Any, Subset | Mixture],
) -> RunSpec:
    """`run` with another seed. `drawn` keeps images: runs of one seed and size share theirs."""
    data = run.data
    if change == "subset":
        key = seed, run.seed, data
        if key not in drawn:
            drawn[key] = fixed(_redrawn(data, run.seed, seed), listings)
        data = drawn[key]
    parts = {name: getattr(run, name) for name in RunSpec.model_fields}
    return RunSpec.model_construct(run.model_fields_set, **parts | {"data": data, "seed": seed})


def _with_shared_parts(run: RunSpec, shared: dict[Any, Any]) -> RunSpec:
    """The run, holding the same object for equal parts: what depends on a part is computed once."""
    parts = {name: getattr(run, name) for name in RunSpec.model_fields}
    return run.model_copy(
        update={name: shared.setdefault((name, part), part) for name, part in parts.items()}
    )


def _redrawn(data: Subset | Mixture, old: int, new: int) -> Subset | Mixture:
    """`data` with images drawn by the new seed wherever they were by the old one."""
    if isinstance(data, Subset):
        return _part(data, old, new)
    parts = {name: _part(part, old, new) for name, part in data.parts.items()}
    return data.model_copy(update={"parts": parts})


def _part(part: AnyPart, old: int, new: int) -> AnyPart:
    if part.seed != old:
        return part
    return part.model_copy(update={"seed": new, "fingerprint": None})
