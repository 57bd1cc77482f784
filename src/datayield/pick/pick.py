"""Choose images of a pool for a study: to be labelled for its task, or added to its images."""

from typing import NamedTuple

import numpy as np

from datayield.analysis.levers import GainOfMore, gain_of_more, tasks_of
from datayield.data.decoded import Arrays
from datayield.encoders import StudyEncoder, images_of
from datayield.evals.classifier import Classifier, FeatureTable, fit_classifier, margins
from datayield.pick.candidates import Candidates, NearCopies, candidates, left_out_words
from datayield.pick.held_out import PickTest, try_collecting, try_labelling
from datayield.pick.rules import (
    OrderedRows,
    PickPurpose,
    PickRule,
    in_main_axes,
    nearest,
    to_collect,
    to_label,
)
from datayield.pick.table import PickedRow
from datayield.pick.task_images import (
    Extractor,
    Reason,
    Show,
    TaskImages,
    known_images,
    names_of,
    owned_features,
    task_images,
)
from datayield.run.export import frozen_run
from datayield.session import Session
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import EvalSpec, Metric


class PickRequest(NamedTuple):
    """`amount` images of `pool`, a folder or a dataset's `split`, for a purpose, by a rule."""

    purpose: PickPurpose
    amount: int
    pool: str
    split: str | None
    by: PickRule


class PickedImages(NamedTuple):
    """The images that were picked, the first to take first, and what is expected of them.

    `task`: the evaluation whose training images and classes were used, of which there are
    `labelled`. `listed` images of the pool, `candidates` of them could be picked, and `left_out`
    says why others could not, with counts. `expected`: of as many images drawn at random, by the
    study's law. `test`: the rule against random; None for too few labels.
    """

    request: PickRequest
    task: str
    labelled: int
    listed: int
    candidates: int
    left_out: dict[Reason, int]
    notes: tuple[str, ...]
    expected: GainOfMore
    test: PickTest | None
    rows: tuple[PickedRow, ...]


class _Seen(NamedTuple):
    """What the rules choose by: features of the candidates, of the task and of the study's images.

    `owned` is None where images are to be labelled.
    """

    pool: FeatureTable
    task: TaskImages
    owned: FeatureTable | None
    classifier: Classifier


def pick_images(
    session: Session, encoder: StudyEncoder, request: PickRequest, device: str, show: Show
) -> PickedImages:
    """Pick images by the features of a study's encoder; no test label is read.

    Raises ConfigError for a task without labels and for too few candidates, DataError for a pool
    that cannot be read.
    """
    ev = _task_of(encoder)
    frozen = frozen_run(encoder.spec, encoder.folder, encoder.share, encoder.preprocessing)
    extractor = Extractor(frozen, device, show)
    with show("decoding") as progress:
        pool = images_of(request.pool, request.split, frozen.preprocessing, progress)
    collecting = request.purpose == "collect"
    made = candidates(pool, known_images(session, ev, collecting))
    _check_enough(request, made)
    task = task_images(ev, extractor)
    seen = _Seen(
        extractor.features("the pool", pool, made.rows),
        task,
        owned_features(session, encoder.spec, extractor) if collecting else None,
        fit_classifier(task.x, task.y, metric_of(ev), ev.seed),
    )
    near = NearCopies(pool, (session.look(ev.dataset, split) for split in dict.fromkeys(ev.splits)))
    made, seen, taken = _without_near_copies(request, ev, made, seen, near)
    notes = [*pool.notes()]
    if not near.looked_for:
        notes.append(
            "resized or re-encoded copies of labelled and test images were not looked for: "
            "pip install 'datayield[copies]'"
        )
    return PickedImages(
        request,
        ev.name,
        len(task.y),
        pool.listed,
        len(made.rows),
        made.left_out,
        tuple(notes),
        _expected(session, encoder, ev, request, len(task.y)),
        _tested(request, ev, seen),
        tuple(_rows(pool, made, seen, taken)),
    )


