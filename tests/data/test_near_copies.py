"""Planted near copies are found, and images that are only alike are not."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from datayield.data.catalog import find
from datayield.data.near_copies import looks_of, near_copies
from datayield.data.source import Source
from tests.data.made import write

pytest.importorskip("imagehash")


def scene(number: int) -> Image.Image:
    """A smooth random picture: 6 x 6 colours, enlarged and blurred."""
    rng = np.random.default_rng(number)
    small = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return small.resize((96, 96), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1))


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


COPIES = {
    "resized": lambda image: encoded(image.resize((40, 40))),
    "encoded": lambda image: encoded(image, "JPEG", quality=40),
    "mirrored": lambda image: encoded(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "brighter": lambda image: encoded(image.point(lambda v: min(255, round(1.1 * v + 5)))),
}


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """100 scenes, none a copy of another."""
    root = tmp_path_factory.mktemp("pool")
    return find(str(write(root, {f"{i:03}.png": encoded(scene(i)) for i in range(100)})), "train")


def test_different_images_are_no_copies(pool: Source) -> None:
    assert list(near_copies(looks_of(pool))) == []


@pytest.mark.parametrize("kind", COPIES)
def test_planted_copies_are_found(pool: Source, tmp_path: Path, kind: str) -> None:
    made = {f"{i:03}.jpg": COPIES[kind](scene(i)) for i in range(20, 40)}
    other = find(str(write(tmp_path, made)), "train")
    pairs = list(near_copies(looks_of(pool), looks_of(other)))
    assert [(p.one, p.other) for p in sorted(pairs)] == [(20 + i, i) for i in range(20)]
    assert {p.mirrored for p in pairs} == {kind == "mirrored"}


def test_an_even_image_is_like_no_other(tmp_path: Path) -> None:
    grey = {f"{i}.png": encoded(Image.new("RGB", (32, 32), (i, i, i))) for i in range(0, 200, 20)}
    assert list(near_copies(looks_of(find(str(write(tmp_path, grey)), "train")))) == []
