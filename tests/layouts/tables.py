"""Layouts of image files beside a table that names them."""

import csv
import io
import json
from collections.abc import Callable, Sequence

from tests.layouts.truth import FRUIT, Layout, Maker, Refused, Right, Truth

HEADERS = (
    "file_name,label", "filename,class", "file,labels", "image,target", "img,category",
    "path,fine_label", "Image_Name,Label", "FILENAME,CLASS", "image_id,label", "id,class_name",
    "file_name,diagnosis", "photo,species", "name,y", "image_path,class_id",
)  # fmt: skip
VALUES: dict[str, Sequence[str]] = {
    "large numbers": ("3000000000", "3000000001", "3000000002"), "negative": ("-5", "-3", "-2"),
    "floats": ("0.0", "1.0", "2.0"), "booleans": ("False", "True"), "padded": ("01", "02", "10"),
    "numbers": ("1", "2", "10"), "quoted": ("a, b", 'say "x"', "c;d"),
    "unicode": ("é", "苹果", "я"),
    "minus one": ("-1", "1"),
}  # fmt: skip
SHOWN = {"floats": ("0", "1", "2")}


def _names(m: Maker, below: str = "images/", colours: Sequence[int] = ()) -> list[tuple[str, int]]:
    used = list(colours) or m.colours()
    rows = [(f"{i:03}.png", colour) for i, colour in enumerate(used)]
    for name, colour in rows:
        m.write(f"{below}{name}", m.picture(colour))
    return rows


