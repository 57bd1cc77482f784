"""Good images of every kind: modes, turns, sizes, pages, JPEG options and names."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from tests.odd_images.maker import ACCEPTED, RGB, SIDE, WRITERS, Maker, OddImage, grey_of, saved
from tests.odd_images.raw import bombs, png

TURNED = {
    2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2), 8: lambda a: np.rot90(a),
}  # fmt: skip


def modes(make: Maker) -> Iterator[OddImage]:
    """Every mode by every writer that takes it, under its extension and under .png."""
    modes = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")
    for mode in (*modes, "La", "RGBa", "I", "I;16", "I;16B", "F"):
        for kind, (extension, options) in WRITERS.items():
            image, looks = make.image(mode)
            data = saved(image, kind, **options)
            if data is None:
                continue
            lossy = kind in ("JPEG", "AVIF", "MPO") or mode in ("La", "RGBa", "HSV", "LAB")
            mixed = kind in ("WEBP", "GIF", "ICO", "PALM", "IM", "DDS", "JPEG2000", "SGI")
            right = looks if not (lossy or (mixed and mode not in ("L", "RGB"))) else None
            if kind in ("BMP", "DIB", "PPM") and mode == "RGBA":
                right = np.asarray(image)[..., :3]  # their alpha is not kept
            if kind in ("GIF", "PALM") and mode == "RGB":
                right = None  # a palette of its own
            grey = np.asarray(image).astype(int) if mode.startswith("I") else None
            if kind in ("PPM", "JPEG2000", "IM") and grey is not None:
                right, grey = grey_of(np.rint(grey / 257)), None
            if kind not in ("PNG", "TIFF", "PPM", "JPEG2000", "IM") or "B" in mode:
                grey = None  # written as 8 bits
            if kind == "ICNS" or (kind == "JPEG2000" and mode == "I;16B"):
                right = None  # resized, or of swapped bytes, by the writer
            name = f"{mode.replace(';', '')}-{kind}"
            tolerance = 3 if mode in ("CMYK", "YCbCr", "LA", "RGBA") else 1
            yield OddImage(f"{name}.{extension}", data, right, tolerance, grey)
            if extension not in ACCEPTED:
                yield OddImage(f"{name}-as.png", data, right, tolerance, grey)


def rotations(make: Maker) -> Iterator[OddImage]:
    """EXIF orientations, those that do not exist among them."""
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        for turn in (*range(11), 255, 65535):
            pixels = make.array(3)
            exif = Image.Exif()
            exif[0x0112] = turn
            options = {"exif": exif} | WRITERS[kind][1]
            lossy = kind in ("JPEG", "AVIF")
            if lossy:
                options |= {"quality": 100, "subsampling": 0 if kind == "JPEG" else "4:4:4"}
            data = saved(Image.fromarray(pixels.astype(np.uint8)), kind, **options)
            if data is None:
                continue
            right = TURNED[turn](pixels) if 2 <= turn <= 8 else pixels
            name = f"turned-{turn}.{WRITERS[kind][0]}"
            yield OddImage(name, data, right, 8 if lossy else 0)


def sizes(make: Maker) -> Iterator[OddImage]:
    """One pixel, very long, very large, and headers that claim more than there is."""
    for width, height in (
        (1, 1),
        (1, 2),
        (2, 1),
        (1, 10_000),
        (10_000, 1),
        (3, 5000),
        (17, 15),
    ):
        for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"):
            image = Image.new("RGB", (width, height), (40, 80, 120))
            data = saved(image, kind, **WRITERS[kind][1])
            right = np.full((SIDE, SIDE, 3), (40, 80, 120)) if kind != "GIF" else None
            name = f"{width}x{height}.{WRITERS[kind][0]}"
            if data is not None:
                yield OddImage(name, data, right, 4)
    large = Image.new("1", (9000, 9000), 1)
    yield OddImage("large.png", saved(large, "PNG") or b"", np.full((SIDE, SIDE, 3), 255))
    yield from bombs()


def pages(make: Maker) -> Iterator[OddImage]:
    """Animations and files of several pictures: the first one is used."""
    frames = [Image.fromarray(make.array(3).astype(np.uint8)) for _ in range(4)]
    for kind in ("PNG", "WEBP", "AVIF", "MPO", "GIF"):
        options: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
        data = saved(frames[0], kind, **options, **WRITERS[kind][1])
        right = np.asarray(frames[0]).astype(int) if kind in ("PNG", "WEBP") else None
        if data is not None:
            extension = WRITERS[kind][0] if WRITERS[kind][0] in ACCEPTED else "jpg"
            yield OddImage(f"frames-{kind}.{extension}", data, right)
            yield OddImage(f"frames-cut-{kind}.{extension}", data[: len(data) * 9 // 10])


def jpegs(make: Maker) -> Iterator[OddImage]:
    """JPEG by what encoders do, with profiles and large metadata."""
    profile = make.rng.bytes(400_000)
    for name, options in (
        ("progressive", {"progressive": True}), ("optimized", {"optimize": True}),
        ("444", {"subsampling": 0}), ("422", {"subsampling": 1}), ("420", {"subsampling": 2}),
        ("quality-1", {"quality": 1}), ("quality-100", {"quality": 100}),
        ("restarts", {"restart_marker_blocks": 1}), ("profile", {"icc_profile": profile}),
        ("comment", {"comment": b"x" * 60_000}), ("exif", {"exif": b"Exif\0\0" + b"x" * 60_000}),
        ("rgb", {"keep_rgb": True}), ("xmp", {"xmp": b"<x" * 20_000}),
    ):  # fmt: skip
        for mode in ("RGB", "L", "CMYK"):
            data = saved(make.image(mode)[0], "JPEG", **options)
            if data is not None:
                yield OddImage(f"{name}-{mode}.jpg", data, _by_torchvision(data), 4)
    for extra in (b"\xff", b"\0" * 999, b"\xff\xd8\xff\xe0"):
        data = saved(make.image("RGB")[0], "JPEG") or b""
        yield OddImage(f"after-{len(extra)}.jpg", data + extra, _by_torchvision(data), 4)


def names(make: Maker) -> Iterator[OddImage]:
    """Good images under names that break what is careless with them."""
    for name in (
        "with space.png", " leading.png", "trailing .png",
        "Müll größer 垃圾 🗑.png", "new\nline.png",
        "tab\t.png", "x" * 251 + ".png", "-rf.png", "--help.png", "100%.png", "%s%d.png",
        "[a-z].png", "[red]x[/red].png", "{0}.png", "a'b\".png", "back\\slash.png", "$HOME.png",
        "*.png", "?.png", "a;b,c.png", "#1.png", "~.png", "x.jpg.png", "UPPER.PNG", "\u202egnp.png",
        "\x1b[31m.png", "e\u0301.png", "\u00e9.png", "\udcff\udcfe.png", "dot..png", "&amp;<b>.png",
        "con.png", "a/b/c/d/deep.png", "x.png/inside.png",
    ):  # fmt: skip
        pixels = make.array(3)
        yield OddImage(name, png(pixels, 8), pixels)


def _by_torchvision(data: bytes) -> RGB:
    """A JPEG as another library decodes it."""
    from torch import frombuffer, uint8
    from torchvision.io import ImageReadMode, decode_jpeg

    pixels = decode_jpeg(frombuffer(bytearray(data), dtype=uint8), ImageReadMode.RGB)
    return pixels.permute(1, 2, 0).numpy()
