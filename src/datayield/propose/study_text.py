"""A proposal as the YAML of a study, with comments that say why, and what to change."""

from collections.abc import Iterator
from typing import Any

from datayield.propose.proposal import Proposal
from datayield.propose.setups import Setup
from datayield.propose.situation import LabelledData
from datayield.spec.evaluation import USUAL_PROBE, WITHOUT_LABELS
from datayield.spec.yaml_file import on_one_line

WEIGHTS_SIDE = 128  # px at which a published network reads images, whatever the runs' side
SPECTRUM_IMAGES = 1000  # of a measure without labels: enough for ranks of a few hundred


def study_text(proposal: Proposal, about: str = "") -> str:
    """The file. `about`: a line on where it comes from."""
    blocks = [
        _head(proposal, about),
        _base(proposal),
        _axes(proposal),
        _evaluations(proposal),
        _weights(proposal),
        _prices(),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _head(proposal: Proposal, about: str) -> Iterator[str]:
    situation = proposal.situation
    if about:
        yield f"# {about}"
    yield "# Everything here can be changed; docs/reference lists all keys. A changed value makes"
    yield "# new runs; finished runs are kept."
    yield f"study: {_scalar(situation.name)}"
    labels = situation.labels
    asked = "What improves the features of these images"
    if labels is not None:
        asked = f"What improves the recognition of {_task(labels)} most"
        yield f"question: {_scalar(f'{asked}: more unlabeled images, compute or labels?')}"
    else:
        yield f"question: {_scalar(f'{asked}: more images or more training?')}"


def _base(proposal: Proposal) -> Iterator[str]:
    situation, setup = proposal.situation, proposal.timing.setup
    images = situation.images
    data = {"dataset": images.dataset, "split": images.split, "size": setup.size}
    yield "base:"
    yield "  recipe: small  # views, heads and optimizer of each method: datayield ls recipes"
    yield f"  data: {on_one_line(data)}"
    yield "  # Small images and a small network: in the same time, many passes over few pixels"
    yield "  # decide more than few passes over many. Twice the size takes four times as long."
    yield f"  encoder: {on_one_line(_encoder(setup))}"
    yield f"  batch: {setup.batch}"
    yield f"  precision: {'bf16' if situation.bf16 else 'fp32'}"


def _axes(proposal: Proposal) -> Iterator[str]:
    grid, images = proposal.grid, proposal.situation.images.images
    yield "axes:"
    yield "  method: [simclr]  # others: datayield ls methods"
    counts: list[int | None] = [*grid.counts]
    why = f"{images:,} are usable, and more of them take more minutes"
    if counts[-1] == images:
        counts[-1] = None  # so that images may come and go
        why = f"null is all, {images:,} so far"
    yield f"  data.count: {on_one_line(counts)}  # unlabeled images; {why}"
    yield "  # Images presented in pretraining: the compute, whatever the number of images."
    yield f"  budget: {on_one_line([{'images': amount} for amount in grid.budgets])}"
    yield f"  seed: {on_one_line(list(range(grid.seeds)))}  # each more narrows every interval"


def _evaluations(proposal: Proposal) -> Iterator[str]:
    situation, setup = proposal.situation, proposal.timing.setup
    labels, images = situation.labels, situation.images
    yield "evaluations:"
    if labels is None:
        yield "  # No labels: how many dimensions the features use, and how alike two views of an"
        yield "  # image are. It shows whether training works, not what to buy: that takes labels,"
        yield f"  # and an evaluation by {USUAL_PROBE} (docs/tutorial/own-images.md)."
        entry: dict[str, Any] = {"name": "representation", "protocol": WITHOUT_LABELS}
        entry |= {"dataset": images.dataset, "test": images.split}
        if images.images > SPECTRUM_IMAGES:
            entry["test_count"] = SPECTRUM_IMAGES
        yield f"  - {on_one_line(entry | {'size': setup.size})}"
        return
    yield from _how_tested(labels)
    for name, entry in _entries(labels, proposal.grid.labels):
        yield f"  - {on_one_line({'name': name} | entry | {'size': setup.size})}"


def _how_tested(labels: LabelledData) -> Iterator[str]:
    """Comments on what is tested, by which images."""
    if labels.folds is not None:
        others = labels.folds - 1
        yield f"  # Each labelled image is tested once, by a classifier trained on {others} of the"
        yield f"  # {labels.folds} parts, those without it; copies of an image are in one part."
    if labels.overlap:
        yield f"  # The test split is not used: it shares {labels.overlap:,} images with train."
    if labels.shared:
        yield f"  # Pretraining sees {labels.shared:,} of the tested images too, without labels:"
        yield "  # right if the images to be recognised are those at hand; else keep some apart."
    if labels.grouped:
        yield f"  # Images of one {_plain(labels.grouped)} are in one part."
    elif labels.groups:
        column = labels.groups[0]
        yield f"  # If images of one {column} are alike, keep them in one part:"
        yield f'  # train: "{labels.train}[: by {column}]".'
    if labels.uneven is not None:
        yield f"  # {labels.uneven:.0%} of these images are of one class: each class counts alike."
    if labels.others:
        yield f"  # Other labels here: {', '.join(_plain(each) for each in labels.others)}."


def _entries(labels: LabelledData, steps: tuple[int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, entry) of the evaluation with each number of labels, of the last with all of them."""
    entry: dict[str, Any] = {"protocol": USUAL_PROBE, "dataset": labels.dataset}
    if labels.label != "label":
        entry["label"] = labels.label
    entry["train"] = labels.train
    if labels.uneven is not None:
        entry["metric"] = "balanced_accuracy"
    entry |= {"folds": labels.folds} if labels.folds is not None else {"test": labels.test}
    for count in steps[:-1]:
        yield f"{_task(labels)}, {count} labels", entry | {"train_count": count}
    yield f"{_task(labels)}, all labels" if steps else _task(labels), entry


def _task(labels: LabelledData) -> str:
    """What is recognised: the column of a table, or classes where there is only one kind."""
    return "classes" if labels.label == "label" else _plain(labels.label)


def _weights(proposal: Proposal) -> Iterator[str]:
    file = proposal.situation.weights
    if file is None:
        yield "# Are published weights better? Name a file of weights and its encoder"
        yield "# (docs/how-to/published-weights.md):"
        yield "# baselines:"
        yield "#   - weights: weights/NAME.safetensors  # beside this file, or in DATAYIELD_DATA"
        yield f"#     encoder: {{name: timm/NAME, size: {WEIGHTS_SIDE}}}"
        return
    encoder: dict[str, Any] = {"name": file.encoder, "size": WEIGHTS_SIDE}
    if file.normalise is not None:
        encoder["normalise"] = file.normalise
    yield "# Needs no training: this published encoder as it is, by the same evaluations."
    yield f"# It reads the images at {WEIGHTS_SIDE} px, since it was trained on large ones."
    yield "baselines:"
    yield f"  - weights: {_scalar(file.path)}"
    yield f"    encoder: {on_one_line(encoder)}"


def _prices() -> Iterator[str]:
    yield "# What things cost you: gains are then weighed against prices."
    yield "# prices: {image: 0.02, hour: 1.50, label: 0.10, currency: EUR}"
    yield "# spend: 100  # and the best use of this sum is looked for"


def _encoder(setup: Setup) -> dict[str, Any]:
    encoder: dict[str, Any] = {"name": setup.encoder, "size": setup.size}
    if setup.width is not None:
        return encoder | {"width": setup.width}
    return encoder | {"stem": "auto"}


def _plain(text: str) -> str:
    """A name of a user's column on one line of a comment or a label."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:40] or "label"


def _scalar(value: str) -> str:
    """A text, in quotes where YAML needs them."""
    return on_one_line([value])[1:-1]
