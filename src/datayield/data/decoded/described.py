"""What decoding found, as the labels and the metadata that lie beside the pixels."""

from pathlib import Path
from typing import Any

import numpy as np

from datayield.data.census import printable
from datayield.data.decoded.array_files import close_gaps, content_digest
from datayield.data.decoded.decode import DECODER
from datayield.data.decoded.decode_all import MISSING, DecodeOutcome
from datayield.data.source import Source, masked
from datayield.spec.errors import DataError


def check_some_good(source: Source, outcome: DecodeOutcome, where: str) -> None:
    """A few files that cannot be read are skipped; most of them are the fault of the disk."""
    reasons = dict(outcome.skipped)
    missing = sum(reasons[i] == MISSING for i in outcome.unread)
    if 2 * (len(outcome.unread) - missing) > len(source):
        i = next(i for i in outcome.unread if reasons[i] != MISSING)
        raise DataError(
            f"most images cannot be read: {len(outcome.unread):,} of {len(source):,}; "
            f"{printable(source.names(i))}: {reasons[i]}",
            where=where,
            hint="check the disk and the permissions of the files",
        )
    if len(outcome.skipped) == len(source):
        i, reason = outcome.skipped[0]
        raise DataError(
            f"none of the {len(source)} images can be used; {printable(source.names(i))}: {reason}",
            where=where,
        )


def close_and_digest(building: Path, source: Source, outcome: DecodeOutcome, size: int) -> str:
    """Close the gaps left by damaged images; returns the digest of the rest."""
    bad = [i for i, _ in outcome.skipped]
    files = {building / "images.u8": 3}
    if masked(source):
        files[building / "masks.u8"] = 1
    if bad:
        kept = np.delete(np.arange(len(source)), bad)
        for path, channels in files.items():
            close_gaps(path, kept, len(source), channels * size**2)
    labels = {name: np.delete(column, bad) for name, column in source.labels.items()}
    return content_digest(list(files), labels, size)


def described(building: Path, source: Source, outcome: DecodeOutcome, size: int) -> dict[str, Any]:
    """Write the labels of the good images; returns the metadata of good and damaged ones."""
    import PIL

    bad = [i for i, _ in outcome.skipped]
    labels = {name: np.delete(column, bad) for name, column in source.labels.items()}
    columns: dict[str, Any] = {f"labels/{name}": column for name, column in labels.items()}
    np.savez(building / "labels.npz", **columns)
    return {
        "listed": len(source),
        "kept": len(source) - len(bad),
        "labels": content_digest([], labels, size),
        "bad": bad,
        "unread": outcome.unread,
        "pages": outcome.pages,
        "skipped": [
            {"name": printable(source.names(i)), "reason": printable(why)}
            for i, why in outcome.skipped
        ],
        "converted": dict(sorted(outcome.conversions.items())),
        "classes": source.classes,
        "decoder": DECODER,
        "versions": {"pillow": PIL.__version__, "numpy": np.__version__},
    }
