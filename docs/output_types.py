"""What every `--json` prints, as types: those of the package where it has them, else stated here.

`docs/output_schemas.py` makes the JSON schemas from them, and `tests/docs/test_output_schemas.py`
validates what the commands really print.
"""

from typing import Annotated, Any, Literal, NotRequired, get_type_hints

from pydantic import Field
from typing_extensions import TypedDict  # which pydantic asks for before Python 3.12

from datayield.analysis.decision.encoder_choice import EncoderChoice
from datayield.analysis.evidence import Setting
from datayield.analysis.levers import Bought, FittedScore, GainOfMore
from datayield.data.catalog import Entry
from datayield.data.dataset_report import Alike, SharedImages
from datayield.data.decoded.arrays import Skipped
from datayield.pack import FileCheck, Rerun, Taken
from datayield.pack.rerun import ScoreAgain
from datayield.pick import PickedRow, PickPurpose, PickRule, PickTest
from datayield.pick.held_out import Difference90
from datayield.pick.task_images import Reason
from datayield.spec.study import Overrides
from datayield.store.cpu_settings import TrainRate
from datayield.store.distances import DistanceRecord
from datayield.store.estimate import TimeEstimate
from datayield.store.estimate_basis import EstimateBasis
from datayield.store.exported import Exported
from datayield.store.records import TrainingCheckRecord


def printed(of: type[Any], **more: Any) -> Any:
    """A named tuple as it is printed: an object with its fields, and `more` or other ones."""
    made = TypedDict(of.__name__, get_type_hints(of) | more)  # type: ignore[operator]
    made.__doc__ = of.__doc__
    return made


Version = Literal[1]
Probability = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[float, Field(description="points: hundredths of the score's range")]
Counts = dict[str, int]
At, Purchase, Seconds = printed(Setting), printed(Bought), printed(TimeEstimate)
Basis, Rate = printed(EstimateBasis), printed(TrainRate)
Shared, Copies = printed(SharedImages), printed(Alike)


class ErrorParts(TypedDict):
    """A refusal by its parts; each is empty where there is none."""

    message: str
    where: str
    got: str
    allowed: str
    nearest: str
    next: str


class TaskOutput(TypedDict):
    """A run or baseline of the plan."""

    id: str
    label: str
    state: Literal["done", "failed", "running", "partial", "evaluate", "missing"]
    why: str
    evaluations_owed: int
    images: Annotated[int, Field(description="still to be presented")]
    flops: float | None
    seconds: Seconds | None


class GainsOutput(TypedDict):
    """The smallest gain per doubling that can be seen, in points; null: none can be recommended."""

    images: float | None
    compute: float | None
    labels: float | None


class MoreSeedsOutput(GainsOutput):
    """The same with more seeds."""

    seeds: int


class MoreImagesOutput(GainsOutput):
    """The same with more test images."""

    test_images: int


class PowerOutput(TypedDict):
    """What an evaluation of the plan can decide."""

    task: str
    test_images: int
    seeds: int
    smallest_gain: GainsOutput
    with_more_seeds: MoreSeedsOutput
    with_more_test_images: MoreImagesOutput


class DiskOutput(TypedDict):
    """Bytes of decoded images and of checkpoints."""

    decoded: int | None
    store: int | None


class MeasuredOutput(TypedDict):
    """What `plan --measure` timed."""

    timed: int
    of: int
    seconds: float
    limit_seconds: float


class AtOnceOutput(TypedDict):
    """How many runs `run` does side by side, and the seconds until all are done."""

    jobs: int
    seconds: Seconds | None


class PlanOutput(TypedDict):
    """`datayield plan STUDY --json`: pending runs, and their cost."""

    schema_version: Version
    study: str
    overrides: Overrides
    tasks: list[TaskOutput]
    todo: int
    images: int
    images_taken_over: int
    flops: float | None
    seconds: Seconds | None
    basis: Basis
    at_once: AtOnceOutput
    power: list[PowerOutput]
    disk_bytes: DiskOutput
    warnings: list[str]
    refusals: list[ErrorParts]
    measured: MeasuredOutput | None


class ScoreOutput(TypedDict):
    """A score beside that of the untrained encoder."""

    eval: str
    metric: str
    value: float
    untrained: float
    error: float
    below: bool


