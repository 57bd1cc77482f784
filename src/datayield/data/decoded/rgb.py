"""An image of any mode as RGB on white, what makes it upright, and whether it is all of a file."""

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

ORIENTATION = 0x0112  # EXIF tag
TURNS = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
    6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip
SIDEWAYS = ("TRANSPOSE", "ROTATE_270", "TRANSVERSE", "ROTATE_90")  # width becomes height
FEW_BITS = {"L;2": 85, "L;4": 17}  # PNG: what Pillow multiplies samples by, but not the key


def as_rgb(image: "Image") -> "Image":
    """`image`, loaded and of at most 8 bits, as RGB; what is transparent becomes white."""
    from PIL import Image

    if image.has_transparency_data:
        if image.mode in ("La", "RGBa"):  # premultiplied
            image = image.convert("LA" if image.mode == "La" else "RGBA")
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def is_deep_colour(image: "Image") -> bool:
    """Whether an opened, not yet loaded file has 16 bits of each colour; Pillow keeps 8."""
    tile = getattr(image, "tile", None)
    stored = tile[0][3] if tile else ""
    return ";16" in str(stored[0] if isinstance(stored, tuple) and stored else stored)


def is_dark(image: "Image") -> bool:
    """Whether all colours of a loaded image are at most a quarter of white."""
    bands = image.getextrema()
    return all(isinstance(band, tuple) and band[1] < 64 for band in bands[:3])


def set_transparent_colour(image: "Image") -> None:
    """Give an opened, not yet loaded PNG the transparent colour in units of its loaded pixels.

    Of 16-bit colour Pillow keeps the high byte, so the key too is compared by that.
    """
    key = image.info.get("transparency")
    tile = getattr(image, "tile", None)
    if image.format != "PNG" or not tile:
        return
    stored = str(tile[0][3])
    if isinstance(key, int) and stored in FEW_BITS:
        image.info["transparency"] = min(255, key * FEW_BITS[stored])
    elif isinstance(key, tuple):
        cut = 8 if stored.startswith("RGB;16") else 0
        image.info["transparency"] = tuple(min(255, part >> cut) for part in key)


def turn_of(image: "Image") -> "Transpose | None":
    """What makes a loaded image upright by its EXIF orientation; None where nothing is to be done.

    Damaged metadata do not make the pixels unusable: the image is then taken to be upright.
    """
    from PIL import Image

    with suppress(Exception):
        way = TURNS.get(image.getexif().get(ORIENTATION, 1))
        return None if way is None else Image.Transpose[way]
    return None


def has_further_pages(image: "Image") -> bool:
    """Whether a loaded file holds more than the page or frame that is used."""
    with suppress(Exception):  # what follows the first page may be damaged
        return bool(getattr(image, "is_animated", False))
    return False