def metric_of(ev: EvalSpec) -> Metric:
    """What classifiers of the task are chosen and compared by."""
    return ev.metric or "accuracy"


def _task_of(encoder: StudyEncoder) -> EvalSpec:
    ev = encoder.evaluation
    if ev is None or not ev.traits.needs_labels or ev.traits.reads_masks:
        raise ConfigError(
            "images are picked for a task with one class label for each image",
            where="--eval",
            got="no evaluation with labels" if ev is None else f"{ev.name} ({ev.protocol})",
            hint="name an evaluation of the study with class labels, or add one, such as linear@1",
        )
    return ev


def _check_enough(request: PickRequest, made: Candidates) -> None:
    if request.amount <= len(made.rows):
        return
    left_out = ", ".join(left_out_words(made.left_out))
    raise ConfigError(
        "the pool has too few images to pick from"
        if len(made.rows)
        else "the study already has every image of the pool",
        where=f"{request.pool}, --{request.purpose}",
        got=f"{request.amount:,}" + (f"; left out: {left_out}" if left_out else ""),
        allowed=f"1 to {len(made.rows):,}" if len(made.rows) else "images that are new",
        hint="ask for fewer, or name another pool" if len(made.rows) else "name another pool",
    )


def _choice(request: PickRequest, ev: EvalSpec, seen: _Seen) -> OrderedRows:
    count, seed = request.amount, ev.seed
    if seen.owned is not None:
        return to_collect(request.by, seen.pool, seen.owned, seen.task.x, count, seed)
    return to_label(request.by, seen.pool, seen.task.x, seen.classifier, count, seed)


def _without_near_copies(
    request: PickRequest, ev: EvalSpec, made: Candidates, seen: _Seen, near: NearCopies
) -> tuple[Candidates, _Seen, OrderedRows]:
    """Choose; where near copies of known images were chosen, leave them out and choose again."""
    while True:
        taken = _choice(request, ev, seen)
        copies = near.among(made.rows[taken.rows])
        if not len(copies):
            return made, seen, taken
        kept = ~np.isin(made.rows, copies)
        made = made.without(kept)
        seen = seen._replace(pool=seen.pool[kept])
        _check_enough(request, made)


def _expected(
    session: Session, encoder: StudyEncoder, ev: EvalSpec, request: PickRequest, labelled: int
) -> GainOfMore:
    answer = session.answer(session.plan(keep=True))
    task = tasks_of(session.study).get(ev.name, ev.name)
    if request.purpose == "label":
        return gain_of_more(answer, task, "labels", labelled, request.amount)
    return gain_of_more(answer, task, "images", encoder.spec.data.count or 0, request.amount)


def _tested(request: PickRequest, ev: EvalSpec, seen: _Seen) -> PickTest | None:
    if seen.owned is not None:
        return try_collecting(request.by, seen.task, seen.pool, seen.owned, request.amount)
    return try_labelling(request.by, seen.task, metric_of(ev), request.amount, len(seen.pool))


def _rows(pool: Arrays, made: Candidates, seen: _Seen, taken: OrderedRows) -> list[PickedRow]:
    task, picked = seen.task, seen.pool[taken.rows]
    likely = seen.classifier.probabilities(picked)
    predicted, unsure = seen.classifier.classes[likely.argmax(axis=1)], margins(likely)
    along = in_main_axes(seen.pool, task.x, *([] if seen.owned is None else [seen.owned]))
    near, alike = nearest(along[0][taken.rows], along[1])
    own = None if seen.owned is None else nearest(along[0][taken.rows], along[2])[1]
    name = names_of(pool)
    return [
        PickedRow(
            rank=i + 1,
            image=name(int(made.rows[row])),
            predicted=task.classes[predicted[i]],
            margin=float(unsure[i]),
            stands_for=int(taken.sizes[i]),
            nearest_task_image=task.names[near[i]],
            task_cosine=float(alike[i]),
            own_cosine=None if own is None else float(own[i]),
        )
        for i, row in enumerate(taken.rows.tolist())
    ]
