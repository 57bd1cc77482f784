"""What networks see: the views of a training batch, and the test images of an evaluation."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from datayield.augment.normalise import MEAN, STD
from datayield.augment.views import make_views
from datayield.evals.features import central
from datayield.run.evaluation.labels import chosen_images, labels_in
from datayield.run.training_data import training_data_of
from datayield.show.pictures import Row, Section, picture
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import RunSpec

IMAGES = 4  # of a batch, each with its views
TESTED = 12  # test images of an evaluation


def views_section(runs: Sequence[RunSpec]) -> Section:
    """Views of the first training step, by method and recipe: those that training makes."""
    shown: dict[tuple[str, str], RunSpec] = {}
    for run in runs:
        shown.setdefault((run.method.name, str(run.views)), run)
    text = (
        "The views of the first images of the first training step, at their size, with "
        "normalisation undone. Each row is one image, then its views.",
    )
    return Section(
        "What training sees", text, tuple(r for run in shown.values() for r in _rows(run))
    )


def tests_section(evaluations: Sequence[EvalSpec]) -> Section:
    """Test images of each evaluation, cropped as the encoder gets them."""
    return Section("What evaluations see", (), tuple(map(_tested, evaluations)))


def first_views(spec: RunSpec, images: int) -> tuple[Tensor, list[Tensor]]:
    """Of the first step, on the CPU: uint8 images [B, 3, H, W], normalised views [B, 3, S, S]."""
    data = training_data_of(spec, torch.device("cpu"))
    part = slice(0, min(images, spec.batch))
    pixels = data.images.batch(spec.seed, 0, spec.batch, part)
    return pixels, make_views(pixels, spec.views, spec.seed, 0, spec.batch, 0)


def as_pixels(view: Tensor) -> NDArray[np.uint8]:
    """A normalised view [3, S, S] as uint8 pixels [S, S, 3]."""
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    values = (view.float() * std + mean).mul(255).round().clamp(0, 255).byte()
    return np.ascontiguousarray(values.permute(1, 2, 0).numpy())


def _rows(run: RunSpec) -> Iterator[Row]:
    pixels, views = first_views(run, IMAGES)
    sizes = ", ".join(f"{size} px" for size in dict.fromkeys(view.size for view in run.views))
    for k in range(len(pixels)):
        image = np.ascontiguousarray(pixels[k].permute(1, 2, 0).numpy())
        made = [picture(as_pixels(view[k]), f"view {i}") for i, view in enumerate(views, 1)]
        title = f"{run.method.name}: {len(views)} views of {sizes}" if k == 0 else ""
        yield Row(title, (picture(image, "image"), *made))


def _tested(ev: EvalSpec) -> Row:
    arrays, chosen = chosen_images(ev, ev.test, ev.test_count)
    some = np.random.default_rng(0).permutation(len(chosen))[:TESTED]
    places = chosen[some]
    names = [""] * len(places)
    if ev.traits.needs_labels:
        numbers, classes = labels_in(ev, ev.test)
        names = [classes[numbers[k]] for k in places]
    pixels = np.empty((len(places), *arrays.rows.shape[1:]), np.uint8)
    arrays.rows.read(places, pixels, np.arange(len(places)))
    pixels = central(pixels, ev.size)
    title = f"{ev.name} ({ev.protocol}), {ev.test}: {len(chosen):,} images at {ev.size} px"
    return Row(
        title,
        tuple(picture(np.ascontiguousarray(p), n) for p, n in zip(pixels, names, strict=True)),
    )
