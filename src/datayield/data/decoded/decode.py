"""One encoded image -> square RGB pixels, or the reason for failure."""

import io
import warnings
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from datayield.data.decoded.grey import (
    declared_white,
    fitting_white,
    fixed_white,
    is_deep_grey,
    scaled,
)
from datayield.data.decoded.rgb import (
    SIDEWAYS,
    as_rgb,
    has_further_pages,
    is_dark,
    is_deep_colour,
    set_transparent_colour,
    turn_of,
)
from datayield.data.source import Pixels

if TYPE_CHECKING:
    from PIL.Image import Image

DECODER = 2  # bump when the same bytes give different pixels
DARK = "dark 16-bit colour by its high byte"  # such as 12 bits in 16, of which 16 levels are left
MAX_PIXELS = 100_000_000  # reject larger images: a corrupt header could request all memory
Fit = Literal["crop", "squash"]


class Decoded(NamedTuple):
    """Pixels [S, S, 3], and what had to be done beyond decoding and resizing."""

    pixels: Pixels
    conversions: tuple[str, ...]  # such as "CMYK to RGB"
    stored: tuple[int, int]  # width and height before resizing, upright
    pages: bool = False  # whether the file has further pages or frames, which are not used
    white: int | None = None  # grey whose range the file does not fix: the white that it needs


def decode(raw: "bytes | Pixels | Image", size: int, fit: Fit, white: int = 0) -> Decoded | str:
    """`raw` as uint8 [size, size, 3], or the reason for failure as text.

    It is an encoded file, its pixels, or a Pillow image, which stays as it is.

    `crop` scales the shorter side to `size` and keeps the centre; `squash` scales both sides.
    Resampling is bicubic, antialiased; a JPEG more than twice too large is first reduced while
    decoding. EXIF orientation is applied, transparency becomes white, colour profiles are not
    applied, 16-bit colour keeps its high byte. Of several pages or frames the first is used.
    Grey of more than 8 bits is scaled so that `white`, or what the image needs if that is more,
    becomes 255: see `grey`.
    """
    from PIL import Image, UnidentifiedImageError

    _register_heif()
    if isinstance(raw, bytes) and not raw:
        return "empty file"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's warnings about metadata; only pixels matter
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            if not isinstance(raw, bytes):
                image = raw.copy() if isinstance(raw, Image.Image) else _from_array(raw)
                return _decoded(image, b"", size, fit, white)
            with Image.open(io.BytesIO(raw)) as image:
                if image.width * image.height > MAX_PIXELS:
                    return f"too large: {image.width} x {image.height} pixels"
                if image.format == "EPS":
                    return "EPS, a program that draws an image"  # Ghostscript would run it
                return _decoded(image, raw, size, fit, white)
    except UnidentifiedImageError:
        return "not an image format that Pillow supports"
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return f"too large: more than {(Image.MAX_IMAGE_PIXELS or MAX_PIXELS):,} pixels"
    except MemoryError:  # a damaged header may ask for any amount
        return "decoding it needs more memory than there is"
    except Exception as error:  # a damaged file may raise anything; it is reported by name
        return _reason(error)


def _reason(error: Exception) -> str:
    """The first line of an error, the name of its type where it says nothing."""
    said = str(error).strip().splitlines()
    return said[0] if said else type(error).__name__


def _decoded(image: "Image", raw: bytes, size: int, fit: Fit, white: int) -> Decoded:
    """An opened image, loaded and converted."""
    set_transparent_colour(image)
    stored, fixed, deep_colour = image.size, fixed_white(image), is_deep_colour(image)
    declared = declared_white(image, raw) if is_deep_grey(image) and fixed is None else 0
    if image.format == "JPEG":
        image.draft(None, (2 * size, 2 * size))
    image.load()
    pages = has_further_pages(image)
    conversions = []
    turn, needed = turn_of(image), None
    if turn is not None:
        conversions.append("rotated by EXIF orientation")
        if turn.name in SIDEWAYS:
            stored = stored[::-1]
    if image.mode != "RGB":
        conversions.append(f"{image.mode} to RGB")
    elif "transparency" in image.info:
        conversions.append("transparent colour to white")
    if is_deep_grey(image):
        if fixed is None:
            needed = fitting_white(image, declared)
        whole = scaled(image, fixed or max(white, needed or 0)).convert("RGB")
    else:
        whole = as_rgb(image)
        if deep_colour and is_dark(whole):
            conversions.append(DARK)
    if turn is not None:
        whole = whole.transpose(turn)
    return Decoded(np.asarray(_fitted(whole, size, fit)), tuple(conversions), stored, pages, needed)


def white_needed(raw: bytes | Pixels) -> int:
    """`Decoded.white` without decoding more than it needs; 0 for none and for damaged files."""
    from PIL import Image

    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if isinstance(raw, bytes):
            with Image.open(io.BytesIO(raw)) as image:
                small = image.width * image.height <= MAX_PIXELS
                if small and is_deep_grey(image) and fixed_white(image) is None:
                    return fitting_white(image, declared_white(image, raw))
    return 0


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
        return f"its mask: {_reason(error)}"


def _from_array(pixels: Pixels) -> "Image":
    from PIL import Image

    return Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels.squeeze(-1))


def _fitted(image: "Image", size: int, fit: Fit, resample: int | None = None) -> "Image":
    from PIL import Image

    if image.size == (size, size):
        return image
    width, height = image.size
    side = min(width, height)
    box = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
    how = Image.Resampling.BICUBIC if resample is None else resample
    return image.resize((size, size), how, box=box if fit == "crop" else None)
