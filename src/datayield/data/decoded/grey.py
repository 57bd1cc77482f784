"""Grey of more than 8 bits: which value of a file is white.

A 16-bit file seldom says how many of its bits hold the image: scanners and cameras store 10, 12
or 14 bits in them. Scaled as 16 bits, 12-bit grey keeps 17 of 256 levels; scaled by its own
largest value, a dark image comes out as bright as any other. The rule is therefore:

- Where the format fixes the range it decides: 12-bit TIFF samples, PGM, JPEG 2000, and floating
  point, which is 0 to 1.
- Else white is the end of the smallest range of 8, 10, 12, 14 or 16 bits that holds every value
  in every such file of the *dataset*, all its splits, and what the files declare (TIFF
  MaxSampleValue and SMaxSampleValue, PNG sBIT). Two images of a dataset are scaled alike.
"""

import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from datayield.data.source import WHITES

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_TAGS = (281, 341)  # TIFF: MaxSampleValue, SMaxSampleValue
BITS_PER_SAMPLE = 258  # TIFF
PHOTOMETRIC, WHITE_IS_ZERO = 262, 0  # TIFF: whether 0 is white


def is_deep_grey(image: "Image") -> bool:
    """Whether an image is grey of more than 8 bits, or of floating point."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def declared_white(image: "Image", raw: bytes) -> int:
    """The largest value that the metadata of an opened file declare; 0 if they do not."""
    if image.format == "PNG":
        return int(2 ** _significant_bits(raw) - 1)
    tags = getattr(image, "tag_v2", {})
    values = [0.0]
    for tag in MAX_TAGS:
        with suppress(Exception):  # damaged metadata declare nothing
            told = tags.get(tag, 0)
            values.append(float(max(told) if isinstance(told, tuple) else told))
    return int(max(v for v in values if 0 <= v <= WHITES[-1]))


def fixed_white(image: "Image") -> int | None:
    """The value of white that the format of an opened, not yet loaded file fixes; else None."""
    if image.mode == "F":
        return 1
    if getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE) == (12,):
        return 4095
    return 65535 if image.format in ("PPM", "JPEG2000") else None  # Pillow scales them


def fitting_white(image: "Image", declared: int) -> int:
    """The end of the smallest range that holds the values of a loaded image and `declared`.

    Raises ValueError for values that are not grey of at most 16 bits.
    """
    values = np.asarray(image)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > WHITES[-1]:
        raise ValueError(f"grey values from {low} to {high}, outside 0 to {WHITES[-1]}")
    return next(top for top in WHITES if top >= max(high, declared))


def scaled(image: "Image", white: int) -> "Image":
    """Grey from 0 to `white` as 8 bits, on white where it is transparent. Nothing is clipped.

    Raises ValueError for values outside that range.
    """
    from PIL import Image

    values = np.asarray(image)
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= white):
        raise ValueError(f"grey values outside 0 to {white:g}")
    if image.mode == "F":
        pixels = np.rint(values.astype(np.float64) * (255 / white)).astype(np.uint8)
    else:
        pixels = np.rint(np.arange(white + 1) * (255 / white)).astype(np.uint8)[values]
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:
        pixels = 255 - pixels  # Pillow does so for 8 bits only
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        pixels[values == clear] = 255
    return Image.fromarray(pixels)


def _significant_bits(raw: bytes) -> int:
    """The bits of a grey PNG's sBIT chunk, which Pillow does not read; 0 without one."""
    at = 8
    while at + 8 <= len(raw):
        length, kind = struct.unpack_from(">I4s", raw, at)
        if kind == b"sBIT" and length:
            bits = raw[at + 8] if at + 8 < len(raw) else 0
            return bits if bits <= 16 else 0
        if kind in (b"IDAT", b"IEND"):
            break
        at += 12 + length
    return 0
