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
        ("a.csv", "url\n\n", DataError, "holds no address"),
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
