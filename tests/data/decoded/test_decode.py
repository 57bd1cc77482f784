"""Every odd kind of image: what comes out, or why not."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datayield.data.catalog import find
from datayield.data.decoded.decode import DARK, Decoded, decode, white_needed
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
        "grey values outside 0 to 1"
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


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_of(bits: int, colour: int, row: bytes, **chunks: bytes) -> bytes:
    """A PNG of 4 x 4 pixels, all rows equal, with chunks before the pixels."""
    header = struct.pack(">IIBBBBB", 4, 4, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(kind.encode(), data) for kind, data in chunks.items())
        + chunk(b"IDAT", zlib.compress((b"\0" + row) * 4))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("bits", "colour", "row", "key", "expected"),
    [
        (8, 2, bytes([1, 2, 3, 9, 9, 9] * 2), (1, 2, 3), [255, 9, 255, 9]),
        (16, 2, struct.pack(">12H", *[512, 0, 0, 2304, 0, 0] * 2), (512, 0, 0), [255, 9, 255, 9]),
        (8, 0, bytes([1, 9, 1, 9]), (1,), [255, 9, 255, 9]),
        (2, 0, bytes([0b00011011]), (1,), [0, 255, 170, 255]),
        (4, 0, bytes([0x12, 0x12]), (2,), [17, 255, 17, 255]),
        (1, 0, bytes([0b01010000]), (0,), [255, 255, 255, 255]),
        (16, 0, struct.pack(">4H", 257, 65535, 514, 0), (514,), [1, 255, 255, 0]),
    ],
)
def test_a_transparent_colour_is_white(
    bits: int, colour: int, row: bytes, key: tuple[int, ...], expected: list[int]
) -> None:
    made = good(png_of(bits, colour, row, tRNS=struct.pack(f">{len(key)}H", *key)), 4)
    assert made.pixels[0, :, 0].tolist() == expected
    assert made.conversions


def ramp(top: int) -> np.ndarray:
    return np.linspace(0, top, 64).astype(np.uint16).reshape(8, 8)


@pytest.mark.parametrize(
    ("top", "white"), [(0, 255), (255, 255), (256, 1023), (4095, 4095), (4096, 16383)]
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_the_white_of_deep_grey_is_that_of_the_smallest_range(
    top: int, white: int, kind: str
) -> None:
    raw = encoded(Image.fromarray(ramp(top)), kind)
    made = good(raw)
    assert made.white == white_needed(raw) == white
    np.testing.assert_array_equal(made.pixels[..., 0], np.rint(ramp(top) * (255 / white)))
    told = decode(raw, 8, "crop", 65535)
    assert isinstance(told, Decoded)
    np.testing.assert_array_equal(told.pixels[..., 0], np.rint(ramp(top) / 257))


def test_what_files_declare_is_a_lower_bound_of_their_white() -> None:
    row = struct.pack(">4H", 0, 9, 99, 300)
    assert good(png_of(16, 0, row), 4).white == 1023
    assert good(png_of(16, 0, row, sBIT=b"\x0c"), 4).white == 4095
    for tag in (281, 341):
        raw = encoded(Image.fromarray(ramp(300)), "TIFF", tiffinfo={tag: 4000})
        assert good(raw).white == 4095
    assert good(encoded(Image.fromarray(ramp(5000)), "TIFF", tiffinfo={281: 300})).white == 16383


def test_formats_that_fix_their_white() -> None:
    values = bytes([0x12, 0x3F, 0xFF, 0x00]) * 1  # 12 bits each, without gaps
    tags = {256: 4, 257: 1, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 6}
    ifd = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items()
    )
    pixels = values[:3] + bytes([0x00, 0x0F, 0xFF])
    raw = b"II*\0" + struct.pack("<I", 14) + pixels + ifd + bytes(4)
    made = good(raw, 4, "squash")
    assert made.white is None
    assert made.pixels[0, :, 0].tolist() == [round(0x123 / 4095 * 255), 255, 0, 255]
    pgm = b"P5 2 1 1023\n" + struct.pack(">2H", 1023, 0)
    assert good(pgm, 2, "squash").pixels[0, :, 0].tolist() == [255, 0]


def test_dark_16_bit_colour_is_counted() -> None:
    for top, told in ((4095, (DARK,)), (65535, ())):
        row = struct.pack(">12H", *range(0, top, top // 11))
        assert good(png_of(16, 2, row), 4).conversions == told


def test_grey_whose_zero_is_white() -> None:
    made = good(encoded(Image.fromarray(ramp(65535)), "TIFF", tiffinfo={262: 0}))
    np.testing.assert_array_equal(made.pixels[..., 0], np.rint((65535 - ramp(65535)) / 257))


@pytest.mark.parametrize("value", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_none(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert good(encoded(pixels(3, 8, 8), exif=exif)).conversions == ()


def test_damaged_metadata_do_not_make_pixels_unusable() -> None:
    exif = b"Exif\0\0MM\0*" + b"\xff" * 8
    assert good(encoded(pixels(3, 8, 8), "JPEG", exif=exif)).conversions == ()


def test_eps_is_never_run() -> None:
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"
    assert str(decode(eps, 8, "crop")).startswith("EPS")


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
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
    reason = decode(bomb, 8, "crop")
    assert isinstance(reason, str)
    assert reason.startswith("too large")


def test_heic_is_decoded_where_the_extra_is_installed(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    pixels = np.full((24, 32, 3), (200, 40, 90), np.uint8)
    image = heif.from_pillow(Image.fromarray(pixels))
    image.save(tmp_path / "photo.heic", quality=95)
    decoded = decode((tmp_path / "photo.heic").read_bytes(), 16, "crop")
    assert isinstance(decoded, Decoded)
    assert np.abs(decoded.pixels.astype(int) - pixels[0, 0]).max() < 12
    assert len(find(str(tmp_path), "train")) == 1
