"""Features of a dataset's images as a table: part by part on disk, so that a kill loses little."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import torch

from datayield.data.decoded import Arrays
from datayield.run.export.frozen_encoder import FrozenEncoder
from datayield.run.export.image_features import (
    PART,
    FeatureTable,
    image_features,
    read_part,
    save_part,
)
from datayield.run.loop import weights_digest
from datayield.spec.atomic_files import write_with
from datayield.spec.errors import ConfigError
from datayield.spec.identity import digest

EMBEDDED = b"datayield"  # key of the table's metadata


class Embedded(NamedTuple):
    """A table of features. `before`: images whose features an earlier call had computed.

    `written`: whether just now, and not by an earlier call.
    """

    images: int
    features: int
    before: int
    written: bool


def embeddable(out: Path) -> None:
    """Raises ConfigError for a path that cannot become a table."""
    if out.is_dir() or out.suffix != ".parquet":
        raise ConfigError(
            "features are written as a Parquet file",
            where="OUT",
            got=f"{out}, a folder" if out.is_dir() else str(out),
            allowed="a path that ends in .parquet",
            hint=f"for example {out.with_suffix('.parquet').name or 'features.parquet'}",
        )


def embed(
    frozen: FrozenEncoder,
    arrays: Arrays,
    out: Path,
    about: dict[str, Any],
    device: torch.device,
    batch: int,
    progress: Callable[[int, int], None],
) -> Embedded:
    """Write `out`: a row per usable image, in stored order, `name` and `feature` [features].

    `about`, the identity of what is computed, becomes the table's metadata. A table that is there
    is left if it is that one; another is a ConfigError. `progress(done, total)`. Raises DataError
    if features are not finite.
    """
    about = about | {
        "weights": weights_digest(frozen.encoder.state_dict()),
        "preprocessing": frozen.preprocessing.model_dump(mode="json"),
        "images": arrays.digest,
        "names": digest([name for _, name in _names(arrays)], 24),
    }
    total = len(arrays)
    if out.exists():
        _check_same(out, about)
        return Embedded(total, frozen.features, total, written=False)
    parts = out.with_name(f".{out.name}.{digest(about, 16)}.parts")
    for other in out.parent.glob(f".{out.name}.*.parts"):
        if other != parts:  # of other images or weights
            shutil.rmtree(other, ignore_errors=True)
    frozen.to(device).to(memory_format=torch.channels_last)  # as for evaluations
    before = 0
    for start in range(0, total, PART):
        path, count = parts / f"{start:012d}.npy", min(PART, total - start)
        if read_part(path, count, frozen.features) is not None:
            before += count
        else:
            mine = np.arange(start, start + count, dtype=np.int64)
            save_part(path, image_features(frozen, arrays, mine, device, batch))
        progress(start + count, total)
    write_with(out, lambda file: _write(file, parts, arrays, frozen.features, about))
    shutil.rmtree(parts, ignore_errors=True)
    return Embedded(total, frozen.features, before, written=True)


def _check_same(out: Path, about: dict[str, Any]) -> None:
    import pyarrow.parquet as pq

    try:
        there = json.loads((pq.read_schema(out).metadata or {}).get(EMBEDDED, b"null"))
    except (OSError, ValueError):  # Arrow's errors are ValueErrors
        there = None
    if there == about:
        return
    different = [key for key in about if there and there.get(key) != about[key]]
    raise ConfigError(
        "the output exists already, and is another table",
        where=str(out),
        got=f"another value of {', '.join(different)}" if there else "no features of datayield",
        hint="choose another file, or remove this one",
    )


def _names(arrays: Arrays) -> Iterator[tuple[int, str]]:
    """(row, name) of each usable image."""
    bad = frozenset(arrays.bad)
    good = (i for i in range(arrays.listed) if i not in bad)
    return ((row, arrays.source.names(i)) for row, i in enumerate(good))


def _write(file: BinaryIO, parts: Path, arrays: Arrays, width: int, about: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    feature = pa.list_(pa.float32(), width)
    schema = pa.schema([("name", pa.string()), ("feature", feature)])
    schema = schema.with_metadata({EMBEDDED: json.dumps(about, sort_keys=True).encode()})
    names = _names(arrays)
    with pq.ParquetWriter(file, schema) as writer:
        for path in sorted(parts.glob("*.npy")):
            values: FeatureTable = np.load(path)
            flat = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), width)
            column = pa.array([_text(next(names)[1]) for _ in values], pa.string())
            writer.write_batch(pa.record_batch([column, flat], schema=schema))


def _text(name: str) -> str:
    """A file name as valid UTF-8; undecodable bytes become `?`."""
    return name.encode("utf-8", "replace").decode("utf-8")
