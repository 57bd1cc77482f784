"""Evaluate the checkpoints of one run: features once per checkpoint and images, then protocols."""

import copy
import time
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from datayield import evals, methods
from datayield.data.source import Labels
from datayield.evals.features import PixelEncoder, central, extract, extract_views, pixel_features
from datayield.evals.linear_sgd import probe_view
from datayield.evals.result import EvalResult
from datayield.nets import encoder as encoders
from datayield.run.device import keep_freed_memory, versions
from datayield.run.evaluation.finetuning import fine_tune
from datayield.run.evaluation.labels import (
    chosen_images,
    fold_parts,
    labels_in,
    of_classes,
    positions,
)
from datayield.run.evaluation.once_each import Encode, OnceEach
from datayield.run.evaluation.representation import representation
from datayield.run.evaluation.right_items import right_items
from datayield.run.loop import load_weights_into, read_checkpoint
from datayield.run.training_data import decoded_of
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import BaselineSpec, RunSpec
from datayield.store.estimate import EvalAt
from datayield.store.folders import RunFolder
from datayield.store.records import ResultRecord
from datayield.store.right_items import RightItems


class Subject(NamedTuple):
    """What is evaluated at one milestone, on the device."""

    encode: Encode  # uint8 images -> features
    encoder: nn.Module  # normalised views -> features
    projector: nn.Module | None
    device: torch.device


class Features(NamedTuple):
    """Features of a split's selected images, and which these are."""

    x: Tensor  # [n, D]
    chosen: Labels  # positions [n] in the split
    digest: str


def evaluate(
    spec: RunSpec | BaselineSpec,
    folder: RunFolder,
    pending: tuple[EvalAt, ...],
    device: torch.device,
) -> Iterator[ResultRecord]:
    """Run the pending evaluations, milestone by milestone; each result is saved at once."""
    if device.type == "cpu":
        keep_freed_memory()  # else features of a small ConvNet take 1.7 times as long
    for share in sorted({share for share, _ in pending}):
        subject = _subject(spec, folder, share, device)
        subject = subject._replace(encode=OnceEach(subject.encode))
        cache: dict[tuple[object, ...], Features] = {}
        for _, ev in (pair for pair in pending if pair[0] == share):
            decoded_of(ev)  # is what the result is filed under
            record, right = _measure(spec.id, share, ev, subject, cache)
            folder.write_result(record, right)
            yield record


def _subject(
    spec: RunSpec | BaselineSpec, folder: RunFolder, share: float, device: torch.device
) -> Subject:
    if spec.encoder is None:
        return Subject(pixel_features, PixelEncoder(), None, device)
    start = spec.start if isinstance(spec, BaselineSpec) else None
    net, projector = encoders.build(spec.encoder, spec.seed, start), None
    if isinstance(spec, RunSpec):
        kept, path = read_checkpoint(folder, spec.id, share), folder.checkpoint(share)
        load_weights_into(net, kept["encoder"], path)
        if "projector" in kept:
            projector = methods.projector_of(spec, net)
            assert projector is not None
            load_weights_into(projector, kept["projector"], path)
            projector = projector.to(device)
    net = net.to(device).to(memory_format=torch.channels_last)
    return Subject(lambda images: extract(net, images, device), net, projector, device)


def _measure(
    run: str,
    share: float,
    ev: EvalSpec,
    subject: Subject,
    cache: dict[tuple[object, ...], Features],
) -> tuple[ResultRecord, RightItems | None]:
    began = time.perf_counter()
    if ev.tunes:
        measured, of_splits = fine_tune(ev, copy.deepcopy(subject.encoder), subject.device)
        return _record(run, share, ev, measured, began, of_splits)
    parts: dict[str, evals.Items] = {}
    digests = []
    trains_apart = ev.traits.needs_labels and ev.folds is None
    wants = [(ev.train, ev.train_count)] if trains_apart else []
    wants += [(ev.val, None)] if ev.val else []
    for split, count in [*wants, (ev.test, ev.test_count)]:
        drawn = (count, ev.seed) if count is not None else None  # all images, so nothing is drawn
        of = (ev.classes, ev.label) if positions(ev, split) is not None else None
        key = (ev.dataset, split, drawn, ev.decoded_side, ev.fit, of)
        if key not in cache:
            cache[key] = _features(ev, split, count, subject.encode)
        features = cache[key]
        parts[split] = features.x, _labels(features, ev, split)
        digests.append(features.digest)
    test = parts[ev.test]
    if ev.folds is not None:
        measured = evals.evaluate_folds(ev, test, fold_parts(ev))
    elif ev.traits.reads == "views":
        measured = _of_views(ev, test[0], subject)
    else:
        train = parts[ev.train] if wants else None
        val = parts[ev.val] if ev.val else None
        views = _augmented(ev, subject) if ev.traits.passes else None
        measured = evals.evaluate(ev, train, test, val=val, views=views)
    return _record(run, share, ev, measured, began, tuple(digests))


def _record(
    run: str,
    share: float,
    ev: EvalSpec,
    measured: EvalResult,
    began: float,
    digests: tuple[str, ...],
) -> tuple[ResultRecord, RightItems | None]:
    record = ResultRecord(
        run=run,
        share=share,
        eval_id=ev.id,
        eval=ev.model_dump(mode="json"),
        metrics=measured.metrics,
        intervals=measured.intervals,
        n_train=measured.n_train,
        n_test=measured.n_test,
        notes=measured.notes,
        seconds=time.perf_counter() - began,
        data_digests=digests,
        versions=versions(),
        finished=time.time(),
    )
    return record, None if measured.right is None else right_items(ev, measured.right)


def _of_views(ev: EvalSpec, test: Tensor, subject: Subject) -> EvalResult:
    arrays, chosen = chosen_images(ev, ev.test, ev.test_count)
    of_net = subject.encoder, subject.projector, subject.device
    return representation(ev, arrays.images[chosen], test, *of_net)


def _augmented(ev: EvalSpec, subject: Subject) -> evals.Views:
    """Epoch -> features [n, D] of a crop of each training image; the encoder runs each time."""
    arrays, chosen = chosen_images(ev, ev.train, ev.train_count)
    images, view = arrays.images[chosen], probe_view(ev.size)
    seen = partial(extract_views, subject.encoder, images, view, ev.seed, subject.device, 512)
    return lambda epoch: seen(step=epoch)[:, 0]


def _features(ev: EvalSpec, split: str, count: int | None, encode: Encode) -> Features:
    arrays, chosen = chosen_images(ev, split, count)
    return Features(encode(central(arrays.images[chosen], ev.size)), chosen, arrays.digest)


def _labels(features: Features, ev: EvalSpec, split: str) -> Tensor:
    """Class numbers [n]; zeros if the protocol needs none."""
    if not ev.traits.needs_labels:
        return torch.zeros(len(features.x), dtype=torch.int64)
    labels = labels_in(ev, split)[0][features.chosen]
    if ev.classes is not None:  # renumbered without gaps
        labels = np.searchsorted(of_classes(ev, split)[0], labels)
    return torch.as_tensor(labels)
