"""Makers of odd images, each with its right answer where there is one. See `generated_images`."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

SIDE = 16
RGB = np.ndarray[Any, np.dtype[Any]]
ACCEPTED = ("png", "jpg", "tif", "bmp", "gif", "webp", "avif", "jp2", "ppm", "tga")


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


class Makers:
    """All kinds of odd images from one seed."""

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
            return Image.fromarray(array), None if looks is None else _grey(looks)
        if mode in ("P", "PA"):
            index, palette = self.array(1, 31)[..., 0], self.rng.integers(0, 256, (256, 3))
            image = Image.fromarray(index.astype(np.uint8)).convert("L")
            image = Image.frombytes("P", image.size, image.tobytes())
            image.putpalette(palette.astype(np.uint8).tobytes())
            return (image, palette[index]) if mode == "P" else (image.convert("PA"), palette[index])
        bands = len(Image.new(mode, (1, 1)).getbands())
        values = self.array(bands)
        if mode == "1":
            return Image.fromarray(values[..., 0] > 127), _grey((values[..., 0] > 127) * 255)
        image = Image.frombytes(mode, (SIDE, SIDE), values.astype(np.uint8).tobytes())
        return image, _looks(mode, values)

    def modes(self) -> Iterator[OddImage]:
        """Every mode by every writer that takes it, under its extension and under .png."""
        modes = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV")
        for mode in (*modes, "La", "RGBa", "I", "I;16", "I;16B", "F"):
            for kind, (extension, options) in WRITERS.items():
                image, looks = self.image(mode)
                data = _saved(image, kind, **options)
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
                    right, grey = _grey(np.rint(grey / 257)), None
                if kind not in ("PNG", "TIFF", "PPM", "JPEG2000", "IM") or "B" in mode:
                    grey = None  # written as 8 bits
                if kind == "ICNS" or (kind == "JPEG2000" and mode == "I;16B"):
                    right = None  # resized, or of swapped bytes, by the writer
                name = f"{mode.replace(';', '')}-{kind}"
                tolerance = 3 if mode in ("CMYK", "YCbCr", "LA", "RGBA") else 1
                yield OddImage(f"{name}.{extension}", data, right, tolerance, grey)
                if extension not in ACCEPTED:
                    yield OddImage(f"{name}-as.png", data, right, tolerance, grey)

    def rotations(self) -> Iterator[OddImage]:
        """EXIF orientations, those that do not exist among them."""
        for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
            for turn in (*range(11), 255, 65535):
                pixels = self.array(3)
                exif = Image.Exif()
                exif[0x0112] = turn
                options = {"exif": exif} | WRITERS[kind][1]
                lossy = kind in ("JPEG", "AVIF")
                if lossy:
                    options |= {"quality": 100, "subsampling": 0 if kind == "JPEG" else "4:4:4"}
                data = _saved(Image.fromarray(pixels.astype(np.uint8)), kind, **options)
                if data is None:
                    continue
                right = TURNED[turn](pixels) if 2 <= turn <= 8 else pixels
                name = f"turned-{turn}.{WRITERS[kind][0]}"
                yield OddImage(name, data, right, 8 if lossy else 0)

    def truncated(self) -> Iterator[OddImage]:
        """Files that end early, and files with bytes changed."""
        for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "AVIF", "JPEG2000", "TGA", "PPM"):
            extension, options = WRITERS[kind]
            data = _saved(self.image("RGB")[0].resize((64, 48)), kind, **options)
            if data is None:
                continue
            for share in (0.0, 0.02, 0.1, 0.5, 0.9, 0.999):
                yield OddImage(f"cut-{share}.{extension}", data[: max(1, int(len(data) * share))])
            for i in range(8):
                harmed = bytearray(data)
                for at in self.rng.integers(0, len(data) if i else 40, 1 + 4 * i):
                    harmed[at] = self.rng.integers(256)
                yield OddImage(f"harmed-{i}.{extension}", bytes(harmed))

    def foreign(self) -> Iterator[OddImage]:
        """What is no image, or another image than its extension says."""
        for extension in ACCEPTED:
            yield OddImage(f"zero.{extension}", b"")
            yield OddImage(f"random.{extension}", self.rng.bytes(5000))
        for name, data in (
            ("page.jpg", b"<!DOCTYPE html><html>404</html>"), ("zip.png", b"PK\3\4" + bytes(99)),
            ("svg.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>'), ("nul.bmp", bytes(4096)),
            ("drawn.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"),
            ("film.gif", b"\0\0\1\xba" + bytes(99)), ("photo.heic", b"\0\0\0\x18ftypheic" + bytes(99)),
            ("raw.dng", b"II*\0\x08\0\0\0"), ("new.jxl", b"\xff\x0a"), ("notes.txt", b"words"),
            ("noextension", b"\xff\xd8"), ("loop.tif", b"II*\0\x08\0\0\0\0\0\x08\0\0\0"),
        ):  # fmt: skip
            yield OddImage(name, data)
        for kind, other in (("JPEG", "png"), ("PNG", "jpg"), ("BMP", "gif"), ("GIF", "JPG")):
            pixels, extension = self.array(3).astype(np.uint8), f"{kind.lower()}-as.{other}"
            right = None if kind in ("JPEG", "GIF") else pixels
            yield OddImage(extension, _saved(Image.fromarray(pixels), kind) or b"", right)

    def chunks(self) -> Iterator[OddImage]:
        """PNG files with odd chunks, interlaced, of few and of many bits."""
        pixels = self.array(3).astype(np.uint8)
        key = pixels[0, 0]
        gone = np.where((pixels == key).all(-1, keepdims=True), 255, pixels)
        packed = zlib.compress(bytes(3000))
        for name, extra, right in (
            ("trns", [(b"tRNS", struct.pack(">3H", *key))], gone),
            ("trns-short", [(b"tRNS", b"\0")], None),
            ("trns-long", [(b"tRNS", struct.pack(">3H", *key) + bytes(90))], gone),
            ("trns-absent", [(b"tRNS", struct.pack(">3H", 65535, 65535, 65535))], None),
            ("gama", [(b"gAMA", struct.pack(">I", 100000))], pixels),
            ("gama-zero", [(b"gAMA", bytes(4))], pixels),
            ("iccp-broken", [(b"iCCP", b"x\0\0broken")], pixels),
            ("iccp-empty", [(b"iCCP", b"")], None),
            ("iccp-bomb", [(b"iCCP", b"x\0\0" + zlib.compress(bytes(80_000_000)))], None),
            ("ztxt-bomb", [(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000)))], None),
            ("text-large", [(b"tEXt", b"k\0" + b"x" * 900_000)], pixels),
            ("itxt", [(b"iTXt", b"k\0\0\0\0\0" + "ü漢".encode())], pixels),
            ("itxt-broken", [(b"iTXt", b"k\0\1\0\0\0" + packed[:9])], pixels),
            ("exif-broken", [(b"eXIf", b"MM\0*\xff\xff\xff\xff")], pixels),
            ("exif-empty", [(b"eXIf", b"")], pixels),
            ("phys", [(b"pHYs", bytes(9))], pixels),
            ("actl-zero", [(b"acTL", bytes(8))], pixels),
            ("actl-huge", [(b"acTL", b"\x7f" * 8)], None),
            ("private", [(b"prIv", bytes(99))] * 500, pixels),
            ("unknown", [(b"abcd", b"x")], pixels),
            ("critical", [(b"ABCD", b"x")], None),
            ("palette", [(b"PLTE", bytes(30))], pixels),
        ):
            yield OddImage(f"chunk-{name}.png", png(pixels, 8, extra), right)
        whole = png(pixels, 8)
        yield OddImage("after-end.png", whole + bytes(500), pixels)
        yield OddImage("no-end.png", whole[:-12], pixels)
        yield OddImage("wrong-sum.png", whole[:-5] + b"x" + whole[-4:], None)
        yield OddImage("many-idat.png", png(pixels, 8, split=7), pixels)
        yield OddImage("interlaced.png", png(pixels, 8, interlaced=True), pixels)
        for bits in (1, 2, 4, 8, 16):
            grey = self.array(1, 2**bits - 1)[..., 0]
            right = _grey(np.rint(grey * (255 / (2**bits - 1)))) if bits < 16 else None
            deep = grey if bits == 16 else None
            yield OddImage(f"grey-{bits}.png", png(grey, bits), right, 0, deep)
            clear = struct.pack(">H", grey[0, 0])
            cut = None if right is None else np.where((grey == grey[0, 0])[..., None], 255, right)
            data = png(grey, bits, [(b"tRNS", clear)])
            yield OddImage(f"grey-{bits}-clear.png", data, cut)
        for bits in (9, 10, 11, 12, 13, 14, 15):
            grey = self.array(1, 2**bits - 1)[..., 0]
            told = [(b"sBIT", bytes([bits]))] if bits % 2 else []
            yield OddImage(f"grey-{bits}-in-16.png", png(grey, 16, told), None, 0, grey)
        deep = self.array(3, 65535)
        yield OddImage("colour-16.png", png(deep, 16), deep // 257, 1)

    def tiffs(self) -> Iterator[OddImage]:
        """TIFF by compression, byte order, depth, tags and pages."""
        pixels = self.array(3).astype(np.uint8)
        image, ways = Image.fromarray(pixels), ("raw", "tiff_lzw", "packbits", "tiff_deflate")
        for way in (*ways, "tiff_adobe_deflate", "jpeg", "zstd", "lzma", "webp"):
            right = None if way in ("jpeg", "webp") else pixels
            yield OddImage(f"{way}.tif", _saved(image, "TIFF", compression=way) or b"", right)
        for way in ("group3", "group4", "tiff_ccitt"):
            one, looks = self.image("1")
            yield OddImage(f"{way}.tif", _saved(one, "TIFF", compression=way) or b"", looks)
        yield OddImage("big.tif", _saved(image, "TIFF", big_tiff=True) or b"", pixels)
        more = [image.rotate(90 * i) for i in (1, 2)]
        for way in ("raw", "tiff_lzw"):
            options = {"save_all": True, "append_images": more, "compression": way}
            yield OddImage(f"pages-{way}.tif", _saved(image, "TIFF", **options) or b"", pixels)
        for tag, value in ((281, 1023), (341, 4095), (281, 65535), (341, 0), (280, 5)):
            grey = self.array(1, 1000)[..., 0].astype(np.uint16)
            data = _saved(Image.fromarray(grey), "TIFF", tiffinfo={tag: value}) or b""
            yield OddImage(f"tag-{tag}-{value}.tif", data, None, 0, grey.astype(int))
        share = self.array(1, 1000)[..., 0] / 1000
        for name, values in (
            ("half", share * 0.5), ("percent", share * 100), ("negative", share - 0.5),
            ("nan", np.where(share > 0.5, np.nan, share)), ("inf", share * np.inf),
        ):  # fmt: skip
            right = _grey(np.rint(values * 255)) if name == "half" else None
            data = _saved(Image.fromarray(values.astype(np.float32)), "TIFF") or b""
            yield OddImage(f"float-{name}.tif", data, right, 1)
        for name, values in (("signed", [-5, 9]), ("huge", [0, 2**30]), ("large", [0, 70_000])):
            array = np.array([values * 8] * 16, np.int32)
            yield OddImage(f"int-{name}.tif", _saved(Image.fromarray(array), "TIFF") or b"")
        twelve = self.array(1, 4095)[..., 0]
        bits = np.unpackbits(twelve.astype(">u2").view(np.uint8).reshape(-1, 2), axis=1)[:, 4:]
        data = tiff(np.packbits(bits).tobytes(), 12)
        yield OddImage("twelve.tif", data, _grey(np.rint(twelve * 255 / 4095)))
        for photometric in (0, 1):
            grey = self.array(1)[..., 0]
            looks = _grey(grey if photometric else 255 - grey)
            data = tiff(grey.astype(np.uint8).tobytes(), 8, photometric)
            yield OddImage(f"zero-is-{photometric}.tif", data, looks)

    def sizes(self) -> Iterator[OddImage]:
        """One pixel, very long, very large, and headers that claim more than there is."""
        for width, height in ((1, 1), (1, 2), (2, 1), (1, 10_000), (10_000, 1), (3, 5000), (17, 15)):
            for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"):
                image = Image.new("RGB", (width, height), (40, 80, 120))
                data = _saved(image, kind, **WRITERS[kind][1])
                right = np.full((SIDE, SIDE, 3), (40, 80, 120)) if kind != "GIF" else None
                name = f"{width}x{height}.{WRITERS[kind][0]}"
                if data is not None:
                    yield OddImage(name, data, right, 4)
        large = Image.new("1", (9000, 9000), 1)
        yield OddImage("large.png", _saved(large, "PNG") or b"", np.full((SIDE, SIDE, 3), 255))
        yield from bombs()

    def pages(self) -> Iterator[OddImage]:
        """Animations and files of several pictures: the first one is used."""
        frames = [Image.fromarray(self.array(3).astype(np.uint8)) for _ in range(4)]
        for kind in ("PNG", "WEBP", "AVIF", "MPO", "GIF"):
            options: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
            data = _saved(frames[0], kind, **options, **WRITERS[kind][1])
            right = np.asarray(frames[0]).astype(int) if kind in ("PNG", "WEBP") else None
            if data is not None:
                extension = WRITERS[kind][0] if WRITERS[kind][0] in ACCEPTED else "jpg"
                yield OddImage(f"frames-{kind}.{extension}", data, right)
                yield OddImage(f"frames-cut-{kind}.{extension}", data[: len(data) * 9 // 10])

    def jpegs(self) -> Iterator[OddImage]:
        """JPEG by what encoders do, with profiles and large metadata."""
        profile = self.rng.bytes(400_000)
        for name, options in (
            ("progressive", {"progressive": True}), ("optimized", {"optimize": True}),
            ("444", {"subsampling": 0}), ("422", {"subsampling": 1}), ("420", {"subsampling": 2}),
            ("quality-1", {"quality": 1}), ("quality-100", {"quality": 100}),
            ("restarts", {"restart_marker_blocks": 1}), ("profile", {"icc_profile": profile}),
            ("comment", {"comment": b"x" * 60_000}), ("exif", {"exif": b"Exif\0\0" + b"x" * 60_000}),
            ("rgb", {"keep_rgb": True}), ("xmp", {"xmp": b"<x" * 20_000}),
        ):  # fmt: skip
            for mode in ("RGB", "L", "CMYK"):
                data = _saved(self.image(mode)[0], "JPEG", **options)
                if data is not None:
                    yield OddImage(f"{name}-{mode}.jpg", data, _by_torchvision(data), 4)
        for extra in (b"\xff", b"\0" * 999, b"\xff\xd8\xff\xe0"):
            data = _saved(self.image("RGB")[0], "JPEG") or b""
            yield OddImage(f"after-{len(extra)}.jpg", data + extra, _by_torchvision(data), 4)

    def names(self) -> Iterator[OddImage]:
        """Good images under names that break what is careless with them."""
        for name in (
            "with space.png", " leading.png", "trailing .png", "Müll größer 垃圾 🗑.png", "new\nline.png",
            "tab\t.png", "x" * 251 + ".png", "-rf.png", "--help.png", "100%.png", "%s%d.png",
            "[a-z].png", "[red]x[/red].png", "{0}.png", "a'b\".png", "back\\slash.png", "$HOME.png",
            "*.png", "?.png", "a;b,c.png", "#1.png", "~.png", "x.jpg.png", "UPPER.PNG", "\u202egnp.png",
            "\x1b[31m.png", "e\u0301.png", "\u00e9.png", "\udcff\udcfe.png", "dot..png", "&amp;<b>.png",
            "con.png", "a/b/c/d/deep.png", "x.png/inside.png",
        ):  # fmt: skip
            pixels = self.array(3)
            yield OddImage(name, png(pixels, 8), pixels)


def every(seed: int) -> list[OddImage]:
    """All of them, names made different; always the same for a seed."""
    makers, seen, made = Makers(seed), set[str](), list[OddImage]()
    for maker in (
        makers.modes, makers.rotations, makers.truncated, makers.foreign, makers.chunks,
        makers.tiffs, makers.sizes, makers.pages, makers.jpegs, makers.names,
    ):  # fmt: skip
        for odd in maker():
            name = odd.name if maker == makers.names else f"{maker.__name__}-{odd.name}"
            assert name not in seen, name
            seen.add(name)
            made.append(odd._replace(name=name))
    return made


WRITERS: dict[str, tuple[str, dict[str, Any]]] = {
    "PNG": ("png", {}), "TIFF": ("tif", {}), "BMP": ("bmp", {}), "GIF": ("gif", {}),
    "WEBP": ("webp", {"lossless": True, "exact": True}), "TGA": ("tga", {}), "PPM": ("ppm", {}),
    "JPEG": ("jpg", {}), "AVIF": ("avif", {}), "JPEG2000": ("jp2", {}), "ICO": ("ico", {}),
    "PCX": ("pcx", {}), "IM": ("im", {}), "SGI": ("sgi", {}), "MSP": ("msp", {}),
    "XBM": ("xbm", {}), "QOI": ("qoi", {}), "DDS": ("dds", {}), "DIB": ("dib", {}),
    "MPO": ("mpo", {}), "PALM": ("palm", {}), "ICNS": ("icns", {}), "BLP": ("blp", {}),
}  # fmt: skip
TURNED = {
    2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2), 8: lambda a: np.rot90(a),
}  # fmt: skip


def _grey(values: RGB) -> RGB:
    return np.repeat(values[..., None].astype(int), 3, axis=2)


def _looks(mode: str, values: RGB) -> RGB | None:
    """8-bit bands on white, by formula."""
    v = values.astype(float)
    if mode == "L":
        return _grey(values[..., 0])
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


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes | None:
    """An encoded image; None where the writer does not take its mode or an option."""
    out = io.BytesIO()
    try:
        image.save(out, kind, **options)
    except (OSError, ValueError, KeyError, RuntimeError, SystemError, TypeError):
        return None
    return out.getvalue()


def _by_torchvision(data: bytes) -> RGB:
    """A JPEG as another library decodes it."""
    from torch import frombuffer, uint8
    from torchvision.io import ImageReadMode, decode_jpeg

    pixels = decode_jpeg(frombuffer(bytearray(data), dtype=uint8), ImageReadMode.RGB)
    return pixels.permute(1, 2, 0).numpy()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    values: RGB,
    bits: int,
    extra: list[tuple[bytes, bytes]] | None = None,
    *,
    split: int = 1,
    interlaced: bool = False,
) -> bytes:
    """Grey [H, W] or colour [H, W, 3] as a PNG, without a library."""
    height, width = values.shape[:2]
    passes = [values]
    if interlaced:
        ways = ((0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2))
        passes = [values[a::b, c::d] for a, b, c, d in (*ways, (1, 2, 0, 1))]
    rows = b"".join(b"\0" + _row(row, bits) for part in passes for row in part)
    body, step = zlib.compress(rows), 1 + len(zlib.compress(rows)) // split
    colour = 2 if values.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + b"".join(_chunk(*each) for each in extra or [])
        + b"".join(_chunk(b"IDAT", body[i : i + step]) for i in range(0, len(body), step))
        + _chunk(b"IEND", b"")
    )


def _row(row: RGB, bits: int) -> bytes:
    if bits >= 8:
        return row.astype(">u2" if bits == 16 else np.uint8).tobytes()
    each = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :]
    return np.packbits(each).tobytes()


def tiff(pixels: bytes, bits: int, photometric: int = 1) -> bytes:
    """Grey of SIDE x SIDE pixels as a TIFF, without a library."""
    tags = {256: SIDE, 257: SIDE, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1}
    tags |= {278: SIDE, 279: len(pixels)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    start = struct.pack("<I", 8 + len(pixels))
    return b"II*\0" + start + pixels + struct.pack("<H", len(tags)) + entries + bytes(4)


def bombs() -> Iterator[OddImage]:
    """Headers that claim very many pixels."""
    for side in (9_500, 11_000, 30_000, 2**31 - 1):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        data = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(bytes(99)))
        yield OddImage(f"bomb-{side}.png", b"\x89PNG\r\n\x1a\n" + data)
        info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
        yield OddImage(f"bomb-{side}.bmp", b"BM" + struct.pack("<IHHI", 999, 0, 0, 54) + info)
        yield OddImage(f"bomb-{side}.ppm", f"P6 {side} {side} 255\n".encode() + bytes(99))
        short = struct.pack("<HH", min(side, 65535), min(side, 65535))
        yield OddImage(f"bomb-{side}.gif", b"GIF89a" + short + b"\0\0\0," + bytes(4) + short + b"\0\2")
        yield OddImage(f"bomb-{side}.tga", b"\0\0\2" + bytes(9) + short + b"\x18\0" + bytes(99))
        tags = {256: side, 257: side, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: side, 279: side}
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
        head = b"II*\0" + struct.pack("<IH", 8, len(tags))
        yield OddImage(f"bomb-{side}.tif", head + entries + bytes(4))