class CollapseOutput(TypedDict):
    """A run that seems to have learned nothing."""

    run: str
    label: str
    signs: list[str]
    check: TrainingCheckRecord | None
    scores: list[ScoreOutput]


class StatusOutput(TypedDict):
    """`datayield status STUDY --json`: the states of all runs and baselines."""

    schema_version: Version
    study: str
    overrides: Overrides
    states: Counts
    tasks: list[TaskOutput]
    collapsed: list[CollapseOutput]


class Recommended(TypedDict):
    """The lever to buy next, or stop, or inconclusive."""

    lever: Literal["images", "compute", "labels", "views", "weights", "stop", "inconclusive"]
    probability: Probability
    nothing_worth_it: Probability
    regret: float | None
    reason: str


class FailedOutput(TypedDict):
    """A run that failed."""

    label: str
    message: str


class RunOutput(TypedDict):
    """`datayield run STUDY --json`, and `report` and `demo`: what was done and what it says."""

    schema_version: Version
    study: str
    overrides: Overrides
    did: int
    left: int
    failed: list[FailedOutput]
    collapsed: list[CollapseOutput]
    report: str | None
    recommendation: Recommended | None
    claims: Counts | None
    exit_code: int


class IndexRow(TypedDict):
    """A study with a report in the store."""

    name: str
    scale: str
    overrides: list[str]
    command: str
    question: str
    paper: str
    link: str
    done: int
    total: int
    share: int
    seconds: float
    time: str
    wall: str
    images: str
    devices: list[str]
    date: str
    answer: str
    verdicts: Counts
    old: bool


class IndexOutput(TypedDict):
    """`datayield index --json`: the reports of a store."""

    schema_version: Version
    studies: list[IndexRow]


class GainOutput(TypedDict):
    """A gain with its 90% interval."""

    gain: Points
    low: Points
    high: Points


LeverOutput = TypedDict(
    "LeverOutput",
    {
        "lever": str, "from": float, "to": float, "gain": Points, "low": Points, "high": Points,
        "cost": float | None, "probability": Probability, "with_compute": bool, "doubt": str | None,
        "name": NotRequired[str], "better": NotRequired[Probability],
        "equal_compute": GainOutput | None,
    },
)  # fmt: skip
LeverOutput.__doc__ = "A doubling of one lever, or the weights to start from."


class ForecastOutput(TypedDict):
    """The score expected at more of a lever."""

    lever: str
    to: float
    score: Points
    low: Points
    high: Points


class ExperimentOutput(TypedDict):
    """Runs that would decide, and the odds of the best choice that they are expected to give."""

    what: str
    setting: At
    runs: int
    hours: float | None
    probability: Probability | None
    test_images: int | None


class FittedOutput(TypedDict):
    """A score with its 90% interval."""

    score: Points
    low: Points
    high: Points


class CardOutput(TypedDict):
    """The answer for one task and method."""

    task: str
    method: str
    at: At
    score: FittedOutput | None
    recommendation: Recommended
    levers: list[LeverOutput]
    forecasts: list[ForecastOutput]
    would_decide: list[ExperimentOutput]
    unvaried: list[str]


class ForecastOf(ForecastOutput):
    """A forecast with its task and method."""

    task: str
    method: str


class ExperimentOf(ExperimentOutput):
    """Deciding runs with their task and method."""

    task: str
    method: str


class BackForecast(TypedDict):
    """A measured score, forecast without it."""

    hidden: str
    setting: At
    predicted: Points
    measured: Points


class BackDecision(TypedDict):
    """A choice made without the largest settings, against what these showed."""

    task: str
    method: str
    at: At
    choice: str
    probability: Probability
    gains: dict[str, float]
    regret: Points
    right: bool


class BackTestOutput(TypedDict):
    """How well the model would have forecast and decided before."""

    forecasts: list[BackForecast]
    decisions: list[BackDecision]
    summary: str


class OverSingle(GainOutput):
    """The gain of the plan over the best single lever."""

    probability: Probability | None


class BestPlanOutput(TypedDict):
    """The best plan for a sum of money; `buy` is null where none was found."""

    spend: float
    what: str
    not_considered: list[str]
    tasks_and_methods: int
    buy: list[Purchase] | None
    cost: NotRequired[float]
    setting: NotRequired[At]
    score: NotRequired[Points]
    low: NotRequired[Points]
    high: NotRequired[Points]
    gain: NotRequired[GainOutput]
    best_single: NotRequired[str | None]
    over_best_single: NotRequired[OverSingle]
    at_the_limit: NotRequired[list[str]]


