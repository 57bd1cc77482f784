"""What networks see: the views of a training batch, and the test images of an evaluation."""

from collections.abc import Iterator, Sequence

import numpy as np

from datayield.evals.features import central
from datayield.run.evaluation.labels import chosen_images, labels_in
from datayield.run.first_views import first_views
from datayield.show.pictures import PictureRow, Section, picture
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


def _rows(run: RunSpec) -> Iterator[PictureRow]:
    seen = first_views(run, IMAGES)
    sizes = ", ".join(f"{size} px" for size in dict.fromkeys(view.size for view in run.views))
    for k, image in enumerate(seen.images):
        made = [picture(view[k], f"view {i}") for i, view in enumerate(seen.views, 1)]
        title = f"{run.method.name}: {len(made)} views of {sizes}" if k == 0 else ""
        yield PictureRow(title, (picture(image, "image"), *made))


def _tested(ev: EvalSpec) -> PictureRow:
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
    return PictureRow(
        title,
        tuple(picture(np.ascontiguousarray(p), n) for p, n in zip(pixels, names, strict=True)),
    )
