"""Before any task starts: decode images, compute features, and reject what is known to fail.

What listings and labels tell was refused before, by `run.refusals`: here the same conditions hold
for the images that could be decoded.
"""

from contextlib import suppress

from datayield.data.content import known_undecodable
from datayield.data.evaluated import read_splits
from datayield.data.requirements import examined
from datayield.nets.encoder import build
from datayield.run.curation import keep_features
from datayield.run.curation_notes import still_to_choose
from datayield.run.decoded_splits import arrays_of, forget_decoded
from datayield.run.progress import Display
from datayield.run.training_data import (
    check_classes,
    decoded_of,
    draw_images,
    measure_sets,
    splits_read,
)
from datayield.spec.errors import DataError, DatayieldError, StalePlanError, refused
from datayield.spec.run import RunSpec, Stage, dataset_name
from datayield.store.plan import Plan


def preflight(plan: Plan, display: Display) -> None:
    """Decode every split that the tasks read; check encoders and labels. Raises DatayieldError.

    StalePlanError if damaged images were found that the plan did not know of, or files changed
    after it was made: subsets then hold other images, and runs have other ids.
    """
    known = known_undecodable()
    _decode(plan, display)
    if known_undecodable() > known:
        forget_decoded()
        raise StalePlanError(
            "damaged images were found, which the plan had counted",
            hint="make the plan again: the same command does",
        )
    try:
        _choose(plan, display)
        _check(plan, display)
    except StalePlanError:
        forget_decoded()
        raise


def _decode(plan: Plan, display: Display) -> None:
    """Decode every split that the tasks read, before any of them starts."""
    for dataset, split, size, fit, fly in dict.fromkeys(
        s for t in plan.todo for s in splits_read(t)
    ):
        what = f"decoding {dataset_name(dataset)} {split} at {size} px"
        with display.images(what) as progress:
            arrays = arrays_of(dataset, split, size, fit, progress, fly)
        for note in arrays.notes():
            display.say(f"{dataset_name(dataset)} {split}: {note}")


def _choose(plan: Plan, display: Display) -> None:
    """Choose images by their features: minutes for a large pool, so not without progress."""
    training = (task.spec for task in plan.todo if task.share_left > 0)
    choosing = still_to_choose(spec for spec in training if isinstance(spec, RunSpec))
    for part in choosing:
        assert part.select is not None
        for dataset, split, size, fit in part.compared:
            arrays = arrays_of(dataset, split, size, fit, on_the_fly=True)
            what = f"features of {dataset_name(dataset)} {split} at {size} px"
            with display.images(what) as progress:
                keep_features(arrays, part.select.features, size, progress)
    with display.images("choosing images by their features", "sets") as progress:
        for at, part in enumerate(choosing):
            progress(at, len(choosing))
            with suppress(DataError):  # `_check` meets it again, with all others
                draw_images(part)


def _check(plan: Plan, display: Display) -> None:
    """Reject encoders and labels that are known to fail, before hours are spent."""
    errors: list[DatayieldError] = []
    for task in plan.todo:
        if isinstance(task.spec, RunSpec) and task.share_left > 0:
            start = None if isinstance(task.spec.init, Stage) else task.spec.init
            if start is not None or task.spec.encoder.timm_name:
                build(task.spec.encoder, 0, start)
            try:
                draw_images(task.spec.data)
                check_classes(task.spec)
            except DataError as error:
                errors.append(error)
    for ev in {ev.id: ev for task in plan.todo for _, ev in task.pending}.values():
        splits = decoded_of(ev)
        errors += examined(ev, {split: splits[split] for split in read_splits(ev)}).refusals
    if errors:
        raise refused(errors)
    if any(task.share_left > 0 for task in plan.todo):
        runs = (task.spec for task in plan.tasks if isinstance(task.spec, RunSpec))
        with display.images("measuring how diverse the images are", "sets") as progress:
            measure_sets(runs, progress)
