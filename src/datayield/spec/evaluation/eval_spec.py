"""One evaluation: which images and labels, by which versioned protocol."""

from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from datayield.spec.bounds import Count, DatasetName, Name, OptionalName, Seed, Side, SplitName
from datayield.spec.errors import nearest
from datayield.spec.evaluation.protocols import PROTOCOLS, Protocol, ProtocolName, names_where
from datayield.spec.frozen import Frozen
from datayield.spec.identity import VERSIONS, digest, versioned_digest
from datayield.spec.run import VIEW_RECIPES, Classes, Listings, Share

Metric = Literal["accuracy", "balanced_accuracy"]
DRAWS = 5  # of the labels, if a fraction of them is used and `draws` is not set


class EvalSpec(Frozen):
    """A measurement of an encoder. `name`, `group` and, for a task of a suite, `part_of` (the
    suite), `suite_name` (its name in the study) and `task` are only labels; all other fields are
    part of its id.

    `label` names a column of labels (datasets with a single one call it `label`). `train_count` and
    `test_count` take prefixes of a permutation that `seed` determines; `None` takes all images.
    `val` is a split to choose on, for protocols that would otherwise hold out a part of train. A
    split may be a slice, `train[:80%]`, and one that divides no group: `train[:80% by patient]`,
    where patient is a column of a table (or `folder`); all splits of an evaluation are then grouped
    by it.
    `folds` tests every image of `train` once, by a classifier trained on the other folds: for data
    without a test split. `test` is then `train`, and `train_count` images are taken of the others.
    Copies of an image are in one fold, and so are groups: `train[: by patient]`.
    `label_fraction` or `per_class` keep only a part of the training labels, in `draws` random
    draws. `metric` is the main metric, by which a probe is chosen: accuracy by default, mIoU for
    masks. `classes` restricts every split to the images of some classes; counts then refer to
    those. A changed default gets a new protocol name, so a number never changes its meaning.
    `finetune@1`, `segment@1` and `segment@2` train the whole encoder: `epochs` is the length of
    that training (None: as published), and `ignore` the value of unlabelled pixels in a mask.

    Protocols without labels read only the images of `test`, which may be the pretraining images:
    `test: train` of that dataset with `test_count` at most N and `seed` equal to `data.seed` uses
    only images that a run on a `random` subset has seen. `data.seed` follows the run's seed unless
    the study sets it, so use one such evaluation per seed, with `where: {seed: [...]}`. An
    evaluation of another split with the same count gives unseen images for comparison.
    """

    name: Name
    protocol: ProtocolName
    dataset: DatasetName
    label: Name = "label"
    train: SplitName = Field(
        "train",
        description="split, slice (train[:80%]) or slice of groups (train[:80% by patient])",
    )
    val: SplitName | None = None
    test: SplitName = "test"
    folds: int | None = Field(
        None, ge=2, le=100, description="parts of train, each tested by a classifier of the others"
    )
    train_count: Count | None = Field(None, ge=2)
    test_count: Count | None = Field(None, ge=2)
    size: Side = 32
    fit: Literal["crop", "squash"] = "crop"
    seed: Seed = 0
    label_fraction: float | None = Field(None, gt=0, le=1)
    per_class: Count | None = None
    draws: int | None = Field(None, ge=1, le=1000)
    metric: Metric | None = None
    epochs: int | None = Field(None, ge=1, le=100_000)
    ignore: int | None = Field(None, ge=0, le=255)
    allow_overlap: bool | None = Field(None, description="test on images that are also in train")
    classes: Classes | None = None
    group: OptionalName = ""
    part_of: OptionalName = ""
    suite_name: OptionalName = ""
    task: OptionalName = ""
    content: str | None = Field(
        None, description="digest of the images and labels of all splits, where they were found"
    )
    views: str | None = Field(None, description="recipe whose first view is used; None: symmetric")

    @model_validator(mode="after")
    def _folds_apply(self) -> "EvalSpec":
        if self.folds is None:
            return self
        if self.test != self.train:
            raise ValueError(
                f"folds tests every image of train, {self.train!r}, not {self.test!r}: leave out "
                "test, or folds"
            )
        if not self.traits.takes_folds:
            raise ValueError(
                f"folds applies to {names_where(lambda p: p.takes_folds)}, not to {self.protocol}"
            )
        for key in ("val", "test_count", "label_fraction", "per_class"):
            if getattr(self, key) is not None:
                use = "train_count" if key in ("label_fraction", "per_class") else "all images"
                raise ValueError(f"{key} and folds are mutually exclusive: use {use}")
        return self

    @model_validator(mode="after")
    def _views_are_known(self) -> "EvalSpec":
        if self.views is not None and self.traits.reads != "views":
            raise ValueError(f"views does not apply to {self.protocol}, which uses no random views")
        if self.views is not None and self.views not in VIEW_RECIPES:
            near = nearest(self.views, VIEW_RECIPES)
            guess = f"; did you mean {near!r}?" if near else ""
            raise ValueError(
                f"unknown views {self.views!r}{guess} (allowed: {', '.join(VIEW_RECIPES)})"
            )
        return self

    @model_validator(mode="after")
    def _a_task_is_of_a_suite(self) -> "EvalSpec":
        if len({self.part_of == "", self.suite_name == "", self.task == ""}) > 1:
            raise ValueError("part_of, suite_name and task go together; write suite: instead")
        return self

    @model_validator(mode="after")
    def _tested_on_other_images(self) -> "EvalSpec":
        if self.traits.needs_labels and self.train == self.test and self.folds is None:
            raise ValueError(
                f"train and test are both {self.train!r}; name two splits, or slices of one "
                "split, such as train[:80%] and train[80%:], or set folds: 5"
            )
        if self.val is not None:
            if not self.traits.takes_val:
                only = names_where(lambda p: p.takes_val)
                raise ValueError(
                    f"{self.protocol} holds out part of train: val applies only to {only}"
                )
            if self.val in (self.train, self.test):
                raise ValueError(f"val and another split are both {self.val!r}")
        return self

    @model_validator(mode="after")
    def _label_fractions_make_sense(self) -> "EvalSpec":
        asked = self.label_fraction, self.per_class
        if asked == (None, None):
            if self.draws is not None:
                raise ValueError("draws requires label_fraction or per_class")
            return self
        if None not in asked:
            raise ValueError("label_fraction and per_class are mutually exclusive")
        least = self.traits.least_per_class
        if least is None:
            some = names_where(lambda p: p.takes_fractions)
            raise ValueError(f"{self.protocol} uses all labels; {some} can use a fraction")
        if self.per_class is not None and self.per_class < least:
            others = names_where(lambda p: p.least_per_class == 1)
            raise ValueError(
                f"{self.protocol} holds out items to choose its strength: use "
                f"per_class >= {least}, or {others}"
            )
        return self

    @model_validator(mode="after")
    def _what_applies(self) -> "EvalSpec":
        if self.epochs is not None and not self.tunes:
            some = names_where(lambda p: p.tuning)
            raise ValueError(f"epochs applies to {some}, not to {self.protocol}")
        if self.ignore is not None and not self.traits.reads_masks:
            some = names_where(lambda p: p.reads_masks)
            raise ValueError(f"ignore applies to the masks of {some}, not to {self.protocol}")
        if self.classes is not None and self.tunes:
            raise ValueError(f"classes does not apply to {self.protocol}, which uses all images")
        if self.metric == "balanced_accuracy" and self.traits.reads_masks:
            raise ValueError(
                f"{self.protocol} measures mIoU (the main one) and accuracy over pixels"
            )
        return self

    @property
    def traits(self) -> Protocol:
        """What its protocol reads and accepts."""
        return PROTOCOLS[self.protocol]

    @property
    def tunes(self) -> bool:
        """Whether the encoder itself is trained, instead of frozen."""
        return self.traits.tuning is not None

    @property
    def uses_label_fraction(self) -> bool:
        """Whether only a part of the training labels is used, in several draws."""
        return self.label_fraction is not None or self.per_class is not None

    @property
    def main_metric(self) -> str:
        """The metric that selects a probe, is averaged over tasks and is plotted."""
        return self.metric or self.traits.main_metric

    @property
    def decoded_side(self) -> int:
        """Side in pixels at which its images are decoded: `size`, or more if a centre is tested."""
        resized, tested = self.traits.resized
        return round(self.size * resized / tested)

    @property
    def splits(self) -> tuple[str, ...]:
        """Every split that it may read."""
        if self.folds is not None:
            return (self.train,)
        return (self.train, *([self.val] if self.val else []), self.test)

    def training_items(self, images: int) -> int:
        """How many images of a training split of that many it trains on at a time, at most."""
        most = images if self.folds is None else images - images // self.folds
        return min(self.train_count or most, most)

    @cached_property
    def id(self) -> str:
        """12 hex digits over everything except names, group and suite, which are only labels."""
        labels = {"name", "group", "part_of", "suite_name", "task"}
        kept = self.model_dump(mode="json", exclude=labels, exclude_none=True)
        return versioned_digest("eval", kept, {"items": VERSIONS["items"]})


