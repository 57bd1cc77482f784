"""A list of addresses to download: a text, CSV, JSON-lines or parquet file."""

import hashlib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from datayield.collect.listed_columns import column_called, label_column, read_columns, text_at
from datayield.spec.errors import ConfigError, DataError

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
    others = (LICENSE_COLUMNS, SOURCE_COLUMNS, CAPTION_COLUMNS)
    told = [label_column(columns), *(column_called(columns, of) for of in others)]
    rows = (
        Address(said, *(text_at(of, i) for of in told))
        for i in range(len(url))
        if (said := text_at(url, i)) is not None
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
