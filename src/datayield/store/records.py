"""Records of finished work: the compute spent and the values measured."""

from typing import Any

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from datayield.spec.frozen import Frozen
from datayield.store.cpu_settings import USUAL, Layout


class Shared(Frozen):
    """The first part of a run, trained by another run of its trunk."""

    run: str = Field(description="the run that initialized it")
    images: int
    seconds: float


class RunCostRecord(Frozen):
    """What one pretraining requested and took. Seconds cover training only, no evaluation.

    All counts are for the complete run; what it reused from another run, and so did not spend, is
    in `shared`.
    """

    images_asked: int
    images: int = Field(description="presented: steps x batch")
    views: int
    steps: int
    flops: float | None = Field(description="computed by spec.run.cost")
    seconds: float
    wait_seconds: float = Field(description="time spent waiting for images")
    view_seconds: float = Field(description="time spent making views (on the device, in the loop)")
    peak_memory: int = Field(description="bytes: of the device, or of the process on CPU")
    device: str
    threads: int
    layout: Layout = Field(USUAL, description="of images and weights in memory")
    processes: int = Field(
        1, description="processes sharing each global batch; the counts above are totals"
    )
    stacked: int = Field(
        1, description="runs trained as one batched network; seconds are this run's share"
    )
    compiled: bool = Field(
        False, description="whole loss by torch.compile (DATAYIELD_COMPILE), up to the last step"
    )
    resumed: int = Field(0, description="number of times it was resumed")
    final_loss: float
    weights: str = Field(description="SHA-256 of everything trained, at the last step")
    data_digest: str = Field(description="of the images' contents and how they were decoded")
    indices_digest: str = Field(description="of the subset's images and their order")
    skipped: int = Field(0, description="corrupt images of the split that were skipped")
    distinct: int | None = Field(None, description="images of the subset without exact copies")
    speed_key: str
    versions: dict[str, str]
    estimate: tuple[float, float, float] | None = Field(
        None, description="seconds expected before it started: low, likely, high"
    )
    shared: Shared | None = None
    finished: float = Field(description="Unix time")


@dataclass(frozen=True, slots=True, config={"strict": True, "extra": "ignore"})
class Spent:
    """What tables and the page tell of a `RunCostRecord`: a third of its memory."""

    images_asked: int
    images: int
    views: int
    flops: float | None
    seconds: float
    wait_seconds: float
    peak_memory: int
    device: str
    distinct: int | None
    versions: dict[str, str]
    estimate: tuple[float, float, float] | None
    shared: Shared | None
    finished: float


SPENT = TypeAdapter(Spent)


class FeatureSpread(Frozen):
    """How many dimensions some features fill, and how far apart they are (`maths.spectrum`)."""

    rank: float = Field(description="effective rank, centred; 0 if all features are equal")
    std: float = Field(description="feature_std: 0 if all features point the same way")


class TrainingCheckRecord(Frozen):
    """Features of a few pretraining images after training, and those of the untrained encoder.

    None in place of what is not finite. What it means: `store.collapse`.
    """

    images: int
    trained: FeatureSpread | None
    untrained: FeatureSpread | None
    growth: float | None = Field(
        description="of the encoder's weights (root mean square), as a factor"
    )
    loss_change: float | None = Field(
        description="range of the loss in the second half of training, relative to the largest; "
        "None if too few steps were logged"
    )
    supervised: bool = Field(description="trained with labels: K classes need K - 1 dimensions")


class ResultRecord(Frozen):
    """The metrics of one evaluation of one run at one fraction of its budget."""

    run: str
    share: float
    eval_id: str
    eval: dict[str, Any]
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]] = Field(default_factory=dict)
    n_train: int
    n_test: int
    notes: tuple[str, ...] = ()
    seconds: float
    data_digests: tuple[str, ...]
    versions: dict[str, str]
    finished: float


@dataclass(frozen=True, slots=True, config={"strict": True, "extra": "ignore"})
class Measured:
    """What tables and the page tell of a `ResultRecord`: hundreds of thousands are in memory."""

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    n_train: int
    n_test: int


MEASURED = TypeAdapter(Measured)


class ProgressRecord(Frozen):
    """How far an unfinished pretraining is."""

    step: int = Field(ge=0)
    steps: int = Field(gt=0)
    stack: tuple[str, ...] = Field((), description="runs trained as one network, by their places")


class FailureRecord(Frozen):
    """Why the last attempt at a task failed."""

    message: str
    time: float
    traceback: str
    diverged: bool = Field(False, description="the loss was no longer finite")
