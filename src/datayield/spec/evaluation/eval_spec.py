"""One evaluation: which images and labels, by which versioned protocol."""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from datayield.spec.errors import nearest
from datayield.spec.frozen import Frozen
from datayield.spec.identity import versioned_digest
from datayield.spec.run import VIEW_RECIPES, Classes

Share = Annotated[float, Field(ge=0, le=1)]
Protocol = Literal[
    "linear@1",
    "linear_sgd@1",
    "knn@1",
    "vtab@1",
    "spectrum@1",
    "state@1",
    "augmentation_spectrum@1",
    "finetune@1",
    "segment@1",
]
Metric = Literal["accuracy", "balanced_accuracy"]
LABEL_FREE: frozenset[str] = frozenset({"spectrum@1", "state@1", "augmentation_spectrum@1"})
OF_VIEWS: frozenset[str] = frozenset({"state@1", "augmentation_spectrum@1"})
TUNED: tuple[Protocol, ...] = ("finetune@1", "segment@1")

SGD_EPOCHS = 100  # of linear_sgd@1: passes of the encoder over augmented training images
DRAWS = 5  # of the labels, where a share of them is asked for and `draws` is not stated


class EvalSpec(Frozen):
    """A measurement of an encoder. `name`, `group` and, of a suite's task, `part_of`
    (the suite), `suite_name` (its name in the study) and `task` only label it; the rest is
    identity.

    `label` names a column of labels (sets with one call it `label`). `train_count` and
    `test_count` take prefixes of a permutation that `seed` decides; `None` takes all. `val`: a
    split for choices, of protocols that else hold out a part of train. `label_fraction` or
    `per_class` leave a part of the training labels, `draws` times. `metric` is the main one, by
    which a probe is chosen; unless stated accuracy, and mIoU for segment@1.
    `classes` takes the images of some classes alone, of every split; counts are then of these.
    A changed default gets a new protocol name, so a number never changes its meaning.
    `finetune@1` and `segment@1` train the whole encoder (spec.tuning): `epochs` is then the length
    of that training (None: as published), and `ignore` the value of a mask's unlabelled pixels.

    Protocols without labels read the images of `test` alone, which may be those pretrained on:
    `test: train` of that dataset with `test_count` at most N and `seed` equal to `data.seed` takes
    just images that a run on a `random` subset has seen. `data.seed` follows the run's seed where
    the study leaves it out: then one such evaluation per seed, with `where: {seed: [...]}`. An
    evaluation of another split, with the same count, shows beside it what is unseen.
    """

    name: str
    protocol: Protocol
    dataset: str
    label: str = "label"
    train: str = "train"
    val: str | None = None
    test: str = "test"
    train_count: int | None = Field(None, ge=2)
    test_count: int | None = Field(None, ge=2)
    size: int = Field(32, ge=8)
    fit: Literal["crop", "squash"] = "crop"
    seed: int = Field(0, ge=0)
    label_fraction: float | None = Field(None, gt=0, le=1)
    per_class: int | None = Field(None, ge=1)
    draws: int | None = Field(None, ge=1)
    metric: Metric | None = None
    epochs: int | None = Field(None, ge=1)
    ignore: int | None = Field(None, ge=0, le=255)
    classes: Classes | None = None
    group: str = ""
    part_of: str = ""
    suite_name: str = ""
    task: str = ""
    views: str | None = Field(None, description="recipe whose first view is drawn; None: symmetric")

    @model_validator(mode="after")
    def _views_are_known(self) -> "EvalSpec":
        if self.views is not None and self.protocol not in OF_VIEWS:
            raise ValueError(f"views does not apply to {self.protocol}, which makes none")
        if self.views is not None and self.views not in VIEW_RECIPES:
            near = nearest(self.views, VIEW_RECIPES)
            guess = f"; did you mean {near!r}?" if near else ""
            raise ValueError(f"no views {self.views!r}{guess} (allowed: {', '.join(VIEW_RECIPES)})")
        return self

    @model_validator(mode="after")
    def _a_task_is_of_a_suite(self) -> "EvalSpec":
        if len({self.part_of == "", self.suite_name == "", self.task == ""}) > 1:
            raise ValueError("part_of, suite_name and task go together; write suite: instead")
        return self

    @model_validator(mode="after")
    def _tested_on_other_images(self) -> "EvalSpec":
        if self.protocol not in LABEL_FREE and self.train == self.test:
            raise ValueError(
                f"train and test are both {self.train!r}; name two splits, or shares of one such "
                "as train[:80%] and train[80%:]"
            )
        if self.val is not None:
            if self.protocol != "vtab@1":
                raise ValueError(f"{self.protocol} holds out a part of train: val is of vtab@1")
            if self.val in (self.train, self.test):
                raise ValueError(f"val and another split are both {self.val!r}")
        return self

    @model_validator(mode="after")
    def _few_labels_make_sense(self) -> "EvalSpec":
        asked = self.label_fraction, self.per_class
        if asked == (None, None):
            if self.draws is not None:
                raise ValueError("draws are of label_fraction or per_class, and neither is stated")
            return self
        if None not in asked:
            raise ValueError("label_fraction and per_class are two ways of saying one thing")
        if self.protocol not in ("linear@1", "knn@1"):
            raise ValueError(f"{self.protocol} takes all labels; linear@1 and knn@1 take a share")
        if self.per_class == 1 and self.protocol == "linear@1":
            raise ValueError(
                "linear@1 holds out items to choose its strength: per_class from 2 up, or knn@1"
            )
        return self

    @model_validator(mode="after")
    def _what_applies(self) -> "EvalSpec":
        if self.epochs is not None and not self.tunes:
            raise ValueError(f"epochs applies to {' and '.join(TUNED)}, not to {self.protocol}")
        if self.ignore is not None and self.protocol != "segment@1":
            raise ValueError(f"ignore applies to the masks of segment@1, not to {self.protocol}")
        if self.classes is not None and self.tunes:
            raise ValueError(f"classes does not apply to {self.protocol}, which takes all images")
        if self.metric == "balanced_accuracy" and self.protocol == "segment@1":
            raise ValueError("segment@1 measures mIoU (the main one) and accuracy over pixels")
        return self

    @property
    def tunes(self) -> bool:
        """Whether the encoder itself is trained, and not only read."""
        return self.protocol in TUNED

    @property
    def few_labels(self) -> bool:
        """Whether only a part of the training labels is used, in several draws."""
        return self.label_fraction is not None or self.per_class is not None

    @property
    def main_metric(self) -> str:
        """What a probe is chosen by, a mean over tasks takes and a curve shows.

        mIoU for segment@1, whose pixel accuracy the largest class carries; else accuracy.
        """
        return self.metric or ("miou" if self.protocol == "segment@1" else "accuracy")

    @property
    def splits(self) -> tuple[str, ...]:
        """Every split that it may read."""
        return (self.train, *([self.val] if self.val else []), self.test)

    @cached_property
    def id(self) -> str:
        """12 hex digits over everything but the labels: names, group and suite."""
        labels = {"name", "group", "part_of", "suite_name", "task"}
        kept = self.model_dump(mode="json", exclude=labels, exclude_none=True)
        return versioned_digest("eval", kept, ())


class StudyEval(EvalSpec):
    """An evaluation in a study: when in training (`at`), and for which runs (`where`).

    One that is `optional` is left out, and said to be, where its data are not here.
    """

    at: tuple[Share, ...] = Field((1.0,), min_length=1, description="shares of the budget")
    where: dict[str, tuple[Any, ...]] = Field(default_factory=dict, description="axis -> values")
    optional: bool = False

    @cached_property
    def spec(self) -> EvalSpec:
        """The evaluation alone."""
        return EvalSpec.model_validate(self.model_dump(exclude={"at", "where", "optional"}))
