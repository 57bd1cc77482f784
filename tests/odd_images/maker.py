"""An odd image, the writers that there are, and images of any mode with how they look."""

import io
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

SIDE = 16
RGB = np.ndarray[Any, np.dtype[Any]]
ACCEPTED = ("png", "jpg", "tif", "bmp", "gif", "webp", "avif", "jp2", "ppm", "tga", "dib", "mpo")


WRITERS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("png", {}), "TIFF": ("tif", {}), "BMP": ("bmp", {}), "GIF": ("gif", {}),
    "WEBP": ("webp", {"lossless": True, "exact": True}), "TGA": ("tga", {}), "PPM": ("ppm", {}),
    "JPEG": ("jpg", {}), "AVIF": ("avif", {}), "JPEG2000": ("jp2", {}), "ICO": ("ico", {}),
    "PCX": ("pcx", {}), "IM": ("im", {}), "SGI": ("sgi", {}), "MSP": ("msp", {}),
    "XBM": ("xbm", {}), "QOI": ("qoi", {}), "DDS": ("dds", {}), "DIB": ("dib", {}),
    "MPO": ("mpo", {}), "PALM": ("palm", {}), "ICNS": ("icns", {}), "BLP": ("blp", {}),
}  # fmt: skip


class OddImage(NamedTuple):
    """A file and what must come of it.

    `expected` [H, W, 3]: its pixels, to within `tolerance`; None where there is no right answer.
    `grey` [H, W]: values of 16-bit grey instead, whose white is that of the whole dataset.
    """

    name: str
    data: bytes
    expected: RGB | None = None
    tolerance: int = 0
    grey: RGB | None = None


class Maker:
    """Images of any mode from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def array(self, channels: int, top: int = 255) -> RGB:
        """Random smooth values [SIDE, SIDE, channels]."""
        small = self.rng.integers(0, top + 1, (4, 4, channels))
        return np.kron(small, np.ones((4, 4, 1), int))

    def image(self, mode: str) -> tuple[Image.Image, RGB | None]:
        """An image of a mode, and how it looks on white; None where that is not simple."""
        if mode in ("I", "I;16", "I;16B", "F"):
            values = self.array(1, 65535)[..., 0]
            kind = {"I": np.int32, "I;16": np.uint16, "I;16B": ">u2", "F": np.float32}[mode]
            array = values.astype(kind) if mode != "F" else (values / 65535).astype(np.float32)
            looks = np.rint(values / 257) if mode == "F" else None
            return Image.fromarray(array), None if looks is None else grey_of(looks)
        if mode in ("P", "PA"):
            index, palette = self.array(1, 31)[..., 0], self.rng.integers(0, 256, (256, 3))
            image = Image.fromarray(index.astype(np.uint8)).convert("L")
            image = Image.frombytes("P", image.size, image.tobytes())
            image.putpalette(palette.astype(np.uint8).tobytes())
            return (image, palette[index]) if mode == "P" else (image.convert("PA"), palette[index])
        bands = len(Image.new(mode, (1, 1)).getbands())
        values = self.array(bands)
        if mode == "1":
            return Image.fromarray(values[..., 0] > 127), grey_of((values[..., 0] > 127) * 255)
        image = Image.frombytes(mode, (SIDE, SIDE), values.astype(np.uint8).tobytes())
        return image, _looks(mode, values)


def grey_of(values: RGB) -> RGB:
    return np.repeat(values[..., None].astype(int), 3, axis=2)


def _looks(mode: str, values: RGB) -> RGB | None:
    """8-bit bands on white, by formula."""
    v = values.astype(float)
    if mode == "L":
        return grey_of(values[..., 0])
    if mode in ("LA", "RGBA"):
        share = v[..., -1:] / 255
        return np.broadcast_to(np.rint(v[..., :-1] * share + 255 * (1 - share)), (*v.shape[:2], 3))
    if mode == "CMYK":
        return np.rint((255 - v[..., :3]) * (255 - v[..., 3:]) / 255)
    if mode == "YCbCr":
        y, cb, cr = v[..., 0], v[..., 1] - 128, v[..., 2] - 128
        rgb = np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], -1)
        return np.rint(rgb.clip(0, 255))
    return values[..., :3] if mode in ("RGB", "RGBX") else None


def saved(image: Image.Image, kind: str, **options: Any) -> bytes | None:
    """An encoded image; None where the writer does not take its mode or an option."""
    out = io.BytesIO()
    try:
        image.save(out, kind, **options)
    except (OSError, ValueError, KeyError, RuntimeError, SystemError, TypeError):
        return None
    return out.getvalue()
