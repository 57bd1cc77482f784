"""A folder that was collected: who its images are from, and no label that is none."""

from pathlib import Path

from datayield.data.catalog import find
from tests.data.made import png, write

HEAD = "file,class,source,license,width,seed,fate\n"


def collected(root: Path, rows: list[str], files: list[str]) -> Path:
    table = HEAD + "".join(f"{row}\n" for row in rows)
    others = {"not_collected.csv": b"fate,url\ngone,https://a.org\n", "collection.json": b"{}"}
    images = {name: png(i) for i, name in enumerate(files)}
    return write(root, {"provenance.csv": table.encode(), **others, **images})


def test_sources_and_licences_are_counted_and_label_nothing(tmp_path: Path) -> None:
    files = [f"images/{i}.png" for i in range(6)]
    rows = [
        f"{name},,{'ab'[i % 2]},{'CC0' if i < 2 else ''},8,1,kept" for i, name in enumerate(files)
    ]
    source = find(str(collected(tmp_path, rows, files)), "train")
    assert source.labels == {}
    assert source.census.lines() == ["sources: a 3, b 3; licences: unknown 4, CC0 2"]
    half = find(str(tmp_path), "train[:50% by source]")
    assert {source.names(i)[-5] for i in range(0, 6, 2)} == {"0", "2", "4"}
    assert len(half) == 3


def test_classes_are_those_of_the_table_and_unrecorded_images_are_unknown(tmp_path: Path) -> None:
    files = [f"images/{name}/{i}.png" for name in ("a cat-1f2e3d", "dog") for i in range(2)]
    rows = [f"{name},{'a/cat' if 'cat' in name else 'dog'},web,CC0,8,1,kept" for name in files[:3]]
    source = find(str(collected(tmp_path, rows, files)), "train")
    assert source.classes["label"] == ["a/cat", "dog"]
    assert source.census.origins == {
        "source": {"web": 3, "unknown": 1},
        "license": {"CC0": 3, "unknown": 1},
    }


def test_many_sources_are_shortened_and_the_unknown_told(tmp_path: Path) -> None:
    files = [f"images/{i}.png" for i in range(8)]
    rows = [f"{name},,s{i},{'' if i == 7 else f'L{i}'},8,1,kept" for i, name in enumerate(files)]
    (line,) = find(str(collected(tmp_path, rows, files)), "train").census.lines()
    assert line == (
        "sources: s0 1, s1 1, s2 1, s3 1 and 4 more; "
        "licences: L0 1, L1 1, L2 1, L3 1, unknown 1 and 3 more"
    )