def _text(rows: Sequence[Sequence[object]], delimiter: str = ",", end: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


def _header(header: str) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        rows = _names(m)
        m.write(
            "images/metadata.csv", _text([header.split(","), *((n, FRUIT[k]) for n, k in rows)])
        )
        return Right({"train": [k for _, k in rows]})

    return write


def _values(name: str, values: Sequence[str]) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        rows = _names(m, colours=m.colours(len(values)))
        m.write("labels.csv", _text([("file", "label"), *((n, values[k]) for n, k in rows)]))
        return Right({"train": [k for _, k in rows]}, SHOWN.get(name, values))

    return write


def _written(delimiter: str, encoding: str, end: str) -> Callable[[Maker], Truth]:
    def write(m: Maker) -> Truth:
        rows = _names(m)
        text = _text([("file", "label"), *((n, FRUIT[k]) for n, k in rows)], delimiter, end)
        m.write("labels.tsv" if delimiter == "\t" else "labels.csv", text.encode(encoding))
        return Right({"train": [k for _, k in rows]})

    return write


def _missing(value: str) -> Callable[[Maker], Truth]:
    """One image in five has no label."""

    def write(m: Maker) -> Truth:
        rows = _names(m, colours=[*m.colours(), 3])
        told = [(n, value if k == 3 else FRUIT[k]) for n, k in rows]
        m.write("labels.csv", _text([("file", "label"), *told]))
        found = [k for _, k in rows]
        return Right({"train": found}, bare=frozenset({3}), told="rows of labels.csv that have no")

    return write


def json_lines(m: Maker) -> Truth:
    rows = _names(m, "")
    m.write("metadata.jsonl", "\n".join(json.dumps({"file_name": n, "label": k}) for n, k in rows))
    return Right({"train": [k for _, k in rows]}, ("0", "1", "2"))


def json_lines_per_split(m: Maker) -> Truth:
    found = {}
    for split in ("train", "test"):
        rows = _names(m, f"{split}/")
        text = "\n".join(json.dumps({"file_name": n, "label": FRUIT[k]}) for n, k in rows)
        m.write(f"{split}/metadata.jsonl", text)
        found[split] = [k for _, k in rows]
    return Right(found)


def no_header(m: Maker) -> Truth:
    rows = _names(m)
    m.write("labels.csv", _text([(n, FRUIT[k]) for n, k in rows]))
    return Right({"train": [k for _, k in rows]})


def stems(m: Maker) -> Truth:
    rows = _names(m)
    told = [(n.removesuffix(".png"), FRUIT[k]) for n, k in rows]
    m.write("labels.csv", _text([("id", "breed"), *told]))
    return Right({"train": [k for _, k in rows]})


def backslashes(m: Maker) -> Truth:
    rows = _names(m)
    told = [(f"images\\{n}", FRUIT[k]) for n, k in rows]
    m.write("labels.csv", _text([("file", "label"), *told]))
    return Right({"train": [k for _, k in rows]})


def absent_files(m: Maker) -> Truth:
    rows = _names(m)
    told = [*((n, FRUIT[k]) for n, k in rows), ("gone.png", "apple")]
    m.write("labels.csv", _text([("file", "label"), *told]))
    return Right({"train": [k for _, k in rows]}, told="named in a table but not found")


def unlisted_files(m: Maker) -> Truth:
    rows = _names(m, colours=[*m.colours(), 3])
    told = [(n, FRUIT[k]) for n, k in rows if k != 3]
    m.write("labels.csv", _text([("file", "label"), *told]))
    return Right({"train": [k for _, k in rows]}, bare=frozenset({3}), told="without a label")


def repeated_rows(m: Maker) -> Truth:
    rows = _names(m)
    told = [(n, FRUIT[k]) for n, k in rows]
    m.write("labels.csv", _text([("file", "label"), *told, *told[:3]]))
    return Right({"train": [k for _, k in rows]})


def two_labels(m: Maker) -> Truth:
    """Of one image the table gives two classes, of which neither is believed."""
    rows = _names(m, colours=[*m.colours(), 3])
    told = [(n, FRUIT[k % 3]) for n, k in rows]
    again = [(n, "cherry") for n, k in rows if k == 3]
    m.write("labels.csv", _text([("file", "label"), *told, *again]))
    found = [k for _, k in rows]
    return Right({"train": found}, bare=frozenset({3}), told="contradictory values of 'label'")


def several_labels(m: Maker) -> Truth:
    rows = _names(m)
    told = [(n, FRUIT[(k + of) % 3]) for n, k in rows for of in range(2)]
    m.write("labels.csv", _text([("file", "label"), *told]))
    return Refused("two values")


def split_column(m: Maker) -> Truth:
    rows = _names(m, colours=[0, 0, 1, 1, 2, 2] * 2)
    told = [(n, FRUIT[k], "train" if i % 2 else "test") for i, (n, k) in enumerate(rows)]
    m.write("labels.csv", _text([("file", "label", "split"), *told]))
    split = {s: [FRUIT.index(f) for _, f, of in told if of == s] for s in ("train", "test")}
    return Right(split)


def table_per_split(m: Maker) -> Truth:
    found = {}
    for split in ("train", "test"):
        rows = _names(m, f"{split}/")
        told = [(n, FRUIT[k]) for n, k in rows]
        m.write(f"{split}.csv", _text([("file", "label"), *told]))
        found[split] = [k for _, k in rows]
    return Right(found)


def split_by_table(m: Maker) -> Truth:
    """All images in one folder, train.csv and test.csv beside it."""
    found = {}
    for split in ("train", "test"):
        used = m.colours()
        rows = [(f"{split}{i}.png", k) for i, k in enumerate(used)]
        for n, k in rows:
            m.write(f"images/{n}", m.picture(k))
        told = [(n, FRUIT[k]) for n, k in rows]
        m.write(f"{split}.csv", _text([("file", "label"), *told]))
        found[split] = used
    return Right(found)


def in_two_tables(m: Maker) -> Truth:
    rows = _names(m)
    for split in ("train", "test"):
        m.write(f"{split}.csv", _text([("file", "label"), *((n, FRUIT[k]) for n, k in rows)]))
    return Refused("two splits")


def many_columns(m: Maker) -> Truth:
    """As HAM10000: no column is called label; a study may name dx."""
    rows = _names(m, colours=m.colours(each=4))
    told = [
        (f"HAM{i // 2}", n.removesuffix(".png"), FRUIT[k], 30 + 5 * (i % 3))
        for i, (n, k) in enumerate(rows)
    ]
    m.write("HAM.csv", _text([("lesion_id", "image_id", "dx", "age"), *told]))
    return Right({"train": [k for _, k in rows]}, label="dx")


def captions(m: Maker) -> Truth:
    rows = _names(m)
    told = [(n, f"a photo {i}") for i, (n, _) in enumerate(rows)]
    m.write("labels.csv", _text([("file", "caption"), *told]))
    return Right({"train": [k for _, k in rows]}, None, told="caption")


def distinct_unusual(m: Maker) -> Truth:
    rows = _names(m, colours=[0, 1, 2])
    m.write("labels.csv", _text([("file", "species"), *((n, FRUIT[k]) for n, k in rows)]))
    return Right({"train": [k for _, k in rows]}, None, told="species")


def table_beside_folders(m: Maker) -> Truth:
    used = m.folders()
    told = [(f"{FRUIT[k]}/{i}.png", FRUIT[k]) for i, k in enumerate(used)]
    m.write("labels.csv", _text([("file", "label"), *told]))
    return Right({"train": used})


def table_against_folders(m: Maker) -> Truth:
    used = m.folders()
    told = [(f"{FRUIT[k]}/{i}.png", FRUIT[(k + i) % 3]) for i, k in enumerate(used)]
    m.write("labels.csv", _text([("file", "label"), *told]))
    return Refused("disagree")


def other_table(m: Maker) -> Truth:
    used = m.folders()
    m.write("results.csv", _text([("epoch", "loss"), (1, 0.5), (2, 0.4)]))
    return Right({"train": used}, told=".csv")


def broken_table(m: Maker) -> Truth:
    m.folders()
    m.write("notes.jsonl", "{not json\n")
    return Refused("not a readable table")


def broken_metadata(m: Maker) -> Truth:
    _names(m)
    m.write("metadata.jsonl", "{not json\n")
    return Refused("not a readable table")


def empty_table(m: Maker) -> Truth:
    used = m.folders()
    m.write("labels.csv", "")
    return Right({"train": used}, told=".csv")


def one_hot(m: Maker) -> Truth:
    """As ISIC: a column per class, 1.0 for the one that holds."""
    rows = _names(m)
    told = [(n, *(float(k == c) for c in range(3))) for n, k in rows]
    m.write("truth.csv", _text([("image", *FRUIT[:3]), *told]))
    return Right({"train": [k for _, k in rows]})


def parquet_table(m: Maker) -> Truth:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = _names(m, "")
    table = {"file_name": [n for n, _ in rows], "label": [FRUIT[k] for _, k in rows]}
    pq.write_table(pa.table(table), m.write("metadata.parquet", b""))
    return Right({"train": [k for _, k in rows]})


def img2dataset_files(m: Maker) -> Truth:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for shard in ("00000", "00001"):
        for i in range(4):
            m.write(f"{shard}/{shard}{i:04}.jpg", m.picture(0, "JPEG"))
            m.write(f"{shard}/{shard}{i:04}.json", '{"url": "x", "width": 8}')
            m.write(f"{shard}/{shard}{i:04}.txt", "a caption")
        pq.write_table(pa.table({"url": ["x"] * 4}), m.write(f"{shard}.parquet", b""))
        m.write(f"{shard}_stats.json", "{}")
    return Right({"train": [0] * 8}, None)


PLAIN = (
    json_lines, json_lines_per_split, no_header, stems, backslashes, absent_files, unlisted_files,
    repeated_rows, two_labels, several_labels, split_column, table_per_split, split_by_table,
    in_two_tables, many_columns, captions,
    distinct_unusual, table_beside_folders, table_against_folders, other_table, broken_table,
    broken_metadata, empty_table, one_hot, parquet_table, img2dataset_files,
)  # fmt: skip
WRITTEN = {
    "semicolon": (";", "utf-8", "\n"), "tab": ("\t", "utf-8", "\n"),
    "BOM": (",", "utf-8-sig", "\n"),
    "CRLF": (",", "utf-8", "\r\n"), "UTF-16": (",", "utf-16", "\n"), "CR": (",", "utf-8", "\r"),
    "bar": ("|", "utf-8", "\n"), "BOM semicolon CRLF": (";", "utf-8-sig", "\r\n"),
}  # fmt: skip
LAYOUTS = (
    *(Layout("tables", f.__name__, f) for f in PLAIN),
    *(Layout("tables", f"header {h}", _header(h)) for h in HEADERS),
    *(Layout("tables", f"values {k}", _values(k, v)) for k, v in VALUES.items()),
    *(Layout("tables", f"written {k}", _written(*v)) for k, v in WRITTEN.items()),
    *(
        Layout("tables", f"missing {v!r}", _missing(v))
        for v in ("", " ", "NaN", "nan", "NA", "null")
    ),
)
