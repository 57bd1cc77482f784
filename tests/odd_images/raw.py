"""PNG and TIFF files written without a library, and headers that lie."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from tests.odd_images.maker import RGB, SIDE, OddImage


def chunk(kind: bytes, data: bytes) -> bytes:
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
        + chunk(b"IHDR", header)
        + b"".join(chunk(*each) for each in extra or [])
        + b"".join(chunk(b"IDAT", body[i : i + step]) for i in range(0, len(body), step))
        + chunk(b"IEND", b"")
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
        data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99)))
        yield OddImage(f"bomb-{side}.png", b"\x89PNG\r\n\x1a\n" + data)
        info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
        yield OddImage(f"bomb-{side}.bmp", b"BM" + struct.pack("<IHHI", 999, 0, 0, 54) + info)
        yield OddImage(f"bomb-{side}.ppm", f"P6 {side} {side} 255\n".encode() + bytes(99))
        short = struct.pack("<HH", min(side, 65535), min(side, 65535))
        yield OddImage(
            f"bomb-{side}.gif", b"GIF89a" + short + b"\0\0\0," + bytes(4) + short + b"\0\2"
        )
        yield OddImage(f"bomb-{side}.tga", b"\0\0\2" + bytes(9) + short + b"\x18\0" + bytes(99))
        tags = {256: side, 257: side, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: side, 279: side}
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
        head = b"II*\0" + struct.pack("<IH", 8, len(tags))
        yield OddImage(f"bomb-{side}.tif", head + entries + bytes(4))
