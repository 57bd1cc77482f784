"""Published findings as data: a closed set of claim tests, each with its scope and source.

The tests are implemented in analysis/claims/statistical_tests.py.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from datayield.spec.claims.claim import (
    BY,
    SELECTION_GAP,
    AxisKey,
    Between,
    ClaimSpec,
    Values,
    all_differ,
    many,
)
from datayield.spec.frozen import Frozen
from datayield.spec.run import NORMALISERS, Normaliser


class BeatsBaseline(ClaimSpec):
    """Scores above a free baseline."""

    test: Literal["beats_baseline"]
    baseline: Literal["untrained", "pixels", "pretrained", "weights"] = "untrained"


class Gain(Between):
    """Better at `to` than at `from`, or worse if a `fall` is expected, by more than `at_least`.

    `from` may be a baseline: untrained, pixels, pretrained, weights. `at_least` below 0: not worse
    by that. `at_from`, `at_to`: values of other axes on one side only. `reach`: a score, or the
    cell (axis -> value) whose final score it is; the amount of `by` needed to reach it is compared.
    """

    test: Literal["gain"]
    expect: Literal["rise", "fall"] = "rise"
    at_least: float = 0.0
    at_from: Values = Field(default_factory=dict)
    at_to: Values = Field(default_factory=dict)
    reach: float | Values | None = None

    @model_validator(mode="after")
    def _each_in_its_place(self) -> "Gain":
        if self.reach is not None and self.by is None:
            raise ValueError(f"reach needs a unit: by: {', '.join(NORMALISERS)}")
        for axis in {**self.at_from, **self.at_to}:
            if axis in (self.over, *self.where, *self.each):
                raise ValueError(f"{axis} is in at_from or at_to and also elsewhere")
        return self

    @property
    def sides_differ(self) -> bool:
        """See Between."""
        return self.at_from != self.at_to

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        target = self.reach if isinstance(self.reach, dict) else {}
        sides = {"at_from": self.at_from, "at_to": self.at_to, "reach": target}
        return super().compared() + [
            AxisKey(axis, key, f"{key}.{axis}", many(value))
            for key, side in sides.items()
            for axis, value in side.items()
        ]


class Monotone(ClaimSpec):
    """Rises (or falls) all along the axis `over`."""

    test: Literal["monotone"]
    over: str
    expect: Literal["rise", "fall"] = "rise"

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        return [AxisKey(self.over, "over", "over")]


class Diminishing(ClaimSpec):
    """A doubling gains less in the second half of the axis `over` than in the first."""

    test: Literal["diminishing"]
    over: str

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        return [AxisKey(self.over, "over", "over")]


class Flat(ClaimSpec):
    """Equivalent all along the axis `over`: within `margin`, in points, of no change."""

    test: Literal["flat"]
    over: str
    margin: float = Field(1.0, gt=0)

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        return [AxisKey(self.over, "over", "over")]


class PeakThenFall(ClaimSpec):
    """Rises along the axis `over`, then falls before its end."""

    test: Literal["peak_then_fall"]
    over: str = "share"

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        return [AxisKey(self.over, "over", "over")]


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
            raise ValueError("across (an axis) and between (two of its values) go together")
        if self.across is None and self.metric != SELECTION_GAP:
            raise ValueError(f"state across and between, or metric: {SELECTION_GAP}")
        all_differ("between", self.between)
        return self

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        own = [AxisKey(self.across, "across", "between", self.between, True)] if self.across else []
        return super().compared() + own


class Ordering(ClaimSpec):
    """The values `order` of the axis `over` rank in this order, the lowest score first."""

    test: Literal["ordering"]
    over: str
    order: tuple[Any, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _an_order(self) -> "Ordering":
        all_differ("order", self.order)
        return self

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        return [AxisKey(self.over, "over", "order", self.order, True)]


class Measure(Frozen):
    """Another measurement of the same runs."""

    of: str
    metric: str | None = None


class Distance(Frozen):
    """The measured distance from a run's pretraining set to an evaluation's dataset.

    `encoder`: the network that it was measured by, as `datayield distance` prints it; None is any.
    """

    encoder: str | None = None
    distance: Literal[
        "fid", "fid_inf", "fid_shrunk", "kid", "cmmd", "mmd_median", "vdna", "domain_auc"
    ]


class Correlates(ClaimSpec):
    """Rank correlation with another measure of the same cells, with `numbers` by the values of
    the axis `over`, or over evaluations with distances between datasets.
    """

    test: Literal["correlates"]
    with_: Measure | Distance | None = Field(None, alias="with")
    over: str | None = None
    numbers: dict[str, float] = Field(default_factory=dict)
    expect: Literal["positive", "negative"] = "positive"

    @model_validator(mode="after")
    def _one_of_two(self) -> "Correlates":
        by_hand = self.over is not None or bool(self.numbers)
        if by_hand and self.with_ is not None:
            stray = "over" if self.over is not None else "numbers"
            raise ValueError(
                f"with and {stray} are both given, and each says what scores correlate with: leave "
                "out one of them"
            )
        if not by_hand and self.with_ is None:
            raise ValueError(
                "what do scores correlate with? State with: {of: ..., metric: ...}, with: "
                "{distance: ...}, or over and numbers"
            )
        if (self.over is None) != (not self.numbers):
            raise ValueError("over (an axis) and numbers (value of it -> number) go together")
        if self.by is not None:
            raise ValueError("by does not apply: cells are ranked at their own budgets")
        return self

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        if isinstance(self.with_, Distance):
            return [AxisKey("eval", "with", "with")]
        own = AxisKey(self.over, "over", "numbers", tuple(self.numbers)) if self.over else None
        return [own] if own else []


class Crossover(Between):
    """Of `between`, values of the axis `across`, the first is ahead at `from`, the second at
    `to`.
    """

    test: Literal["crossover"]
    across: str
    between: tuple[Any, Any]

    @model_validator(mode="after")
    def _two_values(self) -> "Crossover":
        all_differ("between", self.between)
        return self

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        return [
            *super().compared(),
            AxisKey(self.across, "across", "between", self.between, True),
        ]


class FlipsUnder(Between):
    """From `from` to `to` a rise under the first of `settings`, values of the axis `under`, and a
    fall under the second. `under: by`: settings are what is held equal, such as epochs and images.
    """

    test: Literal["flips_under"]
    under: str
    settings: tuple[Any, Any]

    @model_validator(mode="after")
    def _units_of_by(self) -> "FlipsUnder":
        if self.under == BY and not set(self.settings) <= set(NORMALISERS):
            raise ValueError(f"under: by, so settings are two of {', '.join(NORMALISERS)}")
        all_differ("settings", self.settings)
        return self

    @property
    def units(self) -> tuple[Normaliser, ...]:
        """The settings of `under: by`."""
        return self.settings if self.under == BY else super().units

    def compared(self) -> list[AxisKey]:
        """See ClaimSpec."""
        return [
            *super().compared(),
            AxisKey(self.under, "under", "settings", self.settings, True),
        ]


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
