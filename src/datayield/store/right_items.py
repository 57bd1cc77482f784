"""Which test items an evaluation got right: packed bits beside its record.

A file is one line of JSON that says whose it is, one line with a SHA-256 over all the rest, and
the bits. Scores need none of it: a file that is missing, damaged or another record's is ignored.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datayield.spec.atomic_files import read_bytes, write_bytes
from datayield.store.sealed import RecordOwner

if TYPE_CHECKING:  # planning reads records, but none of these
    import numpy as np
    from numpy.typing import NDArray

_CHECKSUM = 64 + 2  # bytes of the second line, and what ends the first


class RightItems(NamedTuple):
    """Which test items were right, class by class, in an order that their contents decide.

    Two evaluations of the same test items have the same `items` and the same order, whatever their
    protocol, seed, size or training images; a mean over draws of the labels has a row for each.
    """

    packed: "NDArray[np.uint8]"  # [draws, ceil(n / 8)]: eight items a byte, the first one highest
    classes: tuple[int, ...]  # test items of each class, in order of the items
    items: str  # digest of the items' contents and classes

    @property
    def n(self) -> int:
        """Number of test items."""
        return sum(self.classes)

    def right(self) -> "NDArray[np.bool_]":
        """The bits as [draws, n]."""
        import numpy as np

        return np.unpackbits(self.packed, axis=1, count=self.n).astype(np.bool_)


def write_right(
    path: Path, right: RightItems, owner: RecordOwner, before: Callable[[], None] | None = None
) -> None:
    """Write the bits, whole or not at all; `before` as in `write_with`."""
    head, bits = _head(right, owner), right.packed.tobytes()
    checksum = hashlib.sha256(head + bits).hexdigest().encode()
    write_bytes(path, b"%b\n%b\n%b" % (head, checksum, bits), before)


def read_right(path: Path | str, owner: RecordOwner) -> RightItems | None:
    """The bits in `path`; None where there are none that are whole and of this owner."""
    data = read_bytes(path)
    end = -1 if data is None else data.find(b"\n")
    if data is None or end < 0:
        return None
    head, bits = data[:end], data[end + _CHECKSUM :]
    checksum = hashlib.sha256(head + bits).hexdigest().encode()
    if data[end : end + _CHECKSUM] != b"\n%b\n" % checksum:
        return None
    import numpy as np

    try:  # the checksum holds, but anyone can make one
        about = json.loads(head)
        if RecordOwner(about["kind"], about["run"], about["at"]) != owner:
            return None
        packed = np.frombuffer(bits, np.uint8).reshape(about["draws"], -1)
        right = RightItems(packed, tuple(about["classes"]), str(about["items"]))
        counts = all(type(n) is int and n >= 0 for n in right.classes)
        return right if counts and packed.shape[1] == -(-right.n // 8) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _head(right: RightItems, owner: RecordOwner) -> bytes:
    about = owner._asdict() | {
        "items": right.items,
        "draws": len(right.packed),
        "classes": right.classes,
    }
    return json.dumps(about, separators=(",", ":")).encode()
