"""Layouts of rows: parquet, arrow, npz."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.layouts.truth import FRUIT, Layout, Maker, Refused, Right, Truth

HASH = "-a09b74b3ef9c3b56"
FILES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "train-00000-of-00002": (
        ("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"),
        ("data/test-00000-of-00001.parquet",),
    ),
    "hashes": (
        (f"data/train-00000-of-00001{HASH}.parquet",),
        (f"data/test-00000-of-00001{HASH}.parquet",),
    ),
    "default/train/0000": (("default/train/0000.parquet",), ("default/test/0000.parquet",)),
    "a folder a split": (
        ("train/0000.parquet", "train/0001.parquet"),
        ("test/0000.parquet",),
    ),
    "plain names": (("train.parquet",), ("test.parquet",)),
    "fruit-train": (("fruit-train.parquet",), ("fruit-test.parquet",)),
    "upper case": (("Train.parquet",), ("TEST.parquet",)),
}


def table(
    m: Maker, colours: Sequence[int], columns: Mapping[str, Any], **features: Any
) -> pa.Table:
    """Rows of images in the layout of the Hub."""
    images = [{"bytes": m.picture(k), "path": None} for k in colours]
    arrays = {"image": pa.array(images, IMAGE), **columns}
    meta = {"image": {"_type": "Image"}, **features}
    told = {"huggingface": json.dumps({"info": {"features": meta}})}
    return pa.table(arrays).replace_schema_metadata(told)


IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def _parquet(m: Maker, name: str, rows: pa.Table) -> None:
    pq.write_table(rows, m.write(name, b""))


def _files(train: Sequence[str], test: Sequence[str]) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        found: dict[str, list[int]] = {"train": [], "test": []}
        for split, names in (("train", train), ("test", test)):
            for name in names:
                used = m.colours()
                _parquet(m, name, table(m, used, {"label": [FRUIT[k] for k in used]}))
                found[split] += used
        return Right(found)

    return write


def _column(
    name: str, make: Callable[[list[int]], Any], names: Sequence[str]
) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        used = m.colours(len(names))
        _parquet(m, "train.parquet", table(m, used, {name: make(used)}))
        return Right({"train": used}, names)

    return write


def _names(used: list[int]) -> list[str]:
    return [FRUIT[k] for k in used]


LABELS: dict[str, tuple[str, Callable[[list[int]], Any], Sequence[str]]] = {
    "strings": ("label", _names, FRUIT[:3]),
    "target": ("target", _names, FRUIT[:3]), "class": ("class", _names, FRUIT[:3]),
    "fine_label": ("fine_label", _names, FRUIT[:3]), "Label": ("Label", _names, FRUIT[:3]),
    "booleans": ("label", lambda u: [bool(k) for k in u], ("false", "true")),
    "dictionary": ("label", lambda u: pa.array(_names(u)).dictionary_encode(), FRUIT[:3]),
    "large": ("label", lambda u: [3_000_000_000 + k for k in u], ("3000000000", "3000000001")),
    "negative": ("label", lambda u: [k - 5 for k in u], ("-5", "-4", "-3")),
    "floats": ("label", lambda u: [float(k) for k in u], ("0", "1", "2")),
    "uint8": ("label", lambda u: pa.array(u, pa.uint8()), ("0", "1", "2")),
    "uint64": ("label", lambda u: pa.array([2**63 + k for k in u], pa.uint64()),
               (str(2**63), str(2**63 + 1))),
    "digits as text": ("label", lambda u: [str(k) for k in u], ("0", "1", "2")),
    "large strings": ("label", lambda u: pa.array(_names(u), pa.large_string()), FRUIT[:3]),
    "decimals": ("label", lambda u: pa.array(u, pa.decimal128(20, 0)), ("0", "1", "2")),
}  # fmt: skip


def class_label(m: Maker) -> Truth:
    used = m.colours()
    feature = {"_type": "ClassLabel", "names": list(FRUIT)}
    _parquet(m, "train.parquet", table(m, used, {"label": used}, label=feature))
    return Right({"train": used})


def class_labels_differ(m: Maker) -> Truth:
    """Each split numbers its own classes."""
    train, test = m.colours(), [0, 0, 2, 2]
    for split, used, names in (("train", train, FRUIT[:3]), ("test", test, (FRUIT[0], FRUIT[2]))):
        feature = {"_type": "ClassLabel", "names": list(names)}
        numbers = [names.index(FRUIT[k]) for k in used]
        _parquet(m, f"{split}.parquet", table(m, used, {"label": numbers}, label=feature))
    return Right({"train": train, "test": test})


def shards_name_classes_differently(m: Maker) -> Truth:
    """Two files of one split whose metadata give other names to the numbers."""
    used = m.colours()
    for i, names in enumerate((FRUIT[:3], FRUIT[2::-1])):
        feature = {"_type": "ClassLabel", "names": list(names)}
        numbers = [names.index(FRUIT[k]) for k in used]
        name = f"train-0000{i}-of-00002.parquet"
        _parquet(m, name, table(m, used, {"label": numbers}, label=feature))
    return Right({"train": used * 2})


def shards_of_other_columns(m: Maker) -> Truth:
    used = m.colours()
    for i, name in enumerate(("label", "target")):
        _parquet(m, f"train-0000{i}-of-00002.parquet", table(m, used, {name: _names(used)}))
    return Refused("column")


def shards_of_texts_and_numbers(m: Maker) -> Truth:
    used = m.colours()
    for i, values in enumerate((_names(used), used)):
        _parquet(m, f"train-0000{i}-of-00002.parquet", table(m, used, {"label": values}))
    return Refused("texts in some files")


def number_without_name(m: Maker) -> Truth:
    used = m.colours()
    feature = {"_type": "ClassLabel", "names": list(FRUIT[:2])}
    _parquet(m, "train.parquet", table(m, used, {"label": used}, label=feature))
    return Refused("no name")


def no_labels(m: Maker) -> Truth:
    used = m.colours()
    _parquet(m, "train.parquet", table(m, used, {"caption": [f"a {i}" for i in used]}))
    return Right({"train": used}, None)


def blanks(m: Maker) -> Truth:
    used = [*m.colours(), 3]
    _parquet(
        m, "train.parquet", table(m, used, {"label": [None if k == 3 else FRUIT[k] for k in used]})
    )
    return Right({"train": used}, bare=frozenset({3}), told="without a label")


def not_a_number(m: Maker) -> Truth:
    used = [*m.colours(), 3]
    values = [float("nan") if k == 3 else float(k) for k in used]
    _parquet(m, "train.parquet", table(m, used, {"label": values}))
    return Right({"train": used}, "012", bare=frozenset({3}), told="without a label")


def two_labels(m: Maker) -> Truth:
    used = m.colours()
    columns = {"coarse_label": [k // 2 for k in used], "fine_label": _names(used)}
    _parquet(m, "train.parquet", table(m, used, columns))
    return Right({"train": used}, label="fine_label")


def configurations(m: Maker) -> Truth:
    for name in ("small", "large"):
        _parquet(m, f"{name}/train-00000-of-00001.parquet", table(m, [0, 1], {}))
    return Refused("several configurations")


def one_configuration(m: Maker) -> Truth:
    for name in ("small", "large"):
        _parquet(m, f"{name}/train-00000-of-00001.parquet", table(m, [0, 1], {}))
    return Right({"train": [0, 1]}, None, at="small")


def missing_part(m: Maker) -> Truth:
    _parquet(m, "train-00000-of-00002.parquet", table(m, [0, 1], {}))
    return Refused("incomplete")


def truncated(m: Maker) -> Truth:
    _parquet(m, "train.parquet", table(m, m.colours(), {}))
    path = m.root / "train.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    return Refused("not a readable parquet")


def empty_file(m: Maker) -> Truth:
    m.write("train.parquet", b"")
    return Refused("not a readable parquet")


def no_rows(m: Maker) -> Truth:
    _parquet(m, "train.parquet", table(m, [], {"label": pa.array([], pa.string())}))
    return Refused("no images")


def no_images(m: Maker) -> Truth:
    _parquet(m, "train.parquet", pa.table({"a": [1, 2]}))
    return Refused("no image column")


def odd_metadata(m: Maker) -> Truth:
    used = m.colours()
    rows = table(m, used, {"label": _names(used)}).replace_schema_metadata({"huggingface": "[1"})
    _parquet(m, "train.parquet", rows)
    return Right({"train": used})


def bare_bytes(m: Maker) -> Truth:
    used = m.colours()
    rows = pa.table({"image_bytes": [m.picture(k) for k in used], "label": _names(used)})
    _parquet(m, "train.parquet", rows)
    return Right({"train": used})


def paths_beside(m: Maker) -> Truth:
    used = m.colours()
    for i, k in enumerate(used):
        m.write(f"images/{i}.png", m.picture(k))
    rows = [{"bytes": None, "path": f"images/{i}.png"} for i in range(len(used))]
    told = {"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}}}})}
    columns = {"image": pa.array(rows, IMAGE), "label": _names(used)}
    _parquet(m, "train.parquet", pa.table(columns).replace_schema_metadata(told))
    return Right({"train": used})


def a_file(m: Maker) -> Truth:
    used = m.colours()
    _parquet(m, "fruit.parquet", table(m, used, {"label": _names(used)}))
    return Right({"train": used}, at="fruit.parquet")


def beside_images(m: Maker) -> Truth:
    used = m.colours()
    _parquet(m, "train.parquet", table(m, used, {"label": _names(used)}))
    m.write("example.png", m.picture(3))
    return Right({"train": used}, unused=1)


def _arrow(m: Maker, name: str, rows: pa.Table, stream: bool = True) -> None:
    out = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, rows.schema) as writer:
        writer.write_table(rows)
    m.write(name, out.getvalue())


def saved_to_disk(m: Maker) -> Truth:
    used = m.colours()
    for i in range(2):
        _arrow(m, f"data-0000{i}-of-00002.arrow", table(m, used, {"label": _names(used)}))
    m.write("dataset_info.json", "{}")
    m.write("state.json", "{}")
    return Right({"train": used * 2})


def saved_splits(m: Maker) -> Truth:
    found = {}
    for split in ("train", "test"):
        used = found[split] = m.colours()
        rows = table(m, used, {"label": _names(used)})
        _arrow(m, f"{split}/data-00000-of-00001.arrow", rows)
        m.write(f"{split}/dataset_info.json", "{}")
    m.write("dataset_dict.json", '{"splits": ["train", "test"]}')
    return Right(found)


def arrow_file(m: Maker) -> Truth:
    used = m.colours()
    _arrow(m, "fruit.arrow", table(m, used, {"label": _names(used)}), stream=False)
    return Right({"train": used}, at="fruit.arrow")


def arrow_of_several_names(m: Maker) -> Truth:
    used = m.colours()
    for name in ("data-train-0.arrow", "more-train-0.arrow"):
        _arrow(m, name, table(m, used, {"label": _names(used)}))
    return Right({"train": used * 2}, told="several names")


def arrow_is_cut(m: Maker) -> Truth:
    _arrow(m, "fruit.arrow", table(m, m.colours(), {}))
    path = m.root / "fruit.arrow"
    path.write_bytes(path.read_bytes()[:100])
    return Refused("not a readable arrow")


def _npz(m: Maker, name: str, **arrays: Any) -> None:
    out = io.BytesIO()
    np.savez(out, **arrays)
    m.write(name, out.getvalue())


def _pixels(m: Maker, colours: Sequence[int]) -> Any:
    from PIL import Image

    return np.stack([np.asarray(Image.open(io.BytesIO(m.picture(k)))) for k in colours])


def _medmnist(train: str, test: str) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        one, other = m.colours(), m.colours()
        arrays = {}
        for name, used in ((train, one), (test, other)):
            arrays[name.format("images")] = _pixels(m, used)
            arrays[name.format("labels")] = np.array(used, np.uint8)[:, None]
        _npz(m, "fruitmnist.npz", **arrays)
        return Right({"train": one, "test": other}, ("0", "1", "2"), at="fruitmnist.npz")

    return write


def keras(m: Maker) -> Truth:
    one, other = m.colours(), m.colours()
    _npz(m, "f.npz", x_train=_pixels(m, one), y_train=one, x_test=_pixels(m, other), y_test=other)
    return Right({"train": one, "test": other}, ("0", "1", "2"))


def channels_first(m: Maker) -> Truth:
    used = m.colours()
    _npz(m, "f.npz", images=_pixels(m, used).transpose(0, 3, 1, 2), labels=used)
    return Right({"train": used}, ("0", "1", "2"))


def npz_texts(m: Maker) -> Truth:
    used = m.colours()
    _npz(m, "f.npz", images=_pixels(m, used), labels=np.array(_names(used)))
    return Right({"train": used})


def npz_one_hot(m: Maker) -> Truth:
    used = m.colours()
    _npz(m, "f.npz", images=_pixels(m, used), labels=np.eye(3)[used])
    return Right({"train": used}, ("0", "1", "2"))


def npz_counts_differ(m: Maker) -> Truth:
    _npz(m, "f.npz", images=_pixels(m, [0, 1, 2]), labels=[0, 1])
    return Refused("differ in number")


def npz_objects(m: Maker) -> Truth:
    _npz(m, "f.npz", images=_pixels(m, [0, 1]), labels=np.array([None, "x"], object))
    return Refused("npz")


def npz_without_images(m: Maker) -> Truth:
    _npz(m, "f.npz", a=np.arange(5))
    return Refused("no array of images")


def npz_is_cut(m: Maker) -> Truth:
    _npz(m, "f.npz", images=_pixels(m, [0, 1]))
    path = m.root / "f.npz"
    path.write_bytes(path.read_bytes()[:200])
    return Refused("not a readable .npz")


def two_kinds(m: Maker) -> Truth:
    _parquet(m, "train.parquet", table(m, [0, 1], {}))
    _npz(m, "f.npz", images=_pixels(m, [0, 1]))
    return Refused("several kinds")


PLAIN = (
    class_label, class_labels_differ, shards_name_classes_differently, shards_of_other_columns,
    shards_of_texts_and_numbers,
    number_without_name, no_labels, blanks, not_a_number, two_labels, configurations,
    one_configuration, missing_part, truncated, empty_file, no_rows, no_images, odd_metadata,
    bare_bytes, paths_beside, a_file, beside_images, saved_to_disk, saved_splits, arrow_file,
    arrow_of_several_names, arrow_is_cut, keras, channels_first, npz_texts, npz_one_hot,
    npz_counts_differ, npz_objects, npz_without_images, npz_is_cut, two_kinds,
)  # fmt: skip
LAYOUTS = (
    *(Layout("columns", f.__name__, f) for f in PLAIN),
    *(Layout("columns", f"files {k}", _files(*v)) for k, v in FILES.items()),
    *(Layout("columns", f"labels {k}", _column(*v)) for k, v in LABELS.items()),
    Layout("columns", "MedMNIST", _medmnist("train_{}", "test_{}")),
    Layout("columns", "MedMNIST val", _medmnist("{}_train", "{}_test")),
)
