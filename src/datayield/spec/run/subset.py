"""The pretraining images of a run: a subset of a split, or a mixture of several."""

import re
from functools import cached_property
from pathlib import PurePath
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from datayield.spec.bounds import Count, DatasetName, Name, Seed, Side, SplitName
from datayield.spec.frozen import Frozen
from datayield.spec.run.curation import MOST_POOL, Select

PART = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
SLICE = re.compile(r"^\[(-?\d{0,12}):(-?\d{0,12})\]\Z")


def dataset_name(dataset: str) -> str:
    """A dataset as tables name it: a folder given by its path by its last part."""
    return PurePath(dataset).name if PurePath(dataset).is_absolute() else dataset


class Classes(Frozen):
    """Some classes of a dataset: `"[:100]"`, `[3, cat]`, or a fraction of them drawn by `seed`.

    `rest` selects the remaining classes, so `{share: 0.5}` and `{share: 0.5, rest: true}` are the
    two halves. The seed is 0 unless set: it does not follow that of the run.
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
        """Readable form: "[:100]", "3 classes", "all but 50% of classes (seed 0)"."""
        if self.share is None:
            return self.slice or f"{len(self.some or ())} classes"
        drawn = f"{self.share:.0%} of classes (seed {self.seed or 0})"
        return f"all but {drawn}" if self.rest else drawn


class Part(Frozen):
    """`count` images of a split, after the first `skip` of the same order.

    `random` takes them from a permutation that depends only on `seed`, so a smaller subset is a
    prefix of a larger one; `first` keeps the stored order. Labels are not used unless `classes` are
    named: then the column `label` (`label` by default) only decides which images are drawn from.
    `fingerprint` identifies the selected images by their contents, if they were found: it then
    stands for dataset and split, so a moved or renamed folder is the same data. With `select` the
    images are chosen by their features from a pool, which is what `fingerprint` then identifies.
    """

    dataset: DatasetName
    split: SplitName = "train"
    count: Count | None = None
    rule: Literal["random", "first"] = "random"
    seed: Seed = 0
    skip: Count | None = None
    classes: Classes | None = None
    label: Name | None = None
    select: Select = None
    fingerprint: str | None = None

    @model_validator(mode="after")
    def _enough_to_choose_from(self) -> "Part":
        if self.select is None or self.count is None:
            return self
        pool = self.select.pool or MOST_POOL
        if self.count > pool:
            stated = "" if self.select.pool else " unless stated"
            raise ValueError(
                f"select.pool is {pool:,} images{stated}, fewer than the {self.count:,} to choose: "
                "raise select.pool or lower count"
            )
        return self

    @model_validator(mode="after")
    def _near_others(self) -> "Part":
        target = None if self.select is None else self.select.target
        if target and (target.dataset, target.split) == (self.dataset, self.split):
            raise ValueError(
                f"select.target is {self.dataset} {self.split}, which the images are chosen from: "
                "each would be nearest to itself, as in a random draw; name another dataset"
            )
        return self

    @model_validator(mode="after")
    def _label_of_classes(self) -> "Part":
        if self.label is not None and self.classes is None:
            raise ValueError("label applies only with classes")
        return self

    @property
    def drawn(self) -> "Part":
        """What is drawn by the seed: the images themselves, or the pool that `select` chooses from.

        A pool that is not stated has no count: it is the whole split, up to `MOST_POOL` images.
        """
        if self.select is None:
            return self
        return self.model_copy(update={"count": self.select.pool, "select": None})

    @property
    def words(self) -> str:
        """The dataset, with its classes if some are selected."""
        name = dataset_name(self.dataset)
        return name if self.classes is None else f"{name} {self.classes.words()}"


class Subset(Part):
    """Images of one split, decoded to `size` x `size` pixels: see `Part`."""

    size: Side = 32
    fit: Literal["crop", "squash"] = "crop"

    @property
    def compared(self) -> tuple[tuple[str, str, int, Literal["crop", "squash"]], ...]:
        """(dataset, split, size, fit) of the images whose features decide which are taken.

        Those of the pool's split, then of the target's; none without `select`.
        """
        if self.select is None:
            return ()
        size, target = self.select.size or self.size, self.select.target
        pool = (self.dataset, self.split, size, self.fit)
        return (pool,) if target is None else (pool, (target.dataset, target.split, size, self.fit))

    @property
    def members(self) -> "tuple[tuple[str, Subset], ...]":
        """(name, images) of its only part, which has no name."""
        return (("", self),)


class Mixture(Frozen):
    """Several parts as one set of images, in the order of their names.

    Every image has the same weight, so on average a batch holds the parts in proportion to their
    counts. A study drops a part whose count is 0; a single remaining part is a `Subset`.
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
        """Images of all parts; None if one is not known yet."""
        counts = [part.count for part in self.parts.values()]
        return None if None in counts else sum(c for c in counts if c is not None)

    @property
    def words(self) -> str:
        """What is mixed: "tiny-imagenet [:100] + cifar10"; each dataset only once."""
        return " + ".join(dict.fromkeys(part.words for _, part in self.members))


def _kind(value: Any) -> str:
    mixed = "parts" in value if isinstance(value, dict) else isinstance(value, Mixture)
    return "mixture" if mixed else "subset"


Data = Annotated[
    Annotated[Subset, Tag("subset")] | Annotated[Mixture, Tag("mixture")], Discriminator(_kind)
]
