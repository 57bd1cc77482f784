"""Files that are damaged, foreign, or have odd chunks and tags."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.odd_images.maker import ACCEPTED, WRITERS, Maker, OddImage, grey_of, saved
from tests.odd_images.raw import png, tiff


def truncated(make: Maker) -> Iterator[OddImage]:
    """Files that end early, and files with bytes changed."""
    for kind in ("JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "AVIF", "JPEG2000", "TGA", "PPM"):
        extension, options = WRITERS[kind]
        data = saved(make.image("RGB")[0].resize((64, 48)), kind, **options)
        if data is None:
            continue
        for share in (0.0, 0.02, 0.1, 0.5, 0.9, 0.999):
            yield OddImage(f"cut-{share}.{extension}", data[: max(1, int(len(data) * share))])
        for i in range(8):
            harmed = bytearray(data)
            for at in make.rng.integers(0, len(data) if i else 40, 1 + 4 * i):
                harmed[at] = make.rng.integers(256)
            yield OddImage(f"harmed-{i}.{extension}", bytes(harmed))


def foreign(make: Maker) -> Iterator[OddImage]:
    """What is no image, or another image than its extension says."""
    for extension in ACCEPTED:
        yield OddImage(f"zero.{extension}", b"")
        yield OddImage(f"random.{extension}", make.rng.bytes(5000))
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
        pixels, extension = make.array(3).astype(np.uint8), f"{kind.lower()}-as.{other}"
        right = None if kind in ("JPEG", "GIF") else pixels
        yield OddImage(extension, saved(Image.fromarray(pixels), kind) or b"", right)


def chunks(make: Maker) -> Iterator[OddImage]:
    """PNG files with odd chunks, interlaced, of few and of many bits."""
    pixels = make.array(3).astype(np.uint8)
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
        grey = make.array(1, 2**bits - 1)[..., 0]
        right = grey_of(np.rint(grey * (255 / (2**bits - 1)))) if bits < 16 else None
        deep = grey if bits == 16 else None
        yield OddImage(f"grey-{bits}.png", png(grey, bits), right, 0, deep)
        clear = struct.pack(">H", grey[0, 0])
        cut = None if right is None else np.where((grey == grey[0, 0])[..., None], 255, right)
        data = png(grey, bits, [(b"tRNS", clear)])
        yield OddImage(f"grey-{bits}-clear.png", data, cut)
    for bits in (9, 10, 11, 12, 13, 14, 15):
        grey = make.array(1, 2**bits - 1)[..., 0]
        told = [(b"sBIT", bytes([bits]))] if bits % 2 else []
        yield OddImage(f"grey-{bits}-in-16.png", png(grey, 16, told), None, 0, grey)
    deep = make.array(3, 65535)
    yield OddImage("colour-16.png", png(deep, 16), deep // 257, 1)


def tiffs(make: Maker) -> Iterator[OddImage]:
    """TIFF by compression, byte order, depth, tags and pages."""
    pixels = make.array(3).astype(np.uint8)
    image, ways = Image.fromarray(pixels), ("raw", "tiff_lzw", "packbits", "tiff_deflate")
    for way in (*ways, "tiff_adobe_deflate", "jpeg", "zstd", "lzma", "webp"):
        right = None if way in ("jpeg", "webp") else pixels
        yield OddImage(f"{way}.tif", saved(image, "TIFF", compression=way) or b"", right)
    for way in ("group3", "group4", "tiff_ccitt"):
        one, looks = make.image("1")
        yield OddImage(f"{way}.tif", saved(one, "TIFF", compression=way) or b"", looks)
    yield OddImage("big.tif", saved(image, "TIFF", big_tiff=True) or b"", pixels)
    more = [image.rotate(90 * i) for i in (1, 2)]
    for way in ("raw", "tiff_lzw"):
        options = {"save_all": True, "append_images": more, "compression": way}
        yield OddImage(f"pages-{way}.tif", saved(image, "TIFF", **options) or b"", pixels)
    for tag, value in ((281, 1023), (341, 4095), (281, 65535), (341, 0), (280, 5)):
        grey = make.array(1, 1000)[..., 0].astype(np.uint16)
        data = saved(Image.fromarray(grey), "TIFF", tiffinfo={tag: value}) or b""
        yield OddImage(f"tag-{tag}-{value}.tif", data, None, 0, grey.astype(int))
    share = make.array(1, 1000)[..., 0] / 1000
    for name, values in (
        ("half", share * 0.5), ("percent", share * 100), ("negative", share - 0.5),
        ("nan", np.where(share > 0.5, np.nan, share)), ("inf", share * np.inf),
    ):  # fmt: skip
        right = grey_of(np.rint(values * 255)) if name == "half" else None
        data = saved(Image.fromarray(values.astype(np.float32)), "TIFF") or b""
        yield OddImage(f"float-{name}.tif", data, right, 1)
    for name, values in (("signed", [-5, 9]), ("huge", [0, 2**30]), ("large", [0, 70_000])):
        array = np.array([values * 8] * 16, np.int32)
        yield OddImage(f"int-{name}.tif", saved(Image.fromarray(array), "TIFF") or b"")
    twelve = make.array(1, 4095)[..., 0]
    bits = np.unpackbits(twelve.astype(">u2").view(np.uint8).reshape(-1, 2), axis=1)[:, 4:]
    data = tiff(np.packbits(bits).tobytes(), 12)
    yield OddImage("twelve.tif", data, grey_of(np.rint(twelve * 255 / 4095)))
    for photometric in (0, 1):
        grey = make.array(1)[..., 0]
        looks = grey_of(grey if photometric else 255 - grey)
        data = tiff(grey.astype(np.uint8).tobytes(), 8, photometric)
        yield OddImage(f"zero-is-{photometric}.tif", data, looks)
