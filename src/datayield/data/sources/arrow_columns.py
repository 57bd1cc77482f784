"""Columns of Arrow tables in the layout of the Hugging Face `datasets` library: images, labels."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from datayield.data.class_names import aligned
from datayield.data.source import UNLABELLED, Labels
from datayield.data.sources.files import read_file
from datayield.data.sources.label_columns import Column, from_codes, is_label, with_default
from datayield.spec.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

MASK_COLUMN = "mask"
IMAGE_COLUMNS = ("image", "img", "jpg", "png", "image_bytes", "images", "picture", "photo")
ColumnFeatures = dict[str, dict[str, Any]]


def features_of(schema: "pa.Schema") -> ColumnFeatures:
    """Column -> its feature in the `huggingface` metadata; {} where there is none to read."""
    features: ColumnFeatures = {name: {} for name in schema.names}
    try:
        told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features |= told.get("info", {}).get("features", {})
    except (ValueError, AttributeError, TypeError):
        pass  # the types and names of the columns decide
    return {
        name: features[name] if isinstance(features[name], dict) else {} for name in schema.names
    }


def image_column(schema: "pa.Schema", features: ColumnFeatures) -> str | None:
    """The first column of images: marked as such, or named so and of bytes; None without one."""
    import pyarrow as pa

    def holds_bytes(kind: "pa.DataType") -> bool:
        if pa.types.is_struct(kind):
            return int(kind.get_field_index("bytes")) >= 0
        return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))

    typed = [c for c, kind in features.items() if kind.get("_type") == "Image"]
    ready = [c for c in features if c != MASK_COLUMN and holds_bytes(schema.field(c).type)]
    named = [c for c in IMAGE_COLUMNS if c in ready]
    only = ready if len(ready) == 1 else []
    return next(iter([c for c in typed if c in ready] + named + only), None)


def no_image_column(path: Path, features: ColumnFeatures) -> DataError:
    """The error that lists the columns."""
    return DataError(
        "no image column",
        where=str(path),
        got=list(features),
        allowed="a column named image or img, or one marked as Image in the metadata",
    )


def group_columns(schema: "pa.Schema") -> list[str]:
    """Columns of numbers or texts, by which images can be grouped."""
    return [name for name in schema.names if _is_class(schema, name)]


def label_names(schema: "pa.Schema", features: ColumnFeatures) -> list[str]:
    """Columns of classes, according to their names and the metadata."""
    return [
        name
        for name, kind in features.items()
        if kind.get("_type") == "ClassLabel" or (is_label(name) and _is_class(schema, name))
    ]


def _is_class(schema: "pa.Schema", name: str) -> bool:
    import pyarrow as pa

    kind, types = schema.field(name).type, pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        types.is_integer(kind)
        or types.is_boolean(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
    )


def class_column(
    chunks: "Sequence[pa.ChunkedArray]", features: Sequence[dict[str, Any]], where: str
) -> Column | None:
    """One column of several files as classes, each with its feature; see `from_codes`.

    Files whose metadata give the numbers other names are matched by the names.
    """
    if all(feature.get("names") == features[0].get("names") for feature in features):
        return _of_one_feature(chunks, features[0], where)
    pairs = zip(chunks, features, strict=True)
    parts = [_of_one_feature([c], feature, where) for c, feature in pairs]
    known = {str(i): (part.numbers, part.names) for i, part in enumerate(parts) if part}
    if len(known) < len(parts):
        return None
    names, numbers = aligned(known, where)
    return Column(names, np.concatenate([*numbers.values()]))


def _of_one_feature(
    chunks: "Sequence[pa.ChunkedArray]", feature: dict[str, Any], where: str
) -> Column | None:
    import pyarrow as pa

    arrays = [a for c in chunks for a in c.chunks]
    arrays = [a.dictionary_decode() if pa.types.is_dictionary(a.type) else a for a in arrays]
    names = feature.get("names")
    told = [str(n) for n in names] if isinstance(names, list) and feature.get("_type") else None
    if arrays and all(pa.types.is_integer(a.type) and not a.null_count for a in arrays):
        values = np.concatenate([a.to_numpy(zero_copy_only=False) for a in arrays])
        numbers, codes = _different(values)
        return from_codes(numbers.tolist(), codes, told, where)
    kinds = {str(a.type) for a in arrays} - {"null"}
    texts = {kind for kind in kinds if "string" in kind}
    if texts and kinds - texts:
        raise DataError(
            "labels are texts in some files of a split and numbers in others",
            where=where,
            got=" and ".join(sorted(kinds)),
            hint="write them all with the same kind of label",
        )
    if len({str(a.type) for a in arrays}) > 1:
        arrays = [a.cast(pa.string()) for a in arrays]
    encoded = pa.chunked_array(arrays).dictionary_encode().combine_chunks() if arrays else None
    if encoded is None:
        return None
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    codes = encoded.indices.fill_null(UNLABELLED).to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = encoded.dictionary.to_pylist()
    for i, value in enumerate(distinct):
        if value == "" or value is None or value != value:
            codes[codes == i] = UNLABELLED
            distinct[i] = 0 if value != "" else ""
    used = sorted({*np.unique(codes).tolist()} - {UNLABELLED})
    place = np.full(len(distinct) + 1, UNLABELLED, np.int64)
    place[used] = np.arange(len(used))
    return from_codes([distinct[i] for i in used], place[codes], told, where)


def _different(values: NDArray[Any]) -> tuple[NDArray[Any], Labels]:
    """As np.unique with its inverse; without sorting where the numbers are those of classes."""
    if len(values) and values.min() >= 0 and values.max() < len(values):
        counts = np.bincount(values.astype(np.int64))
        return np.flatnonzero(counts), (np.cumsum(counts > 0) - 1)[values]
    numbers, codes = np.unique(values, return_inverse=True)
    return numbers, codes.astype(np.int64)


def class_columns(
    schemas: "Sequence[pa.Schema]", chunks: "Callable[[str], list[pa.ChunkedArray]]", first: Path
) -> dict[str, Column]:
    """All columns of classes of the files of a split; `chunks`: a column of each file."""
    features = [features_of(schema) for schema in schemas]
    columns: dict[str, Column] = {}
    for name in label_names(schemas[0], features[0]):
        where = f"{first}, column {name}"
        told = class_column(chunks(name), [of[name] for of in features], where)
        if told is not None:
            columns[name] = told
    return with_default(columns)


def name_of(i: int, image: Any) -> str:
    """A readable name of row `i` with this image."""
    path = image.get("path") if isinstance(image, dict) else None
    return f"row {i}" + (f" ({path})" if path else "")


def encoded_image(value: Any, file: Path) -> bytes:
    """The bytes of an image, or of what the row of `file` names in the folder of `file`."""
    if isinstance(value, dict):
        data, path = value.get("bytes"), value.get("path")
        if data is None and path:
            return read_file(_beside(str(path), file.parent))
        value = data
    return value if isinstance(value, bytes) else b""


def _beside(path: str, folder: Path) -> Path:
    """A file that a row names; FileNotFoundError where it is not below the folder."""
    found = folder / path
    if not found.resolve().is_relative_to(folder.resolve()):
        raise FileNotFoundError(path)
    return found
