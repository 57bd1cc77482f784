"""A list of addresses to download: a text, CSV, JSON-lines or parquet file."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from datayield.data.sources.label_columns import is_label
from datayield.data.sources.table_files import read_table
from datayield.spec.errors import ConfigError, DataError

TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
TEXT = (".txt", "")
URL_COLUMNS = ("url", "image_url", "contenturl", "image", "link")
LICENSE_COLUMNS = ("license", "licence", "license_name", "license_url")
SOURCE_COLUMNS = ("source", "provider", "site")
CAPTION_COLUMNS = ("caption", "title", "text", "alt", "name")


class Address(NamedTuple):
    """An image to download, and what the list says of it."""

    url: str
    label: str | None = None  # its class
    license: str | None = None
    source: str | None = None
    caption: str | None = None

    @property
    def key(self) -> str:
        """16 hex digits of the address."""
        return hashlib.sha256(self.url.encode(errors="surrogateescape")).hexdigest()[:16]

    @property
    def host(self) -> str:
        """The host, and its port if the address has one; empty for what is no address of the web.

        Case does not matter.
        """
        try:
            parts = urlsplit(self.url)
            port = f":{parts.port}" if parts.port else ""
            web = parts.scheme in ("http", "https") and parts.hostname
        except ValueError:
            return ""
        return f"{parts.hostname}{port}" if web else ""

    @property
    def site(self) -> str | None:
        """The host without a port; None for what is no address of the web."""
        return urlsplit(self.url).hostname if self.host else None


class AddressList(NamedTuple):
    """The different addresses of a list, in its order, and how many lines repeated one."""

    addresses: tuple[Address, ...]
    repeated: int


def read_addresses(path: Path) -> AddressList:
    """The addresses in a file. Raises ConfigError or DataError where it holds none."""
    columns = read_columns(path, "url", "an address a line")
    url = column_called(columns, URL_COLUMNS)
    if url is None:
        raise ConfigError(
            "no column holds the addresses",
            where=str(path),
            got=", ".join(columns) or "an empty file",
            allowed="a column url; label or class, license, source, caption where known",
            hint="rename the column of addresses to url",
        )
    label = next((columns[name] for name in columns if is_label(name)), None)
    others = [column_called(columns, of) for of in (LICENSE_COLUMNS, SOURCE_COLUMNS)]
    caption = column_called(columns, CAPTION_COLUMNS)
    told = [label, *others, caption]
    rows = (
        Address(str(value).strip(), *(_text(of[i]) if of else None for of in told))
        for i, value in enumerate(url)
        if value is not None and str(value).strip()
    )
    found: dict[str, Address] = {}
    lines = 0
    for address in rows:
        lines += 1
        found.setdefault(address.url, address)
    if not found:
        raise DataError(
            "the list holds no address", where=str(path), hint="write one address a line"
        )
    return AddressList(tuple(found.values()), lines - len(found))


def read_columns(path: Path, name: str, line: str) -> Mapping[str, Sequence[object]]:
    """The columns of a table, or the lines of a text file as a column `name`.

    `line`: what a line of a text file is, for the message. Raises ConfigError for another file,
    DataError for one that cannot be read.
    """
    if path.suffix.lower() not in TABLES + TEXT:
        raise ConfigError(
            "not a list that can be read",
            where=str(path),
            got=path.suffix,
            allowed=[*TABLES, TEXT[0]],
            hint=f"write {line} in a .txt file, or a table with a column {name}",
        )
    if not path.is_file():
        raise ConfigError("no such file", where=str(path), hint="check the path of the list")
    if path.suffix.lower() in TABLES:
        return read_table(path).columns
    try:
        return {name: list(_written(path.read_text(encoding="utf-8-sig").splitlines()))}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read the list: {error}", where=str(path)) from error


def column_called(
    columns: Mapping[str, Sequence[object]], names: Sequence[str]
) -> Sequence[object] | None:
    """The first column with one of these names, in lower case; None if there is none."""
    lower = {name.lower().strip(): name for name in reversed([*columns])}
    return next((columns[lower[name]] for name in names if name in lower), None)


def _written(lines: Iterable[str]) -> Iterable[str]:
    """Lines that are neither empty nor comments."""
    return (line for line in map(str.strip, lines) if line and not line.startswith("#"))


def _text(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None
