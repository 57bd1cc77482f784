"""Evaluate the checkpoints of one run: features once per checkpoint and images, then protocols."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from datayield import evals
from datayield.data.arrays import Arrays
from datayield.evals import Measured, Shown
from datayield.evals.features import extract, pixel_features
from datayield.evals.select import items
from datayield.nets import encoder as encoders
from datayield.run.device import versions
from datayield.run.images import arrays_of
from datayield.run.state import read_tensors
from datayield.spec.errors import DataError
from datayield.spec.evals import EvalSpec
from datayield.spec.run import BaselineSpec, RunSpec
from datayield.store.folders import RunFolder
from datayield.store.plan import Owed
from datayield.store.records import ResultRecord

Encode = Callable[["np.ndarray[Any, Any]"], Tensor]
Net = Callable[[], encoders.Encoder]  # a fresh copy each time


class Features(NamedTuple):
    """Features of a split's chosen images, their labels, and what they cost."""

    x: Tensor  # [n, D]
    labels: dict[str, "np.ndarray[Any, Any]"]
    digest: str
    seconds: float


def evaluate(
    spec: RunSpec | BaselineSpec, folder: RunFolder, owed: tuple[Owed, ...], device: torch.device
) -> Iterator[ResultRecord]:
    """Measure what is owed, share by share; each result is kept as soon as it is there."""
    for share in sorted({share for share, _ in owed}):
        net = partial(_encoder, spec, folder, share, device)
        encode: Encode | None = None
        cache: dict[tuple[object, ...], Features] = {}
        for _, ev in (pair for pair in owed if pair[0] == share):
            if ev.tunes:
                record = _tune(spec.id, share, ev, net(), device)
            else:
                encode = encode or _encode(spec, net, device)
                record = _measure(spec.id, share, ev, encode, cache)
            folder.write_result(record)
            yield record


def _encode(spec: RunSpec | BaselineSpec, make: Net, device: torch.device) -> Encode:
    if spec.encoder is None:
        return pixel_features
    net = make()
    return lambda images: extract(net, images, device)


def _encoder(
    spec: RunSpec | BaselineSpec, folder: RunFolder, share: float, device: torch.device
) -> encoders.Encoder:
    """The encoder as kept at a share of the budget, or as a baseline has it, on `device`."""
    assert spec.encoder is not None
    published = isinstance(spec, BaselineSpec) and spec.name == "pretrained"
    net = encoders.build(spec.encoder, spec.seed, published)
    if isinstance(spec, RunSpec):
        kept = read_tensors(folder.checkpoint(share), torch.device("cpu"))
        net.load_state_dict(kept["encoder"], strict=True)
    placed: encoders.Encoder = net.to(device).to(memory_format=torch.channels_last)
    return placed


def _tune(
    run: str, share: float, ev: EvalSpec, net: encoders.Encoder, device: torch.device
) -> ResultRecord:
    """Train the encoder and all, by the protocol of `ev`."""
    began = time.perf_counter()
    parts = [_shown(ev, *part) for part in ((ev.train, ev.train_count), (ev.test, ev.test_count))]
    measured = evals.tune(ev, net, parts[0][0], parts[1][0], device)
    return _record(run, share, ev, measured, began, tuple(digest for _, digest in parts))


def _shown(ev: EvalSpec, split: str, count: int | None) -> tuple[Shown, str]:
    """The chosen images of a split with their classes or masks, and the digest of the split."""
    arrays = arrays_of(ev.dataset, split, ev.size, ev.fit)
    chosen = np.sort(items(np.arange(len(arrays)), count, ev.seed))
    targets = arrays.masks if ev.protocol == "segment@1" else arrays.labels[ev.label]
    assert targets is not None  # check_label has seen them
    return Shown(arrays.images[chosen], targets[chosen]), arrays.digest


def _measure(
    run: str, share: float, ev: EvalSpec, encode: Encode, cache: dict[tuple[object, ...], Features]
) -> ResultRecord:
    began = time.perf_counter()
    shared = 0.0
    parts: list[tuple[Tensor, Tensor] | None] = []
    digests = []
    wants = [(ev.train, ev.train_count)] if evals.needs_train(ev.protocol) else []
    for split, count in [*wants, (ev.test, ev.test_count)]:
        key = (ev.dataset, split, count, ev.size, ev.fit, ev.seed)
        fresh = key not in cache
        if fresh:
            cache[key] = _features(ev, split, count, encode)
        features = cache[key]
        shared += features.seconds if fresh else 0.0
        parts.append((features.x, _labels(features, ev)))
        digests.append(features.digest)
    train = parts[0] if wants else None
    test = parts[-1]
    assert test is not None
    measured = evals.evaluate(ev, train, test)
    return _record(run, share, ev, measured, began, tuple(digests))


def _record(
    run: str, share: float, ev: EvalSpec, measured: Measured, began: float, digests: tuple[str, ...]
) -> ResultRecord:
    return ResultRecord(
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


def _features(ev: EvalSpec, split: str, count: int | None, encode: Encode) -> Features:
    began = time.perf_counter()
    arrays = arrays_of(ev.dataset, split, ev.size, ev.fit)
    chosen = items(np.arange(len(arrays)), count, ev.seed)
    x = encode(arrays.images[np.sort(chosen)])
    labels = {name: values[np.sort(chosen)] for name, values in arrays.labels.items()}
    return Features(x, labels, arrays.digest, time.perf_counter() - began)


def check_label(ev: EvalSpec) -> None:
    """Raises DataError where a split that the evaluation reads has no such labels, or masks."""
    for split in (ev.train, ev.test):
        arrays = arrays_of(ev.dataset, split, ev.size, ev.fit)
        if ev.protocol == "segment@1":
            check_masks(ev, split, arrays)
            continue
        labels = arrays.labels
        if ev.label not in labels:
            raise DataError(
                f"{ev.dataset!r} split {split!r} has no labels called {ev.label!r}",
                got=ev.label,
                where=f"evaluations ({ev.name}): label",
                allowed=list(labels) or "none: this split is unlabeled",
                hint="an unlabeled set can still be pretrained on; evaluate it by spectrum@1",
            )


def check_masks(ev: EvalSpec, split: str, arrays: Arrays) -> None:
    """Raises DataError where a split to be segmented has no masks."""
    if arrays.masks is None:
        raise DataError(
            f"{ev.dataset!r} split {split!r} has no masks",
            where=f"evaluations ({ev.name}): dataset",
            got=ev.dataset,
            allowed="parquet with a column mask of PNG images, or torchvision/OxfordIIITPet",
            hint="segment@1 needs the class of each pixel; finetune@1 needs that of the image",
        )


def _labels(features: Features, ev: EvalSpec) -> Tensor:
    """Class numbers [n]; zeros where the protocol needs none."""
    without = np.zeros(len(features.x), np.int64)
    return torch.as_tensor(features.labels.get(ev.label, without))
