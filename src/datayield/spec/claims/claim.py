"""What all claims about published findings have in common: what they cover, and how values are
written.

Axis values are written as in the study, as text ("10 epochs", a part's name), or as `first` and
`last` of the axis, which work at every scale. Besides its own axes every study has two more: `eval`
(evaluations, by number of labels if that differs) and `share` (of the budget, if evaluations have
several). Effects on scores are in points, and so are `value` and margins.
"""

from typing import Any, NamedTuple

from pydantic import ConfigDict, Field, model_validator

from datayield.spec.bounds import LONGEST_NAME
from datayield.spec.frozen import Frozen
from datayield.spec.run import Normaliser

ENDS = ("first", "last")
NOTHING = (
    "untrained",
    "pixels",
    "pretrained",
    "weights",
)  # baselines, instead of a value of an axis
OWN_AXES = ("eval", "share")
BY = "by"  # the axis of normalisers, of `flips_under`
SELECTION_GAP = "selection_gap"  # best on test minus best on validation (decision/checkpoints)
Values = dict[str, Any]  # axis -> a value or a list of them
Several = Any | tuple[Any, ...]
ON_TEST = "_on_test"  # the end of the names of metrics that were selected on the test set


class AxisKey(NamedTuple):
    """A key by which a claim names an axis, `at`, and the one that holds values of it, `key`.

    Both are as in the file. `baselines`: whether a baseline may stand for a value.
    """

    axis: str
    at: str
    key: str
    values: tuple[Any, ...] = ()
    baselines: bool = False


class BestOn(Frozen):
    """Of each run, the checkpoint with the best validation score of the evaluation `best_on`."""

    best_on: str


class ClaimSpec(Frozen):
    """Keys of every claim. `each`: axes for whose every value it must hold; others are averaged.

    `of`: an evaluation, group of tasks or suite, or a list of them (their mean by run; separately
    if `eval` is among the compared axes). `by`: compare at the largest amount of it that all
    compared runs reach, whatever their budgets. `checkpoint`: which of each run is scored, instead
    of the last. `skip`: why it is not tested at this scale.
    """

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=LONGEST_NAME)
    says: str
    cites: str
    of: str | tuple[str, ...] = Field(min_length=1)
    metric: str | None = None
    where: Values = Field(default_factory=dict)
    each: tuple[str, ...] = ()
    by: Normaliser | None = None
    checkpoint: BestOn | None = None
    value: float | None = None
    skip: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The measurements that it is about."""
        return (self.of,) if isinstance(self.of, str) else self.of

    @property
    def units(self) -> tuple[Normaliser, ...]:
        """What is held equal; empty by default, when cells are compared at their budgets."""
        return () if self.by is None else (self.by,)

    @model_validator(mode="after")
    def _read_over_budgets(self) -> "ClaimSpec":
        taken = ("share",) if getattr(self, "reach", None) is not None else ("share", "budget")
        stray = [axis for axis in taken if axis in self.axes]
        if self.units and stray:
            raise ValueError(f"at equal {self.units[0]} {stray[0]} is not an axis; remove it")
        return self

    @model_validator(mode="after")
    def _nothing_selected_on_test(self) -> "ClaimSpec":
        if self.metric is not None and self.metric.endswith(ON_TEST):
            raise ValueError(
                f"metric {self.metric} was selected on the test set: the report shows it as "
                "optimistic, and no claim is judged by it; leave out metric"
            )
        if self.checkpoint is not None:
            taken = "by" if self.units else "share" if "share" in self.axes else ""
            if taken or self.metric == SELECTION_GAP:
                raise ValueError(
                    f"checkpoint does not apply with {taken or f'metric: {SELECTION_GAP}'}, which "
                    "compares several checkpoints of a run; leave out one of them"
                )
        return self

    @model_validator(mode="after")
    def _seeds_are_no_axis(self) -> "ClaimSpec":
        for each in self.named:
            if each.axis == "seed":
                raise ValueError(
                    f"{each.at} names seed, which is not an axis of a claim: what is compared is "
                    "paired by seed, and its interval covers other seeds"
                )
        return self

    @property
    def named(self) -> list[AxisKey]:
        """Every mention of an axis."""
        held = [
            AxisKey(axis, "where", f"where.{axis}", many(values))
            for axis, values in self.where.items()
        ]
        return [*held, *(AxisKey(axis, "each", "each") for axis in self.each), *self.compared()]

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Every axis that it names, with the values named."""
        return _by_axis(self.named)

    def along(self) -> dict[str, tuple[Any, ...]]:
        """Axes along which cells are compared, with the values named."""
        return _by_axis(self.compared())

    def compared(self) -> list[AxisKey]:
        """Every mention of an axis along which cells are compared."""
        return []


class Between(ClaimSpec):
    """From one value of the axis `over` to another; lists of equal length are pairs."""

    over: str
    from_: Several = Field("first", alias="from")
    to: Several = "last"

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """(from, to), one or several."""
        return list(zip(many(self.from_), many(self.to), strict=True))

    @property
    def sides_differ(self) -> bool:
        """Whether more than the value of `over` differs between the two sides."""
        return False

    @model_validator(mode="after")
    def _pairs_of_two_values(self) -> "Between":
        if len(many(self.from_)) != len(many(self.to)):
            raise ValueError("from and to are pairs: lists of equal length")
        same = [] if self.sides_differ else [a for a, b in self.pairs if a == b]
        if same:
            raise ValueError(f"from and to are the same value, {same[0]}: name two")
        return self

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        ends = {"from": self.from_, "to": self.to}
        return [AxisKey(self.over, "over", key, many(each), True) for key, each in ends.items()]


def all_differ(key: str, values: tuple[Any, ...]) -> None:
    """Raises ValueError where the values of a key are not all different."""
    twice = next((each for i, each in enumerate(values) if each in values[:i]), None)
    if twice is not None:
        raise ValueError(f"{key} names {twice} twice: each value once")


def _by_axis(named: list[AxisKey]) -> dict[str, tuple[Any, ...]]:
    axes: dict[str, tuple[Any, ...]] = {}
    for each in named:
        axes[each.axis] = axes.get(each.axis, ()) + each.values
    return axes


def many(value: Several) -> tuple[Any, ...]:
    """A value or a list of them, as a tuple."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)
