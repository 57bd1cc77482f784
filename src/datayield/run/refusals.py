"""What `run` would refuse, known from listings and labels: asked by `plan` and `run` alike.

Decodes nothing, downloads nothing and needs no torch. What only decoding tells (damaged images,
empty masks) is checked by `run.preflight`, before any training, by the same conditions.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from datayield.data.catalog import Look
from datayield.data.evaluated import read_splits
from datayield.data.requirements import examined
from datayield.data.selection import Indices, check_apart, drawn_from, indices
from datayield.data.source import Source
from datayield.data.sources.webdataset import WebDataset
from datayield.data.supervised_labels import check_supervised
from datayield.run.curation_notes import curation_notes, curation_refusals
from datayield.run.device_names import device_refusals, runs_elsewhere
from datayield.run.encoder_names import encoder_notes, encoder_refusals
from datayield.run.free_disk import disk_refusals
from datayield.run.network_sizes import size_refusals
from datayield.run.weights_files import weights_refusals
from datayield.spec.errors import DataError, DatayieldError
from datayield.spec.run import Mixture, RunSpec
from datayield.store.folders import Store
from datayield.store.plan import Plan

SAMPLES = 200_000  # of tar shards, whose labels are files: to read more takes minutes


class Readiness(NamedTuple):
    """What keeps a plan from running, and what a person should know before it runs."""

    refusals: tuple[DatayieldError, ...]
    notes: tuple[str, ...]


def readiness(
    plan: Plan,
    store: Store,
    missing: Sequence[DatayieldError],
    look: Look,
    device: str = "auto",
) -> Readiness:
    """Check the pending tasks of a plan; `missing` is what is known already. Nothing if done."""
    if not plan.todo:
        return Readiness((), ())
    refusals, notes = list(missing), list[str]()
    for ev in {ev.id: ev for task in plan.todo for _, ev in task.pending}.values():
        try:
            splits = {split: look(ev.dataset, split) for split in read_splits(ev)}
            if late := [split for split, source in splits.items() if _labels_come_late(source)]:
                notes.append(f"{ev.name}: the labels of {', '.join(late)} are checked only by run")
                continue
            of = examined(ev, splits)
            refusals += of.refusals
            notes += of.notes
        except DataError as error:
            refusals.append(error)
    training = [
        task.spec for task in plan.todo if isinstance(task.spec, RunSpec) and task.share_left > 0
    ]
    refusals += [*_of_runs(training, look), *curation_refusals(training)]
    unknown = [*encoder_refusals(plan)]
    refusals += unknown or size_refusals(plan)
    notes += encoder_notes(plan)
    unfit, told = weights_refusals(plan)
    refusals += unfit
    notes += told
    notes += () if missing else curation_notes(training, look)  # their data were found
    absent = [*device_refusals(device)]
    if absent and runs_elsewhere():
        notes += [f"{error.message}; --executor decides where runs are trained" for error in absent]
    else:
        refusals += absent
    if not refusals:
        refusals += disk_refusals(plan, store, look)
    return Readiness(tuple(refusals), tuple(dict.fromkeys(notes)))


def _labels_come_late(source: Source) -> bool:
    """Whether labels are not there yet, or take minutes to read."""
    whole = getattr(source, "whole", source)
    if not getattr(whole, "fetched", True):
        return True
    return isinstance(whole, WebDataset) and len(whole) > SAMPLES


def _of_runs(runs: Iterable[RunSpec], look: Look) -> list[DatayieldError]:
    """Labels of supervised runs, and mixtures whose parts share images."""
    errors: list[DatayieldError] = []
    for data in dict.fromkeys(run.data for run in runs if isinstance(run.data, Mixture)):
        try:
            _check_mixture(data, look)
        except DataError as error:
            errors.append(error)
    labelled = {(run.data, run.method): run for run in runs if run.label is not None}
    for run in labelled.values():
        ((_, part),) = run.data.members
        try:
            source = look(part.dataset, part.split)
            if not _labels_come_late(source):
                check_supervised(run, source)
        except DataError as error:
            errors.append(error)
    return errors


def _check_mixture(data: Mixture, look: Look) -> None:
    taken: dict[tuple[str, str], dict[str, Indices]] = {}
    for name, part in data.members:
        source = look(part.dataset, part.split)
        if _labels_come_late(source):
            return
        where = f"data.parts.{name}"
        if part.select is not None:  # only features tell which it takes: see `draw_images`
            continue
        of = drawn_from(part, source.labels, source.classes, where)
        chosen = indices(part, len(source), of=of, where=where)
        taken.setdefault((part.dataset, part.split), {})[name] = chosen
    for (dataset, split), parts in taken.items():
        if len(parts) > 1:
            check_apart(f"{dataset!r} split {split!r}", parts)
