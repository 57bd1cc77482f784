"""Every odd kind of image: what comes out, or why not."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datayield.data.catalog import find
from datayield.data.decoded.decode import Decoded, decode
from tests.data.made import encoded, pixels


def good(raw: bytes | np.ndarray, size: int = 8, fit: str = "crop") -> Decoded:
    made = decode(raw, size, fit)
    assert isinstance(made, Decoded), made
    assert made.pixels.shape == (size, size, 3)
    assert made.pixels.dtype == np.uint8
    return made


def flat(mode: str, colour: object, side: int = 8) -> Image.Image:
    return Image.new(mode, (side, side), colour)


def test_rgb_of_the_right_size_is_unchanged() -> None:
    image = pixels(0, 8, 8)
    made = good(encoded(image))
    assert made.conversions == ()
    np.testing.assert_array_equal(made.pixels, image)
    np.testing.assert_array_equal(good(image).pixels, image)


def test_crop_keeps_the_centre_and_the_aspect() -> None:
    wide = np.zeros((8, 16, 3), np.uint8)
    wide[:, 4:12] = pixels(1, 8, 8)
    np.testing.assert_array_equal(good(encoded(wide)).pixels, wide[:, 4:12])


@pytest.mark.parametrize(("height", "width"), [(24, 40), (40, 24), (48, 72)])
def test_crop_is_resize_then_crop(height: int, width: int) -> None:
    image = Image.fromarray(pixels(2, height, width))
    step = min(height, width) // 12
    whole = image.resize((width // step, height // step), Image.Resampling.BICUBIC)
    left, top = (whole.width - 12) // 2, (whole.height - 12) // 2
    expected = np.asarray(whole.crop((left, top, left + 12, top + 12))).astype(int)
    assert np.abs(good(encoded(image), 12).pixels.astype(int) - expected).max() <= 1


def test_squash_keeps_all_of_the_image() -> None:
    halves = np.zeros((8, 32, 3), np.uint8)
    halves[:, 16:] = 255
    made = good(encoded(halves), fit="squash").pixels
    assert made[:, 0].max() < 10
    assert made[:, -1].min() > 245


def test_shrinking_is_antialiased() -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 255
    image = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    assert np.abs(good(encoded(image)).pixels.astype(int) - 127).max() <= 2


def test_cmyk_jpeg() -> None:
    made = good(encoded(flat("CMYK", (0, 255, 255, 0)), "JPEG", quality=100))
    assert made.conversions == ("CMYK to RGB",)
    assert np.abs(made.pixels.astype(int) - (255, 0, 0)).max() < 6


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(kind: str) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    made = good(encoded(Image.fromarray(ramp), kind))
    np.testing.assert_array_equal(made.pixels[..., 0], np.rint(ramp / 257).astype(np.uint8))
    assert made.conversions == ("I;16 to RGB",)


def test_floating_point_grey() -> None:
    share = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    made = good(encoded(Image.fromarray(share), "TIFF"))
    np.testing.assert_array_equal(made.pixels[..., 1], np.rint(share * 255).astype(np.uint8))
    assert decode(encoded(Image.fromarray(share * 3), "TIFF"), 8, "crop") == (
        "ValueError: grey values outside 0 to 1"
    )


@pytest.mark.parametrize(
    ("image", "expected", "told"),
    [
        (flat("L", 77), (77, 77, 77), "L to RGB"),
        (flat("1", 1), (255, 255, 255), "1 to RGB"),
        (flat("LA", (0, 0)), (255, 255, 255), "LA to RGB"),
        (flat("LA", (40, 255)), (40, 40, 40), "LA to RGB"),
        (flat("RGBA", (200, 0, 0, 0)), (255, 255, 255), "RGBA to RGB"),
        (flat("RGBA", (0, 0, 0, 127)), (128, 128, 128), "RGBA to RGB"),
        (flat("P", 0), (0, 0, 0), "P to RGB"),
    ],
    ids=["L", "1", "LA clear", "LA solid", "RGBA clear", "RGBA half", "P"],
)
def test_modes_come_to_rgb_on_white(
    image: Image.Image, expected: tuple[int, ...], told: str
) -> None:
    made = good(encoded(image))
    assert made.conversions == (told,)
    assert np.abs(made.pixels.astype(int) - expected).max() <= 1


def test_palette_with_transparency() -> None:
    image = flat("P", 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.paste(1, (0, 0, 4, 8))
    made = good(encoded(image, transparency=0)).pixels
    assert (made[:, :4] == (200, 100, 50)).all()
    assert (made[:, 4:] == 255).all()


def test_exif_orientation_is_applied() -> None:
    image = pixels(3, 8, 8) // 16 * 16
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side: to be shown turned clockwise
    made = good(encoded(image, exif=exif))
    assert made.conversions == ("rotated by EXIF orientation",)
    np.testing.assert_array_equal(made.pixels, np.rot90(image, -1))


def test_first_frame_of_an_animation() -> None:
    frames = [flat("RGB", "red"), flat("RGB", "blue")]
    made = good(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert (made.pixels == (255, 0, 0)).all()


def test_large_jpeg_is_reduced_while_decoding_with_little_difference() -> None:
    y, x = np.mgrid[:400, :600]
    image = np.stack([x % 256, y % 256, (x + y) % 256], -1).astype(np.uint8)
    image = np.asarray(Image.fromarray(image).resize((600, 400)))
    fast = good(encoded(image, "JPEG", quality=95), 32).pixels.astype(float)
    slow = good(encoded(image), 32).pixels.astype(float)
    assert np.abs(fast - slow).mean() < 3


def test_grey_arrays() -> None:
    grey = pixels(4, 8, 8)[..., :1]
    np.testing.assert_array_equal(good(grey).pixels, np.repeat(grey, 3, axis=2))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_truncated_files_are_refused(kind: str) -> None:
    whole = encoded(pixels(5, 64, 64), kind)
    reason = decode(whole[: len(whole) // 2], 8, "crop")
    assert isinstance(reason, str)
    assert "truncated" in reason


def test_no_image_at_all() -> None:
    assert decode(b"", 8, "crop") == "empty file"
    assert (
        decode(b"<html>not found</html>", 8, "crop") == "not an image format that Pillow supports"
    )


@pytest.mark.parametrize("side", [11_000, 40_000])
def test_decompression_bombs_are_refused_before_they_are_unpacked(side: int) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    reason = decode(bomb, 8, "crop")
    assert isinstance(reason, str)
    assert reason.startswith(("too large", "Decompression"))


def test_heic_is_decoded_where_the_extra_is_installed(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    pixels = np.full((24, 32, 3), (200, 40, 90), np.uint8)
    image = heif.from_pillow(Image.fromarray(pixels))
    image.save(tmp_path / "photo.heic", quality=95)
    decoded = decode((tmp_path / "photo.heic").read_bytes(), 16, "crop")
    assert isinstance(decoded, Decoded)
    assert np.abs(decoded.pixels.astype(int) - pixels[0, 0]).max() < 12
    assert len(find(str(tmp_path), "train")) == 1
