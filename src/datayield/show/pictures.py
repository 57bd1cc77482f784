"""Pictures of a page: small JPEG files in its text."""

import base64
from collections.abc import Iterable
from io import BytesIO
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datayield.data.source import Pixels

THUMBNAIL = 96  # pixels: the longer side of a sample


class Picture(NamedTuple):
    """A picture as a data URI, its width and height in pixels, and what is written below it."""

    uri: str
    width: int
    height: int
    caption: str


class PictureRow(NamedTuple):
    """A line of pictures, and what they are."""

    title: str
    pictures: tuple[Picture, ...]
    note: str = ""


class Section(NamedTuple):
    """A heading, sentences, and rows of pictures."""

    title: str
    text: tuple[str, ...]
    rows: tuple[PictureRow, ...]


def picture(pixels: NDArray[np.uint8], caption: str = "") -> Picture:
    """uint8 pixels [H, W, 3] as they are."""
    return _encoded(Image.fromarray(pixels), caption)


def thumbnail(raw: bytes | Pixels, caption: str = "") -> Picture | None:
    """An image of a source, upright and whole, made smaller; None if it cannot be decoded."""
    from PIL import ImageOps

    try:
        image = Image.open(BytesIO(raw)) if isinstance(raw, bytes) else Image.fromarray(raw)
        image = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    return _encoded(image, caption)


def several(made: Iterable[Picture | None]) -> tuple[Picture, ...]:
    """Those that could be made."""
    return tuple(each for each in made if each is not None)


def _encoded(image: Image.Image, caption: str) -> Picture:
    file = BytesIO()
    image.save(file, "JPEG", quality=85)
    uri = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    return Picture(uri, *image.size, caption)
