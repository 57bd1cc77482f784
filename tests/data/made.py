"""Tiny made-up images and datasets for the tests of this room."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def pixels(seed: int, height: int = 12, width: int = 10) -> np.ndarray:
    """Random uint8 [H, W, 3]."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encoded(image: Any, kind: str = "PNG", **options: Any) -> bytes:
    """An array or a Pillow image as the bytes of a file."""
    out = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(out, kind, **options)
    return out.getvalue()


def png(seed: int, height: int = 12, width: int = 10) -> bytes:
    return encoded(pixels(seed, height, width))


def write(root: Path, files: dict[str, bytes]) -> Path:
    """Files by relative name below `root`."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def write_parquet(
    path: Path, images: list[bytes | None], columns: dict[str, tuple[list[Any], list[str] | None]]
) -> Path:
    """HF layout: `columns` is name -> (values, class names or None); row groups of 4 rows."""
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    arrays: dict[str, Any] = {
        "image": pa.array([{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(images)])
    }
    for name, (values, names) in columns.items():
        arrays[name] = pa.array(values)
        if names is not None:
            features[name] = {"_type": "ClassLabel", "names": names}
    meta = {"huggingface": json.dumps({"info": {"features": features}})}
    table = pa.table(arrays).replace_schema_metadata(meta)
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=4)
    return path


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path
