"""Lists of addresses in every file that they come in."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datayield.collect import Address, read_addresses
from datayield.spec.errors import ConfigError, DataError

ROWS = [
    {"url": "https://a.org/1.jpg", "label": "cat", "license": "CC0", "source": "a"},
    {"url": "https://b.org/2.jpg", "label": "dog", "license": None, "source": None},
]
EXPECTED = (
    Address("https://a.org/1.jpg", "cat", "CC0", "a"),
    Address("https://b.org/2.jpg", "dog", None, None),
)


def test_tables_say_what_they_know(tmp_path: Path) -> None:
    table, lines, rows = (tmp_path / name for name in ("a.csv", "a.jsonl", "a.parquet"))
    header = ",".join(ROWS[0])
    table.write_text("\n".join([header, *(",".join(v or "" for v in r.values()) for r in ROWS)]))
    lines.write_text("\n".join(map(json.dumps, ROWS)))
    pq.write_table(pa.Table.from_pylist(ROWS), rows)
    for path in (table, lines, rows):
        assert read_addresses(path).addresses == EXPECTED


def test_columns_are_known_by_the_names_that_providers_give(tmp_path: Path) -> None:
    path = tmp_path / "hits.csv"
    path.write_text("contentUrl,class,Licence,Title\nhttps://a.org/1.jpg,cat,CC0,A cat\n")
    (address,) = read_addresses(path).addresses
    assert address == Address("https://a.org/1.jpg", "cat", "CC0", None, "A cat")


def test_a_text_holds_an_address_a_line(tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_text("# mine\nhttps://a.org/1.jpg\n\n https://a.org/2.jpg \nhttps://a.org/1.jpg\n")
    listed = read_addresses(path)
    assert [each.url for each in listed.addresses] == ["https://a.org/1.jpg", "https://a.org/2.jpg"]
    assert listed.repeated == 1


@pytest.mark.parametrize(
    ("name", "text", "error", "said"),
    [
        ("a.csv", "address,label\nhttps://a.org/1.jpg,cat\n", ConfigError, "rename the column"),
        ("a.csv", "url\n\n", DataError, "the list is empty\n.*\n.*a header without rows: url"),
        ("a.csv", "url,class\n,cat\n", DataError, "holds no address\n.*\n.*1 rows? without one"),
        ("a.csv", "", DataError, "the list is empty"),
        ("a.txt", "# mine\n", DataError, "the list is empty"),
        ("a.jsonl", '{"url": "https://a.org"}\n\n{no\n', DataError, "line 3 is not JSON: {no\n"),
        ("a.jsonl", '{"url": "https://a.org"}\n[]\n', DataError, "line 2 must hold one mapping"),
        ("a.jsonl", "{no\n", DataError, "next:    correct the list"),
        ("a.xlsx", "", ConfigError, "allowed: .csv"),
        (None, "", ConfigError, "no such file"),
    ],
)
def test_a_list_that_is_none_says_why(
    tmp_path: Path, name: str | None, text: str, error: type[Exception], said: str
) -> None:
    path = tmp_path / (name or "missing.txt")
    if name is not None:
        path.write_text(text)
    with pytest.raises(error, match=said):
        read_addresses(path)


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.tsv", "a.jsonl"])
def test_a_list_in_another_encoding_names_the_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"url\nhttps://a.org/1.jpg\nhttps://a.org/caf\xe9.jpg\n")
    with pytest.raises(DataError, match="not in UTF-8") as refused:
        read_addresses(path)
    told = refused.value.parts()
    assert (told["where"], told["got"]) == (f"{path}, line 3", "the byte 0xe9")
    assert "UTF-16" in told["allowed"]
    assert "save the list as UTF-8" in told["next"]
    path.with_suffix(".txt").write_text("https://a.org/caf\xe9.jpg\n", encoding="utf-16")
    (address,) = read_addresses(path.with_suffix(".txt")).addresses
    assert address.url.endswith("caf\xe9.jpg")


@pytest.mark.parametrize("name", ["folder", "folder.v2", "folder.csv"])
def test_a_folder_is_no_list(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(ConfigError, match="a folder, not a list"):
        read_addresses(tmp_path / name)


def test_rows_that_are_not_used_are_counted_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = ["u1,a,", "u1,b,CC0", "u2,,", "u2,c,", ",d,", "u3,d,", "u3,d,", "u4,,"]
    path.write_text("\n".join(["url,class,license", *rows]))
    listed = read_addresses(path)
    assert [each.label for each in listed.addresses] == [None, "c", "d", None]
    assert listed.addresses[0].license == "CC0"
    assert (listed.repeated, listed.blank) == (3, 1)
    assert listed.contradicted == {"u1": ["a", "b"]}
    assert listed.notes() == [
        "1 row has no address, and is left out",
        "1 address has more than one class in the list, so none is used (u1: a and b)",
    ]


@pytest.mark.parametrize(
    ("url", "host", "site"),
    [
        ("https://A.org/x", "a.org", "a.org"),
        ("http://a.org:81/x", "a.org:81", "a.org"),
        ("http://a.org:x/", "", None),
        ("ftp://a.org/x", "", None),
        ("a.org/x", "", None),
        ("http://[::1", "", None),
    ],
)
def test_the_host_of_an_address(url: str, host: str, site: str | None) -> None:
    assert (Address(url).host, Address(url).site) == (host, site)
