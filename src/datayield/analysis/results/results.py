"""One measured value in the tidy table, and what a whole study's results are."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from datayield.spec.claims import Published
from datayield.spec.run import Budget, RunSpec
from datayield.spec.study import NamedAxes, Study, axes_label
from datayield.store.distances import DistanceRecord

Kind = Literal["run", "untrained", "pretrained", "pixels"]


class Row(NamedTuple):
    """One value of one metric of one subject at one share of its budget.

    A baseline (`untrained`, `pretrained`, `pixels`) has no method, data or budget: those fields
    are empty, None or 0.
    """

    run: str  # id of the run or baseline
    kind: Kind
    method: str
    encoder: str
    dataset: str  # pretrained on
    n: int  # unique pretraining images
    budget: Budget | None  # as the study states it
    images: int  # images presented over the whole run, by its budget
    share: float  # share of the budget spent when measured, 0 to 1
    axes: NamedAxes  # those that have no column of their own
    seed: int
    eval: str  # name of the evaluation in the study
    protocol: str  # linear@1, knn@1, spectrum@1, ...
    group: str
    metric: str  # accuracy, balanced_accuracy, miou, effective_rank, ...
    value: float
    n_test: int
    n_train: int = 0  # labelled items learned from, 0 where there are none
    low: float | None = None  # 95% interval of this one value over test items, where it is known
    high: float | None = None
    mean_of: tuple[str, ...] = ()  # evaluations, of a mean that a claim is about

    @property
    def budget_label(self) -> str:
        """ "100 epochs", "640k images"; "" of a baseline."""
        return self.budget.label() if self.budget else ""

    @property
    def axes_label(self) -> str:
        """ "key=value, key=value"; "" where there are no axes."""
        return axes_label(self.axes)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one finished run asked for, took, and was expected to take.

    All as if it had been alone; `shared_*` is the part that another run of its trunk had trained.
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
    data_wait: float  # share of the time spent waiting for images, 0 to 1
    peak_memory: int  # bytes
    device: str
    shared_images: int = 0
    shared_seconds: float = 0.0
    finished: float = 0.0  # Unix time


@dataclass(frozen=True, slots=True)
class StudyResults:
    """All that a report shows. `missing` names what the study still owes, in words."""

    study: Study
    rows: tuple[Row, ...]
    spent: tuple[Spent, ...]
    missing: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)  # python, torch, datayield, ...
    specs: dict[str, RunSpec] = field(default_factory=dict)  # by the run's id, as run
    # run id -> share -> training loss, for methods whose loss says how good a model is (LeJEPA)
    losses: dict[str, dict[float, float]] = field(default_factory=dict)
    reference: tuple[Published, ...] = ()  # what the paper of the study prints
    distances: tuple[DistanceRecord, ...] = ()  # all that are measured, of whatever sets
    # what analyses of these rows share, made on first use: `replace` begins anew with none of it
    derived: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
