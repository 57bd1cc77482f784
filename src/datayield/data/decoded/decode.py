"""One encoded image -> square RGB pixels, or the reason for failure."""

import io
import warnings
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from datayield.data.source import Pixels

if TYPE_CHECKING:
    from PIL.Image import Image

DECODER = 1  # bump when the same bytes give different pixels
MAX_PIXELS = 100_000_000  # reject larger images: a corrupt header could request all memory
ORIENTATION = 0x0112  # EXIF tag
Fit = Literal["crop", "squash"]


class Decoded(NamedTuple):
    """Pixels [S, S, 3], and what had to be done beyond decoding and resizing."""

    pixels: Pixels
    conversions: tuple[str, ...]  # such as "CMYK to RGB"
    stored: tuple[int, int]  # width and height before resizing, upright


def decode(raw: bytes | Pixels, size: int, fit: Fit) -> Decoded | str:
    """`raw` as uint8 [size, size, 3], or the reason for failure as text.

    `crop` scales the shorter side to `size` and keeps the centre; `squash` scales both sides.
    Resampling is bicubic, antialiased; a JPEG more than twice too large is first reduced while
    decoding. EXIF orientation is applied, transparency becomes white, 16-bit grey is scaled.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    _register_heif()
    if isinstance(raw, bytes) and not raw:
        return "empty file"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's warnings about metadata; only pixels matter
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(raw)) if isinstance(raw, bytes) else _from_array(raw)
            if image.width * image.height > MAX_PIXELS:
                return f"too large: {image.width} x {image.height} pixels"
            stored = image.size
            if image.format == "JPEG":
                image.draft(None, (2 * size, 2 * size))
            image.load()
            conversions = []
            if image.getexif().get(ORIENTATION, 1) != 1:
                conversions.append("rotated by EXIF orientation")
                turned = ImageOps.exif_transpose(image)
                if (turned.width > turned.height) != (image.width > image.height):
                    stored = stored[::-1]
                image = turned
            if image.mode != "RGB":
                conversions.append(f"{image.mode} to RGB")
                image = _rgb(image)
            return Decoded(np.asarray(_fitted(image, size, fit)), tuple(conversions), stored)
    except MemoryError:
        raise
    except UnidentifiedImageError:
        return "not an image format that Pillow supports"
    except Exception as error:  # a damaged file may raise anything; it is reported by name
        return f"{type(error).__name__}: {error}".splitlines()[0]


@lru_cache(maxsize=1)
def _register_heif() -> None:
    """Let Pillow read HEIC where the optional extra `heif` is installed; it reads AVIF itself."""
    with suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()


def decode_mask(raw: bytes | Pixels, size: int, fit: Fit, stored: tuple[int, int]) -> Pixels | str:
    """The mask of an image of original size `stored` (width, height), as uint8 [size, size].

    Fitted like its image, by nearest neighbour, so that no class is invented. Palette images give
    their indices. The reason as text if it is not a mask or differs in size from its image.
    """
    from PIL import Image

    if isinstance(raw, bytes) and not raw:
        return "its mask is empty"
    try:
        image = Image.open(io.BytesIO(raw)) if isinstance(raw, bytes) else Image.fromarray(raw)
        if image.size != stored:
            return (
                f"its mask is {image.width} x {image.height}, "
                f"not {stored[0]} x {stored[1]} as the image"
            )
        image.load()
        if len(image.getbands()) != 1:
            return f"its mask has {len(image.getbands())} channels ({image.mode}), not one"
        values = np.asarray(image)
        if values.dtype != np.uint8:
            if values.min() < 0 or values.max() > 255:
                return f"its mask has values from {values.min()} to {values.max()}, not 0 to 255"
            image = Image.fromarray(values.astype(np.uint8))
        elif image.mode == "P":
            image = Image.fromarray(values)
        return np.asarray(_fitted(image, size, fit, Image.Resampling.NEAREST))
    except Exception as error:  # same as for images
        return f"its mask: {type(error).__name__}: {error}".splitlines()[0]


def _from_array(pixels: Pixels) -> "Image":
    from PIL import Image

    return Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels.squeeze(-1))


def _rgb(image: "Image") -> "Image":
    from PIL import Image

    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _scaled_grey(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")


def _scaled_grey(image: "Image") -> "Image":
    """16-bit (0 to 65535) or floating point (0 to 1) grey as 8-bit: scaled, never clipped."""
    from PIL import Image

    grey = np.asarray(image).astype(np.float64)
    top = 1.0 if image.mode == "F" else 65535.0
    if not (np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= top):
        raise ValueError(f"grey values outside 0 to {top:g}")
    return Image.fromarray(np.rint(grey * (255 / top)).astype(np.uint8))


def _fitted(image: "Image", size: int, fit: Fit, resample: int | None = None) -> "Image":
    from PIL import Image

    if image.size == (size, size):
        return image
    width, height = image.size
    side = min(width, height)
    box = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
    how = Image.Resampling.BICUBIC if resample is None else resample
    return image.resize((size, size), how, box=box if fit == "crop" else None)
