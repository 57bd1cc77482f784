"""Bytes become an image to keep, or the reason why not."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from datayield.collect.class_folders import class_folder
from datayield.collect.image_check import CheckedImage, Unusable, check_image
from tests.data.made import encoded, pixels


def kept(raw: bytes, size: int | None = 8) -> CheckedImage:
    image = check_image(raw, size, 1)
    assert isinstance(image, CheckedImage), image
    return image


def test_what_needs_no_change_keeps_its_bytes() -> None:
    raw = encoded(pixels(0, 8, 12), "JPEG")
    image = kept(raw)
    assert (image.data, image.extension) == (raw, ".jpg")
    assert (image.width, image.height) == (image.original_width, image.original_height) == (12, 8)
    assert image.sha256 == hashlib.sha256(raw).hexdigest()
    assert kept(encoded(pixels(0, 4, 6)), 8).width == 6  # never enlarged


def test_the_shorter_side_is_what_is_wanted() -> None:
    image = kept(encoded(pixels(0, 60, 40)))
    assert (image.width, image.height) == (8, 12)
    assert (image.original_width, image.original_height) == (40, 60)
    assert Image.open(io.BytesIO(image.data)).size == (8, 12)
    assert kept(encoded(pixels(0, 60, 40)), None).width == 40


def test_it_is_made_upright_and_white_behind() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = kept(encoded(Image.fromarray(pixels(0, 20, 30)), "JPEG", exif=exif), None)
    assert (turned.width, turned.height) == (20, 30)
    clear = Image.new("RGBA", (9, 9), (255, 0, 0, 0))
    image = kept(encoded(clear), None)
    assert np.asarray(Image.open(io.BytesIO(image.data))).min() == 255


def test_pixels_are_known_in_any_lossless_file() -> None:
    one, other = encoded(pixels(3)), encoded(pixels(3), "BMP")
    assert kept(one).pixels_sha256 == kept(other).pixels_sha256
    assert kept(one).sha256 != kept(other).sha256
    assert kept(other, None).extension == ".png"


def test_grey_of_16_bits_keeps_its_range() -> None:
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    image = kept(encoded(Image.fromarray(ramp)), 32)
    shades = np.asarray(Image.open(io.BytesIO(image.data)))
    assert shades.min() < 5
    assert shades.max() > 250
    assert 120 < shades.mean() < 136


@pytest.mark.parametrize(
    ("raw", "fate"),
    [
        (b"", "not an image"),
        (b"<html>", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (encoded(pixels(0, 50, 50), "JPEG")[:900], "damaged"),
        (encoded(pixels(0, 4, 40)), "too small"),
    ],
)
def test_what_is_unusable_says_why(raw: bytes, fate: str) -> None:
    unusable = check_image(raw, 8, 5)
    assert isinstance(unusable, Unusable)
    assert unusable.fate == fate
    assert unusable.detail


@pytest.mark.parametrize(
    ("label", "folder"),
    [
        (None, "images"),
        ("sea anemone", "images/sea anemone"),
        ("Löwe", "images/Löwe"),
        ("a/../b", "images/a____b-"),
        ("train", "images/train-"),
        (".", "images/_-"),
        ("x" * 300, "images/" + "x" * 80 + "-"),
    ],
)
def test_the_folder_of_a_class(label: str | None, folder: str) -> None:
    made = class_folder(label)
    if folder.endswith("-"):
        assert made.startswith(folder)
        assert len(made) == len(folder) + 6
    else:
        assert made == folder