class AnswerOutput(TypedDict):
    """`datayield answer --json`: what to buy next, of a table or a study."""

    schema_version: Version
    recommendation: Recommended
    levers: list[LeverOutput]
    currency: str
    best_plan: BestPlanOutput | None
    forecasts: list[ForecastOf]
    would_decide: list[ExperimentOf]
    back_test: BackTestOutput
    cards: list[CardOutput]
    notes: list[str]


class DistanceOutput(TypedDict):
    """`datayield distance --json`: every pair of the datasets."""

    schema_version: Version
    distances: list[DistanceRecord]


class NotedOutput(TypedDict):
    """Files or images of one kind: how many, and the first of them."""

    count: int
    examples: list[str]


class DamagedOutput(TypedDict):
    """Damaged images, or files with further pages: how many, and the first of them."""

    number: int
    examples: list[str]


class SplitOutput(TypedDict):
    """A split of a dataset."""

    split: str
    images: int
    distinct: int | None
    damaged: dict[str, DamagedOutput]
    further_pages: DamagedOutput
    classes: dict[str, Counts]
    label_notes: list[str]
    used: int
    skipped: dict[str, NotedOutput]
    ignored: dict[str, NotedOutput]
    merged: dict[str, NotedOutput]
    ambiguous: dict[str, NotedOutput]
    unlabelled: NotedOutput
    partly_labelled: Counts
    origins: dict[str, Counts]


class DatasetOutput(TypedDict):
    """A dataset and what its splits share."""

    dataset: str
    splits: list[SplitOutput]
    shared: list[Shared]
    near_copies: list[Copies] | None


class DatasetsOutput(TypedDict):
    """`datayield doctor --data DATASET --json`: files, classes and copies."""

    schema_version: Version
    datasets: list[DatasetOutput]


DeviceOutput = TypedDict(
    "DeviceOutput", {"chosen": str, "name": str, "bf16 in hardware": bool, "threads": int}
)
MachineOutput = TypedDict(
    "MachineOutput",
    {
        "versions": dict[str, str],
        "device": DeviceOutput,
        "folders": dict[str, str],
        "problems": list[str],
        "training, images per second": NotRequired[list[Rate]],
        "fastest here": NotRequired[dict[str, str]],
        "runs on this CPU": NotRequired[dict[str, str]],
    },
)
MachineOutput.__doc__ = "`datayield doctor --json`: this machine."


class StudyRow(TypedDict):
    """A study that ships with datayield."""

    study: str
    question: str


class MethodRow(TypedDict):
    """An objective, its cost relative to a supervised step, and its options with defaults."""

    method: str
    arXiv: str
    cost: float | None
    views: str
    knobs: dict[str, Any]


class RecipeRow(TypedDict):
    """A set of published recipes."""

    recipe: str
    epochs: int | None
    px: int
    source: str
    methods: str
    values: dict[str, Any]


EncoderRow = TypedDict(
    "EncoderRow",
    {"encoder": str, "at": str, "with": str, "parameters": str, "GMAC per view": str},
)


class ViewRow(TypedDict):
    """A view of a recipe."""

    recipe: str
    view: str
    values: str


class ProtocolRow(TypedDict):
    """An evaluation protocol."""

    protocol: str
    what: str


SuiteRow = TypedDict(
    "SuiteRow",
    {
        "suite": str, "group": str, "task": str, "classes": int, "test images": int, "data": str,
        "label rule": str, "oddity": str, "missing": str,
    },
)  # fmt: skip


class PerImage(TypedDict):
    """What a kept image took."""

    seconds: float
    bytes: float


class ImagePrice(TypedDict):
    """The price of an image, as `prices` of a study takes it."""

    image: float


class CollectionOutput(TypedDict):
    """`datayield collect web|synthetic --json`: what a collection holds, and what was done now."""

    schema_version: Version
    folder: str
    asked: int
    kept: int
    pending: int
    fates: Counts
    sources: Counts
    licenses: Counts
    seconds: float
    bytes: int
    per_kept_image: PerImage | None
    prices: ImagePrice | None
    did: int
    corrected: int
    exit_code: int