def content_of(ev: EvalSpec, listings: Listings) -> str | None:
    """Digest of what `ev` is measured on; None where a split is not found, or too large to read."""
    found = [listings.get((ev.dataset, split)) for split in ev.splits]
    contents = [listing.content for listing in found if listing and listing.content]
    if len(contents) < len(ev.splits):
        return None
    reads_labels = ev.traits.needs_labels or ev.traits.reads_masks
    items = [content.items(ev.label if reads_labels else None) for content in contents]
    groups = [content.grouping for content in contents if ev.folds is not None]
    return digest(items + [each for each in groups if each is not None])


class StudyEval(EvalSpec):
    """An evaluation in a study: when in training (`at`), and for which runs (`where`).

    An `optional` one is skipped, with a message, if its data are missing.
    """

    at: tuple[Share, ...] = Field((1.0,), min_length=1, description="fractions of the budget")
    where: dict[str, tuple[Any, ...]] = Field(default_factory=dict, description="axis -> values")
    optional: bool = False

    @cached_property
    def spec(self) -> EvalSpec:
        """The evaluation alone."""
        return EvalSpec.model_validate(self.model_dump(exclude={"at", "where", "optional"}))

    def at_side(self, side: int | None) -> EvalSpec:
        """The evaluation alone, of images decoded at `side` px; None: at its own `size`."""
        if side in (None, self.size):
            return self.spec
        return EvalSpec.model_validate(self.spec.model_dump() | {"size": side})
