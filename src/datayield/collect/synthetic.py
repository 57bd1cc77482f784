"""Draw images of prompts, until all are there."""

import io
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from datayield.collect.image_check import Unusable, check_image
from datayield.collect.images_kept import ImagesKept
from datayield.collect.journal import Journal
from datayield.collect.pipeline import DrawnImage, SynthesisSettings, check_accepts, draw
from datayield.collect.prompts import WantedImage
from datayield.collect.record import ImageRecord


def collect_synthetic(
    wanted: Sequence[WantedImage],
    folder: Path,
    journal: Journal,
    pipeline: Any,
    settings: SynthesisSettings,
    stop: threading.Event,
    license: str | None = None,  # noqa: A002 - as in the table
    progress: Callable[[int], None] | None = None,
) -> None:
    """Draw what is wanted with a pipeline of diffusers, until all is done or `stop` is set.

    `license`: that of the images, by the model's terms. The journal must be in a session. Raises
    ConfigError for negative prompts that the pipeline does not read, StoreError where the disk does
    not let us write.
    """
    check_accepts(pipeline, wanted)
    kept = ImagesKept(folder, journal)
    for start in range(0, len(wanted), settings.batch):
        if stop.is_set():
            return
        some, began = wanted[start : start + settings.batch], time.monotonic()
        drawn = draw(pipeline, some, settings)
        seconds = (time.monotonic() - began) / len(some)
        for each, image in zip(some, drawn, strict=True):
            _keep(kept, _record(each, settings, license, seconds), image)
        if progress is not None:
            progress(start + len(some))


def _keep(kept: ImagesKept, record: ImageRecord, drawn: DrawnImage) -> None:
    if drawn.blocked:
        kept.journal.add(record)
        return
    buffer = io.BytesIO()
    drawn.image.save(buffer, "PNG")
    image = check_image(buffer.getvalue(), None, 1)
    assert not isinstance(image, Unusable)  # it was an image a moment ago
    kept.add(record, image)


def _record(
    of: WantedImage, settings: SynthesisSettings, terms: str | None, seconds: float
) -> ImageRecord:
    """What is known of an image before it is looked at."""
    return ImageRecord(
        of.key,
        "blocked by the safety checker",
        label=of.label,
        source=settings.model,
        license=terms,
        prompt=of.prompt,
        negative_prompt=of.negative_prompt,
        model=settings.model,
        seed=of.seed,
        guidance=settings.guidance,
        steps=settings.steps,
        seconds=round(seconds, 3),
    )
