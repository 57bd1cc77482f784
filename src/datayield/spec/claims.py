"""Published findings as data: a closed set of tests, each with what it looks at and its source.

Axis values are written as the study writes them, or by their words ("10 epochs", a part's name),
or as `first` and `last` of the axis, which hold at every scale. Two axes every study has besides
its own: `eval` (evaluations, by number of labels where that differs) and `share` (of the budget,
where evaluations have several). Effects of scores are in points, and so are `value` and margins.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from datayield.spec.budget import Budget
from datayield.spec.model import Frozen

ENDS = ("first", "last")
NOTHING = ("untrained", "pixels", "pretrained")  # baselines, in the place of a value of an axis
OWN_AXES = ("eval", "share")
SELECTION_GAP = "selection_gap"  # best on test minus best on validation, of analysis/selection
Values = dict[str, Any]  # axis -> a value or a list of them
Several = Any | tuple[Any, ...]


class ClaimSpec(Frozen):
    """What all claims say. `each`: axes of which every value must show it; others are averaged.

    `of`: an evaluation, group of tasks or suite, or a list of them (their mean by run; with `eval`
    among the axes looked along, one by one). `skip`: why this scale does not ask.
    """

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")
    says: str
    cites: str
    of: str | tuple[str, ...] = Field(min_length=1)
    metric: str | None = None
    where: Values = Field(default_factory=dict)
    each: tuple[str, ...] = ()
    value: float | None = None
    skip: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What it is measured on."""
        return (self.of,) if isinstance(self.of, str) else self.of

    @property
    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Every axis that it names, with the values that it names of it."""
        found = {axis: many(values) for axis, values in self.where.items()}
        for axis in self.each:
            found.setdefault(axis, ())
        for axis, values in self._along().items():
            found[axis] = found.get(axis, ()) + tuple(v for v in values if v is not None)
        return found

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return {}


class Between(ClaimSpec):
    """From one value of the axis `over` to another; lists of equal length are pairs."""

    over: str
    from_: Several = Field("first", alias="from")
    to: Several = "last"

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """(from, to), one or several."""
        return list(zip(many(self.from_), many(self.to), strict=True))

    @model_validator(mode="after")
    def _of_equal_length(self) -> "Between":
        if len(many(self.from_)) != len(many(self.to)):
            raise ValueError("from and to are pairs: lists of equal length")
        return self

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return {self.over: many(self.from_) + many(self.to)}


class BeatsBaseline(ClaimSpec):
    """Scores above what costs nothing."""

    test: Literal["beats_baseline"]
    baseline: Literal["untrained", "pixels", "pretrained"] = "untrained"


class Gain(Between):
    """Better at `to` than at `from`, or worse where a `fall` is expected, by more than `at_least`.

    `from` may be a baseline: untrained, pixels, pretrained.
    """

    test: Literal["gain"]
    expect: Literal["rise", "fall"] = "rise"
    at_least: float = Field(0.0, ge=0)


class Monotone(ClaimSpec):
    """Rises (or falls) all along the axis `over`."""

    test: Literal["monotone"]
    over: str
    expect: Literal["rise", "fall"] = "rise"

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return {self.over: ()}


class Diminishing(ClaimSpec):
    """A doubling buys less in the second half of the axis `over` than in the first."""

    test: Literal["diminishing"]
    over: str

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return {self.over: ()}


class Flat(ClaimSpec):
    """Equivalent all along the axis `over`: within `margin`, in points, of no change."""

    test: Literal["flat"]
    over: str
    margin: float = Field(1.0, gt=0)

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return {self.over: ()}


class PeakThenFall(ClaimSpec):
    """Rises along the axis `over`, then falls before its end."""

    test: Literal["peak_then_fall"]
    over: str = "share"

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return {self.over: ()}


class GapGrows(Between):
    """The gap between two values of the axis `across` (the second minus the first) is larger at
    `to` than at `from`. Without `across` the metric is a gap itself: `metric: selection_gap`.
    """

    test: Literal["gap_grows"]
    across: str | None = None
    between: tuple[Any, ...] = ()

    @model_validator(mode="after")
    def _two_sides(self) -> "GapGrows":
        if (self.across is None) != (not self.between) or len(self.between) not in (0, 2):
            raise ValueError("across names an axis and between two values of it, or neither")
        if self.across is None and self.metric != SELECTION_GAP:
            raise ValueError(f"state across and between, or metric: {SELECTION_GAP}")
        return self

    def _along(self) -> dict[str, tuple[Any, ...]]:
        own = {self.across: self.between} if self.across else {}
        return super()._along() | own


class Ordering(ClaimSpec):
    """The values `order` of the axis `over` stand in this order, the lowest score first."""

    test: Literal["ordering"]
    over: str
    order: tuple[Any, ...] = Field(min_length=2)

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return {self.over: self.order}


class Measure(Frozen):
    """Another measurement of the same runs."""

    of: str
    metric: str | None = None


class Correlates(ClaimSpec):
    """Rank correlation with another measure of the same cells, or with `numbers` by the values
    of the axis `over`.
    """

    test: Literal["correlates"]
    with_: Measure | None = Field(None, alias="with")
    over: str | None = None
    numbers: dict[str, float] = Field(default_factory=dict)
    expect: Literal["positive", "negative"] = "positive"

    @model_validator(mode="after")
    def _one_of_two(self) -> "Correlates":
        by_hand = self.over is not None and bool(self.numbers)
        if by_hand == (self.with_ is not None) or (self.over is None) != (not self.numbers):
            raise ValueError("state with: {of: ..., metric: ...}, or over and numbers")
        return self

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return {self.over: tuple(self.numbers)} if self.over else {}


class Crossover(Between):
    """Of `between`, values of the axis `across`, the first is ahead at `from`, the second at `to`.

    All of these tests are defined in analysis/claims_tests.py.
    """

    test: Literal["crossover"]
    across: str
    between: tuple[Any, Any]

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return super()._along() | {self.across: self.between}


class FlipsUnder(Between):
    """From `from` to `to` a rise under the first of `settings`, values of the axis `under`, and a
    fall under the second.
    """

    test: Literal["flips_under"]
    under: str
    settings: tuple[Any, Any]

    def _along(self) -> dict[str, tuple[Any, ...]]:
        return super()._along() | {self.under: self.settings}


Claim = (
    BeatsBaseline
    | Gain
    | Monotone
    | Diminishing
    | Flat
    | PeakThenFall
    | GapGrows
    | Ordering
    | Correlates
    | Crossover
    | FlipsUnder
)
AnyClaim = Annotated[Claim, Field(discriminator="test")]


def many(value: Several) -> tuple[Any, ...]:
    """A value or a list of them, as a tuple."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def in_words(axis: str, value: Any) -> str:
    """A value of an axis as the tables name it: "10 epochs", a part's name, "1000"."""
    if axis == "budget" and isinstance(value, dict):
        return Budget.model_validate(value, strict=False).label()
    if isinstance(value, dict) and "name" in value:
        return str(value["name"])
    if axis == "run" and value is None:
        return "base"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # 64e3 is 64000
    return str(value)
