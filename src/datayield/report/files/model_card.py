"""The model card of an exported encoder: what it is, how to load it, what it was made from."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from datayield.analysis.decision import EncoderChoice
from datayield.analysis.format import count, method_name, metric_name
from datayield.analysis.levers import Answer
from datayield.analysis.text.encoder import chosen_by, score_words, share_words
from datayield.analysis.text.recommendation import advice, reason
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import WEIGHTS_NAME, RunSpec, WeightsFile, dataset_name
from datayield.spec.study import Study
from datayield.store.exported import Exported
from datayield.store.format import duration
from datayield.store.records import ResultRecord, RunCostRecord

ORIGINS = {"source": "Sources", "license": "Licences"}
TASKS = {"miou": "image-segmentation"}  # of the hub, by metric; else a classification


class CardFacts(NamedTuple):
    """What a card tells besides the files: the run, its images, its score, and the study."""

    name: str  # of the repository or the folder
    study: Study
    spec: RunSpec
    share: float
    cost: RunCostRecord | None  # None: unfinished
    evaluation: EvalSpec | None
    result: ResultRecord | None
    choice: EncoderChoice | None  # None: the run was named
    origins: Mapping[str, Mapping[str, int]]  # of its images: source, license -> which -> images
    answer: Answer  # what the study recommends


def model_card(of: CardFacts, record: Exported, snippet: tuple[str, ...], own: str) -> str:
    """README.md with the metadata of Hugging Face's cards.

    `snippet` loads the files; `own`: the class in modeling.py, empty if timm has the network.
    """
    front = yaml.safe_dump(_metadata(of, record), sort_keys=False, allow_unicode=True)
    name = of.name.rpartition("/")[2]
    parts = [
        f"---\n{front}---",
        f"# {name}",
        _what(of, record),
        _loading(record, snippet),
        *_training(of),
        *_images(of),
        *_evaluation(of),
        _study(of),
        _files(record, own),
    ]
    return "\n\n".join(parts) + "\n"


def _metadata(of: CardFacts, record: Exported) -> dict[str, Any]:
    tags = ["self-supervised-learning", "datayield", of.spec.method.name]
    front: dict[str, Any] = {
        "library_name": "timm" if record.timm_loads else "pytorch",
        "pipeline_tag": "image-feature-extraction",
        "tags": [*(["timm"] if record.timm_loads else []), *tags],
    }
    ev, result = of.evaluation, of.result
    if ev is None or result is None or ev.main_metric not in result.metrics:
        return front
    metric = ev.main_metric
    scored = {
        "task": {"type": TASKS.get(metric, "image-classification")},
        "dataset": {"name": dataset_name(ev.dataset), "type": dataset_name(ev.dataset)},
        "metrics": [
            {
                "type": metric,
                "value": round(result.metrics[metric], 4),
                "name": f"{ev.protocol} {metric_name(metric)}",
            }
        ],
    }
    model = {"name": of.name.rpartition("/")[2], "results": [scored]}
    return front | {"model-index": [model]}


def _what(of: CardFacts, record: Exported) -> str:
    method, encoder = of.spec.method, of.spec.encoder
    paper = (
        f" ([arXiv {method.paper}](https://arxiv.org/abs/{method.paper}))" if method.paper else ""
    )
    return (
        f"An image encoder ({encoder.name}, {count(record.parameters)} parameters, "
        f"{count(record.features)} features) pretrained with {method_name(method.name)}{paper} on "
        f"{count(of.spec.data.count or 0)} images. It has no classifier: it maps an image to "
        "features. Trained and exported by datayield, run "
        f"`{record.run}` at {share_words(record.share)}."
    )


def _loading(record: Exported, snippet: tuple[str, ...]) -> str:
    seen = record.preprocessing
    resized = "both sides are" if seen.fit == "squash" else "the shorter side is"
    cropped = seen.fit == "crop" or seen.side != seen.size
    crop = f", of which the central {seen.size} x {seen.size} px are used," if cropped else ""
    mean, std = (", ".join(f"{v:g}" for v in values) for values in (seen.mean, seen.std))
    parts = [
        "## Load it",
        "In this folder:",
        "\n".join(["```python", *snippet, "```"]),
        f"`model(transform(image)[None])` gives the [1, {record.features}] features of a Pillow "
        "image in RGB.",
        f"Images are resized so that {resized} {seen.side} px (bicubic, antialiased){crop} and "
        f"normalised by mean {mean} and deviation {std} of pixels in [0, 1].",
        "The network that these lines build was compared with the run's encoder when it was "
        f"exported: on the same pixels, features differ by at most {record.difference:.1e} of the "
        "largest. Features of large photographs differ by some percent from those that were "
        "evaluated: datayield decodes a JPEG of more than twice the side at a reduced size, and "
        "resizes only the part that it keeps. `datayield embed` and `datayield.load_encoder` read "
        "files as they were evaluated.",
    ]
    if record.hub and record.timm_loads:
        parts.append(
            f"Once uploaded, `hf-hub:{record.hub}` in place of `local-dir:.` loads it from the hub."
        )
    return "\n\n".join(parts)


def _training(of: CardFacts) -> list[str]:
    spec, n = of.spec, of.spec.data.count or 0
    presented = round(of.share * spec.images)
    rows = [
        ("method", method_name(spec.method.name)),
        ("images", count(n)),
        ("images presented", count(presented)),
        *([("passes per image", f"{presented / n:.3g}")] if n else []),
        ("views of each", str(spec.view_count)),
        ("batch size", count(spec.batch)),
        ("optimizer", f"{spec.optim.name}, learning rate {spec.optim.lr:g}"),
        ("precision", spec.precision),
        ("seed", str(spec.seed)),
        ("started from", _start(spec)),
    ]
    if of.cost is not None and of.share == 1:
        rows.append(("time", f"{duration(of.cost.seconds)} on {of.cost.device}"))
    return ["## Training", _table(rows)]


def _start(spec: RunSpec) -> str:
    if isinstance(spec.init, WeightsFile):
        return f"the weights {spec.init.name} (sha256 {spec.init.sha256 or 'unknown'})"
    if spec.before is not None:
        return f"run `{spec.before.id}` ({method_name(spec.before.method.name)})"
    return "timm's published weights" if spec.init == "pretrained" else "random weights"


def _images(of: CardFacts) -> list[str]:
    rows = [
        (part.words, f"{count(part.count or 0)} of split `{part.split}`, digest "
         f"`{part.fingerprint or 'unknown'}`")
        for _, part in of.spec.data.members
    ]  # fmt: skip
    origins = [
        f"{ORIGINS.get(kind, kind)}: "
        + ", ".join(f"{which} ({count(n)})" for which, n in counts.items())
        + "."
        for kind, counts in of.origins.items()
    ]
    unknown = (
        "Nothing that datayield read states the sources or the licence of these images. State them "
        "here, and a `license` above, before you share the weights."
    )
    told = [" ".join(origins) or unknown]
    if of.cost is not None:
        told.append(
            f"Digest of the decoded pixels: `{of.cost.data_digest}`, of the selection and its "
            f"order: `{of.cost.indices_digest}`."
        )
    return ["## Pretraining images", _table(rows, ("dataset", "images")), *told]


def _evaluation(of: CardFacts) -> list[str]:
    why = (
        f"Chosen as {_small(chosen_by(of.choice))}"
        if of.choice
        else "This checkpoint was named by whoever exported it, not chosen by a score."
    )
    ev, result = of.evaluation, of.result
    if ev is None or result is None or ev.main_metric not in result.metrics:
        return ["## Evaluation", "No score of this checkpoint was measured.", why]
    metric = ev.main_metric
    low, high = result.intervals.get(metric, (None, None))
    score = score_words(metric, result.metrics[metric], low, high)
    rows = [
        ("task", f"{ev.name} ({dataset_name(ev.dataset)}, label `{ev.label}`)"),
        ("protocol", f"`{ev.protocol}`: {ev.traits.summary}"),
        ("score", f"{score}, over {count(result.n_test)} test images"),
        *([("labelled images", count(result.n_train))] if result.n_train else []),
    ]
    return ["## Evaluation", _table(rows), why]


def _small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _study(of: CardFacts) -> str:
    study = of.study
    scale = f" at scale {study.scale}" if study.scale else ""
    question = f" asks: *{study.question}*" if study.question else ""
    return (
        f"## The study\n\nThe study `{study.study}`{scale}{question}\n\n{advice(of.answer)}. "
        f"{reason(of.answer)}"
    )


def _files(record: Exported, own: str) -> str:
    rows = [
        (f"`{WEIGHTS_NAME}`", f"the weights, sha256 `{record.sha256}`"),
        ("`config.json`", "architecture and preprocessing, in the layout of timm's hub files"),
    ]
    if own:
        rows.append(("`modeling.py`", f"the network, `{own}`, which no library has (Apache-2.0)"))
    if record.onnx_difference is not None:
        rows.append(
            (
                "`model.onnx`",
                "the network for ONNX Runtime; its features differ by at most "
                f"{record.onnx_difference:.1e} of the largest",
            )
        )
    rows.append(("`datayield.json`", "run, encoder and checks, for datayield"))
    return f"## Files\n\n{_table(rows, ('file', 'content'))}"


def _table(rows: list[tuple[str, str]], head: tuple[str, str] = ("", "")) -> str:
    lines = [head, ("---", "---"), *rows]
    return "\n".join(f"| {a} | {b.replace('|', chr(92) + '|')} |" for a, b in lines)
