"""One point of a study: the values of its axes, as text too, and its run."""

from typing import Any, NamedTuple

from datayield.spec.run import OVERLAYS, Budget, RunSpec, short_number
from datayield.spec.study.value_words import value_words

NamedAxes = tuple[tuple[str, str], ...]  # (axis, its value as text)
COLUMN_AXES = ("data.count", "method", "seed", "budget")  # each has its own column in tables


def axes_label(axes: NamedAxes) -> str:
    """ "key=value, key=value"; what is laid over a run is called by its name alone."""
    return ", ".join(value if axis in OVERLAYS else f"{axis}={value}" for axis, value in axes)


class Cell(NamedTuple):
    """One point of the study: the axis values that name it, and its run.

    `budget` is as written in the study. Two cells share a run if different budgets amount to the
    same work.
    """

    axes: dict[str, Any]
    budget: Budget
    run: RunSpec

    @property
    def named_axes(self) -> NamedAxes:
        """The axes without a column of their own, in the study's order."""
        return tuple((axis, self.value(axis)) for axis in self.axes if axis not in COLUMN_AXES)

    @property
    def axes_label(self) -> str:
        """See `axes_label`."""
        return axes_label(self.named_axes)

    def value(self, axis: str) -> str:
        """The value of an axis as text; an earlier run without a name by its methods and images."""
        value, before = self.axes[axis], self.run.before
        if axis == "init" and isinstance(value, dict) and before and "name" not in value:
            return in_words(before)
        return value_words(axis, value)


def in_words(run: RunSpec) -> str:
    """A run that others start from: "simmim n=1k", or "simmim n=1k > supervised n=14k"."""
    return " > ".join(f"{r.method.name} n={short_number(r.data.count or 0)}" for r in run.chain)
