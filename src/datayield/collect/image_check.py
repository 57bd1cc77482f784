"""Bytes from anywhere -> an image that can be trained on, no larger than wanted; or why not."""

import hashlib
import io
from typing import NamedTuple

from datayield.collect.fates import Fate
from datayield.data.decoded.decode import MAX_PIXELS
from datayield.data.decoded.grey import (
    declared_white,
    fitting_white,
    fixed_white,
    is_deep_grey,
    scaled,
)
from datayield.data.decoded.rgb import as_rgb, set_transparent_colour, turn_of

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000", "AVIF", "PPM")
AS_RECEIVED = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}  # kept where nothing is to be done
LOSSLESS = ("PNG", "GIF", "BMP", "PPM")
QUALITY = 95  # of JPEG


class CheckedImage(NamedTuple):
    """An image that was decoded: the file to keep, and what was received."""

    data: bytes
    extension: str
    width: int
    height: int
    original_width: int
    original_height: int
    sha256: str
    pixels_sha256: str


class Unusable(NamedTuple):
    """Why bytes are no image to keep."""

    fate: Fate
    detail: str


def check_image(raw: bytes, size: int | None, least: int) -> CheckedImage | Unusable:
    """`raw` decoded, upright and without transparency, its shorter side at most `size` pixels.

    Never enlarged. What needs no change keeps its bytes, metadata included; else a lossless file
    becomes PNG and any other JPEG. `least`: pixels that the shorter side must have.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(raw), formats=_formats()) as image:
            wide, high = image.size
            if wide * high > MAX_PIXELS:
                return Unusable("too large", f"{wide} x {high} pixels")
            if min(wide, high) < least:
                return Unusable("too small", f"{wide} x {high} pixels")
            if getattr(image, "is_animated", False) and image.format != "MPO":
                return Unusable("animated", f"{getattr(image, 'n_frames', 2)} frames")
            kind, mode = image.format or "", image.mode
            set_transparent_colour(image)
            fixed = fixed_white(image)
            image.load()
            turn = turn_of(image)
            if is_deep_grey(image):
                white = fixed or fitting_white(image, declared_white(image, raw))
                whole = scaled(image, white).convert("RGB")
            else:
                whole = as_rgb(image)
            clear = mode in ("RGB", "L") and "transparency" not in image.info
    except UnidentifiedImageError:
        return Unusable("not an image", _beginning(raw))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Unusable("too large", f"more than {MAX_PIXELS:,} pixels")
    except MemoryError:
        return Unusable("too large", "decoding it needs more memory than there is")
    except Exception as error:  # a damaged file may raise anything
        return Unusable("damaged", (str(error).splitlines() or [type(error).__name__])[0])
    whole = whole if turn is None else whole.transpose(turn)
    width, height = whole.size
    pixels = hashlib.sha256(f"{width}x{height}:".encode() + whole.tobytes()).hexdigest()
    scale = 1.0 if size is None else size / min(width, height)
    data, extension = raw, AS_RECEIVED.get(kind, "")
    if scale < 1:
        wanted = (max(1, round(width * scale)), max(1, round(height * scale)))
        whole = whole.resize(wanted, Image.Resampling.BICUBIC)
    if scale < 1 or turn is not None or not clear or not extension:
        buffer, lossless = io.BytesIO(), kind in LOSSLESS
        whole.save(buffer, "PNG") if lossless else whole.save(buffer, "JPEG", quality=QUALITY)
        data, extension = buffer.getvalue(), ".png" if lossless else ".jpg"
    received = hashlib.sha256(raw).hexdigest()
    return CheckedImage(data, extension, *whole.size, width, height, received, pixels)


def _formats() -> list[str]:
    """Those that this installation of Pillow reads."""
    from PIL import Image

    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _beginning(raw: bytes) -> str:
    """The first characters of what is no image: `<!DOCTYPE html>`, for example."""
    text = raw[:40].decode("utf-8", "replace").strip()
    return "".join(c if c.isprintable() else "?" for c in text) or "empty"
