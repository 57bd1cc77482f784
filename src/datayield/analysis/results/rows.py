"""One measured value in the tidy table, and the cost of one finished run."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from datayield.spec.run import Budget
from datayield.spec.study import NamedAxes, axes_label
from datayield.store.collapse import CollapseSign

RowKind = Literal["run", "untrained", "pretrained", "weights", "pixels"]


class Row(NamedTuple):
    """One value of one metric of one subject at one fraction of its budget.

    A baseline (`untrained`, `pretrained`, `weights`, `pixels`) has no method, data or budget: those
    fields are empty, None or 0. Of `weights` the encoder is what the file is called.
    """

    run: str  # id of the run or baseline
    kind: RowKind
    method: str
    encoder: str
    dataset: str  # pretrained on
    n: int  # unique pretraining images
    budget: Budget | None  # as the study states it
    images: int  # images presented over the whole run, by its budget
    share: float  # fraction of the budget spent when measured, 0 to 1
    axes: NamedAxes  # those that have no column of their own
    seed: int
    eval: str  # name of the evaluation in the study
    protocol: str  # linear@1, knn@1, spectrum@1, ...
    group: str
    metric: str  # accuracy, balanced_accuracy, miou, effective_rank, ...
    value: float
    n_test: int
    n_train: int = 0  # labelled items used for training, 0 if there are none
    low: float | None = None  # 95% interval of this value over test items, if known
    high: float | None = None
    distinct: int = 0  # unique images without exact copies, 0 if unknown
    collapsed: bool = False  # the run seems to have learned nothing: see `store.collapse`
    mean_of: tuple[tuple[str, str], ...] = ()  # (evaluation, metric), of a mean for a claim

    @property
    def budget_label(self) -> str:
        """ "100 epochs", "640k images"; "" of a baseline."""
        return self.budget.label() if self.budget else ""

    @property
    def axes_label(self) -> str:
        """ "key=value, key=value"; "" where there are no axes."""
        return axes_label(self.axes)


@dataclass(frozen=True, slots=True)
class RunCost:
    """What one finished run requested, took, and was expected to take.

    Totals include `shared_*`, the part that another run of its trunk had trained.
    """

    run: str
    label: str  # "simclr, n=1000, 640k images, seed 0"
    images_asked: int
    images: int
    views: int
    flops: float | None
    seconds: float
    estimate_seconds: float | None
    images_per_second: float
    data_wait: float  # fraction of the time spent waiting for images, 0 to 1
    peak_memory: int  # bytes
    device: str
    shared_images: int = 0
    shared_seconds: float = 0.0
    finished: float = 0.0  # Unix time
    effective_rank: float | None = None  # of a few pretraining images, after training
    untrained_rank: float | None = None  # of the same images, in the untrained encoder
    weight_growth: float | None = None  # a factor, from the untrained encoder's
    loss_change: float | None = None  # relative, over the second half of training
    signs: tuple[CollapseSign, ...] = ()  # that it learned nothing
