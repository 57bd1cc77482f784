"""Which images a run is pretrained on: a subset of a split, or a mixture of several."""

import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from datayield.spec.bounds import Count, DatasetName, Name, Seed, Side, SplitName
from datayield.spec.frozen import Frozen

PART = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
SLICE = re.compile(r"^\[(-?\d{0,12}):(-?\d{0,12})\]\Z")


class Classes(Frozen):
    """Some classes of a dataset: `"[:100]"`, `[3, cat]`, or a share of them drawn by `seed`.

    `rest` takes the classes that the draw leaves, so `{share: 0.5}` and `{share: 0.5, rest: true}`
    are the two halves. The seed is 0 unless stated: it does not follow that of the run.
    """

    slice: str | None = None
    some: tuple[int | str, ...] | None = Field(None, min_length=1)
    share: float | None = Field(None, gt=0, lt=1)
    seed: Seed | None = None
    rest: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_short(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"slice": value}
        if isinstance(value, list | tuple):
            return {"some": tuple(value)}
        return value

    @model_validator(mode="after")
    def _one_way(self) -> "Classes":
        if self.slice is not None and not SLICE.match(self.slice):
            raise ValueError('classes: a slice is written "[:100]", "[100:]" or "[10:20]"')
        if sum(x is not None for x in (self.slice, self.some, self.share)) != 1:
            raise ValueError(
                'classes: a slice "[:100]", a list of numbers or names, or {share: 0.5, seed: 0}'
            )
        if self.share is None and (self.seed, self.rest) != (None, None):
            raise ValueError("classes: seed and rest apply only to a random share")
        return self

    def words(self) -> str:
        """As a reader would say it: "[:100]", "3 classes", "all but 50% of classes (seed 0)"."""
        if self.share is None:
            return self.slice or f"{len(self.some or ())} classes"
        drawn = f"{self.share:.0%} of classes (seed {self.seed or 0})"
        return f"all but {drawn}" if self.rest else drawn


class Part(Frozen):
    """`count` images of a split, after the first `skip` of the same order.

    `random` takes them from a permutation that `seed` alone decides, so a smaller subset is a
    prefix of a larger one; `first` keeps the stored order. Labels play no part unless `classes` are
    named: then `label` (the column; `label` unless stated) decides which images are drawn from, and
    nothing else. `fingerprint` identifies the files where they were there to be listed.
    """

    dataset: DatasetName
    split: SplitName = "train"
    count: Count | None = None
    rule: Literal["random", "first"] = "random"
    seed: Seed = 0
    skip: Count | None = None
    classes: Classes | None = None
    label: Name | None = None
    fingerprint: str | None = None

    @model_validator(mode="after")
    def _label_of_classes(self) -> "Part":
        if self.label is not None and self.classes is None:
            raise ValueError("label applies only with classes")
        return self

    @property
    def words(self) -> str:
        """The set, and the classes of it where some are chosen."""
        return self.dataset if self.classes is None else f"{self.dataset} {self.classes.words()}"


class Subset(Part):
    """Images of one split, decoded to `size` x `size` pixels: see `Part`."""

    size: Side = 32
    fit: Literal["crop", "squash"] = "crop"

    @property
    def members(self) -> "tuple[tuple[str, Subset], ...]":
        """(name, images) of each part: of one that is nameless."""
        return (("", self),)


class Mixture(Frozen):
    """Several parts as one set of images, in the order of their names.

    Every image counts the same, so a batch holds the parts in proportion to their counts on
    average. A study leaves out a part whose count is 0; one that is left alone is a `Subset`.
    """

    parts: dict[str, Part] = Field(min_length=2)
    size: Side = 32
    fit: Literal["crop", "squash"] = "crop"

    @model_validator(mode="after")
    def _names_read_well(self) -> "Mixture":
        for name in self.parts:
            if not PART.fullmatch(name):
                raise ValueError(
                    f"parts: {name!r} is not a valid name (40 letters, digits and _ at most)"
                )
        return self

    def __hash__(self) -> int:
        return hash((*sorted(self.parts.items()), self.size, self.fit))

    @cached_property
    def members(self) -> tuple[tuple[str, Subset], ...]:
        """(name, images) of each part, by name."""
        return tuple(
            (name, Subset(**dict(part), size=self.size, fit=self.fit))
            for name, part in sorted(self.parts.items())
        )

    @property
    def count(self) -> int | None:
        """Images of all parts; None where that of one is not known yet."""
        counts = [part.count for part in self.parts.values()]
        return None if None in counts else sum(c for c in counts if c is not None)

    @property
    def words(self) -> str:
        """What is mixed: "tiny-imagenet [:100] + cifar10"; a set once, however many its parts."""
        return " + ".join(dict.fromkeys(part.words for _, part in self.members))


def _kind(value: Any) -> str:
    mixed = "parts" in value if isinstance(value, dict) else isinstance(value, Mixture)
    return "mixture" if mixed else "subset"


Data = Annotated[
    Annotated[Subset, Tag("subset")] | Annotated[Mixture, Tag("mixture")], Discriminator(_kind)
]