class WebPlanOutput(TypedDict):
    """`datayield collect web --dry-run --json`: what a list asks for now."""

    schema_version: Version
    addresses: int
    repeated: int
    blank: int
    contradicted: int
    tried: int
    corrected: int
    pending: int
    hosts: Counts
    classes: Counts
    licenses: Counts
    least_seconds: float


class SyntheticPlanOutput(TypedDict):
    """`datayield collect synthetic --dry-run --json`: what prompts ask for now."""

    schema_version: Version
    images: int
    blank: int
    tried: int
    corrected: int
    pending: int
    prompts: Counts
    classes: Counts


class PackOutput(TypedDict):
    """`datayield pack --json`: the pack that was written."""

    schema_version: Version
    pack: str
    sha256: str
    bytes: int
    study: str
    scale: str | None
    done: int
    total: int
    files: int


FILE_CHECK = printed(FileCheck, equal=bool)


class PackVersions(TypedDict):
    """Versions of datayield and its libraries."""

    packed: dict[str, str]
    here: dict[str, str]


UnpackOutput = printed(Taken, schema_version=Version, pack=str, store=str)
SCORE_AGAIN = printed(ScoreAgain, within=bool)
VERDICT = Literal["equal", "within the seeds", "different"]
RERUN = printed(Rerun, scores=list[SCORE_AGAIN], verdict=VERDICT)  # type: ignore[valid-type]


class VerifyOutput(TypedDict):
    """`datayield verify --json`: what of a pack can be made again from its records."""

    schema_version: Version
    pack: str
    sha256: str
    study: str
    scale: str | None
    done: int
    total: int
    versions: PackVersions
    records: int
    files: list[FILE_CHECK]  # type: ignore[valid-type]
    not_compared: str
    equal: bool
    again: RERUN | None
    exit_code: int


EXPORTED = {name: field.annotation for name, field in Exported.model_fields.items()}
CHOICE = printed(EncoderChoice)
ExportOutput = TypedDict(  # type: ignore[operator]
    "ExportOutput", EXPORTED | {"folder": str, "written": bool, "choice": CHOICE | None}
)
ExportOutput.__doc__ = "`datayield export --json`: the encoder that was exported."


class EmbedOutput(TypedDict):
    """`datayield embed --json`: the table of features."""

    schema_version: Version
    table: str
    images: int
    new: int
    features: int
    skipped: list[printed(Skipped)]  # type: ignore[misc]
    notes: list[str]
    run: str
    share: float


class PickOutput(TypedDict):
    """`datayield pick --json`: images to label or to collect next, and what is expected of them."""

    schema_version: Version
    purpose: PickPurpose
    count: int
    pool: str
    split: str | None
    by: PickRule
    run: str
    share: float
    task: str
    labelled: int
    listed: int
    candidates: int
    left_out: dict[Reason, int]
    notes: list[str]
    expected: printed(GainOfMore, gain=printed(FittedScore) | None)  # type: ignore[valid-type]
    test: (  # type: ignore[valid-type]
        printed(
            PickTest,
            difference=printed(Difference90),
            verdict=Literal["better", "no different", "worse"],
        )
        | None
    )
    table: str | None
    images: list[printed(PickedRow)]  # type: ignore[misc]


# Command, with the option or argument on which its output depends -> what it prints.
OUTPUTS: dict[str, Any] = {
    "plan": PlanOutput,
    "run": RunOutput,
    "demo": RunOutput,
    "report": RunOutput,
    "status": StatusOutput,
    "index": IndexOutput,
    "answer": AnswerOutput,
    "pack": PackOutput,
    "verify": VerifyOutput,
    "unpack": UnpackOutput,
    "export": ExportOutput,
    "embed": EmbedOutput,
    "pick": PickOutput,
    "distance": DistanceOutput,
    "ls studies": list[StudyRow],
    "ls methods": list[MethodRow],
    "ls recipes": list[RecipeRow],
    "ls encoders": list[EncoderRow],
    "ls views": list[ViewRow],
    "ls datasets": list[Entry],
    "ls tasks": list[SuiteRow],
    "ls protocols": list[ProtocolRow],
    "doctor": MachineOutput,
    "doctor --data": DatasetsOutput,
    "collect web": CollectionOutput,
    "collect synthetic": CollectionOutput,
    "collect web --dry-run": WebPlanOutput,
    "collect synthetic --dry-run": SyntheticPlanOutput,
}
