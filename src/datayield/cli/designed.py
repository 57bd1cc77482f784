"""What `init` says: the images, the study that was written, its time, and what it decides."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from datayield.spec.named_paths import pasteable
from datayield.spec.run import short_number

if TYPE_CHECKING:
    from rich.console import Console

    from datayield.data.survey import SurveyedSplit
    from datayield.first_study import FirstStudy
    from datayield.propose import Shortfall

SHOWN = 3  # names in a line: of kinds of files that are not used, of labels, of classes


def show(console: "Console", made: "FirstStudy", minutes: float) -> None:
    """What was found, what was written, how long it takes and what it decides, in a dozen lines."""
    for line in (
        *_found(made),
        *_written(made),
        *_time(made, minutes),
        *_decides(made),
        *_mixed_depth(made, minutes),
    ):
        # A line with a command is left to the terminal to wrap, so that it can be pasted.
        whole = isinstance(line, Text)
        console.print(line, highlight=False, markup=False, soft_wrap=whole)


def _found(made: "FirstStudy") -> Iterator[str | Text]:
    from datayield.analysis.format import plural
    from datayield.propose import shown_name

    survey, situation = made.survey, made.proposal.situation
    images = situation.images.dataset
    yield f"images: {shown_name(images)}, {_counted(survey.images)}, usual side {survey.side} px"
    yield from _not_used(images, [survey.images])
    probe, labels = survey.probe, situation.labels
    if probe is None or labels is None:
        yield "labels: none"
        return
    sizes = sorted(probe.classes.values())
    each = f"{sizes[0]:,}" if sizes[0] == sizes[-1] else f"{sizes[0]:,} to {sizes[-1]:,}"
    names = ", ".join(_some([*probe.classes], "other"))
    told = f"{probe.images:,} images of {len(sizes)} classes ({names}: {each} each)"
    folds = f"by {probe.folds} folds, each trained on {probe.train_items:,}"
    how = folds if probe.folds else f"on {probe.test_items:,} of them"
    yield f"labels: {shown_name(labels.dataset)}, {told}, tested {how}"
    if probe.ungrouped:
        some = plural(probe.ungrouped, "image")
        yield (
            f"  note: {some} without a {probe.grouped}: with all filled in, images of one "
            f"{probe.grouped} would be tested together"
        )
    elif probe.grouped:
        yield f"  images of one {probe.grouped} are tested together"
    if probe.uneven:
        name, share = probe.most_common
        yield f"  {share:.0%} are {name}: each class counts alike (balanced accuracy)"
    for split in survey.tested.values():
        content = split.listing.content
        yield from (f"  note: {note}" for note in (content.label_notes() if content else ()))
    if probe.others:
        others = ", ".join(_some(probe.others, "other"))
        yield (
            f"  label: {probe.column}; others: {others} (for one of them write "
            f"label: {probe.others[0]} in each evaluation)"
        )
    if labels.dataset != images:
        yield from _not_used(labels.dataset, survey.tested.values())


def _mixed_depth(made: "FirstStudy", minutes: float) -> Iterator[Text]:
    """A warning where folders at different depths are classes: it may be the folder above them."""
    from datayield.data.survey import class_folders

    probe, labels = made.survey.probe, made.proposal.situation.labels
    if probe is None or labels is None or not Path(labels.dataset).is_dir():
        return
    tested = made.survey.tested[probe.train.partition("[")[0]]
    folders = class_folders(tested, probe.label)
    depths = {name: name.count("/") for name in folders}
    if len({*depths.values()}) < 2:
        return
    high, low = min(depths, key=depths.__getitem__), max(depths, key=depths.__getitem__)
    top, above = low.partition("/")[0], Path(labels.dataset, folders[high].removesuffix(high))
    images, labelled = (pasteable(above / each) for each in (high, top))
    yield Text(
        f"warning: the classes {high} and {low} lie at different depths; if only {top} has "
        f"labels: datayield init {images} --labels {labelled} --minutes {minutes:g}"
    )


def _counted(split: "SurveyedSplit") -> str:
    images = f"{split.listing.images:,} images"
    copies = split.listing.images - split.distinct
    are = "is a copy" if copies == 1 else "are copies"
    return f"{images} ({copies:,} {are})" if copies else images


def _not_used(dataset: str, splits: Iterable["SurveyedSplit"]) -> Iterator[str | Text]:
    """How many files of a dataset are not used, by reason; nothing where all are."""
    from datayield.data.census import together

    told, splits = [], [*splits]
    if damaged := sum(split.damaged for split in splits):
        told.append(f"damaged files ({damaged:,})")
    notes = [
        of for split in splits for of in (split.source.census.skipped, split.source.census.ignored)
    ]
    told += [f"{why} ({noted.number:,})" for why, noted in together(*notes).items()]
    if told:
        yield f"  not used: {', '.join(_some(told, 'other kind'))}"
        yield Text(f"  all of them: datayield doctor --data {pasteable(dataset)}")


def _some(names: Sequence[str], rest: str) -> list[str]:
    """The first of some names, and how many others there are."""
    from datayield.analysis.format import plural

    more = len(names) - SHOWN
    return [*names[:SHOWN], *([f"and {plural(more, rest)}"] if more > 0 else [])]


def _written(made: "FirstStudy") -> Iterator[str]:
    from datayield.analysis.format import plural

    proposal = made.proposal
    setup, grid = proposal.timing.setup, proposal.grid
    sizes, budgets = len(grid.counts), len(grid.budgets)
    yield (
        f"study: {made.path}, {grid.runs} runs: "
        f"{plural(sizes, 'size')} x {plural(budgets, 'budget')} x {plural(grid.seeds, 'seed')}"
    )
    yield f"  images {_amounts(grid.counts)}; presented {_amounts(grid.budgets)}"
    if grid.labels:
        yield f"  labels {_amounts(grid.labels)}"
    wide = f" of width {setup.width}" if setup.width else ""
    speed = 1 / max(proposal.timing.image, 1e-9)
    yield (
        f"  {setup.encoder}{wide} at {setup.size} px: {speed:,.0f} images/s here, "
        f"{made.machine.jobs} at once"
    )
    yield "  small, so that many runs fit: compare gains, not scores, with those of a large model"
    if file := proposal.situation.weights:
        yield f"  compared with published weights: {Path(file.path).name}"


def _amounts(values: tuple[int, ...]) -> str:
    return ", ".join(short_number(value) for value in values)


def _time(made: "FirstStudy", minutes: float) -> Iterator[str]:
    from datayield.store.format import duration

    if (whole := made.seconds) is not None:
        yield (
            f"time: about {duration(whole.likely)} ({duration(whole.low)} to "
            f"{duration(whole.high)}) of the {minutes:g} min"
        )


def _decides(made: "FirstStudy") -> Iterator[str]:
    from datayield.analysis.planned_power import planned_power
    from datayield.report.terminal.power import power_words

    session = made.session
    powers = planned_power(session.study, session.cells, session.item_counts())
    for power in powers[-1:]:
        yield f"power: {power_words(power)}"
    for each in made.proposal.shortfalls:
        yield f"cannot decide: {_missing(each)}"


def _missing(of: "Shortfall") -> str:
    if of.lever == "images":
        return f"whether more images help: {of.needed:,} images are needed, {of.has:,} are here"
    if of.lever == "labels":
        return (
            f"whether more labels help: about {of.needed:,} labelled images are needed, "
            f"{of.has:,} are here"
        )
    return (
        f"what to buy: that takes labels, about {of.needed} images in a folder per class (--labels)"
    )
