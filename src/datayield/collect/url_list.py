"""A list of addresses to download: a text, CSV, JSON-lines or parquet file."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from datayield.collect.listed_columns import (
    blank_rows,
    column_called,
    label_column,
    read_columns,
    text_at,
)
from datayield.data.census import noted
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
    def told(self) -> dict[str, str | None]:
        """What the list says of the image, by the fields of a record."""
        names = ("label", "license", "source", "caption")
        return {name: getattr(self, name) for name in names}

    @property
    def site(self) -> str | None:
        """The host without a port; None for what is no address of the web."""
        return urlsplit(self.url).hostname if self.host else None


class AddressList(NamedTuple):
    """The different addresses of a list, in its order, and what is wrong with its rows.

    `repeated`: rows whose address is in an earlier one. `blank`: rows without an address.
    `contradicted`: addresses whose rows give different classes -> those; it has no class.
    """

    addresses: tuple[Address, ...]
    repeated: int
    blank: int
    contradicted: Mapping[str, Sequence[str]]

    def notes(self) -> list[str]:
        """A sentence for each kind of row that is not used as it stands."""
        told = blank_rows(self.blank, "address")
        if self.contradicted:
            of = noted(f"{url}: {' and '.join(names)}" for url, names in self.contradicted.items())
            addresses = "1 address has" if of.number == 1 else f"{of.number:,} addresses have"
            told.append(f"{addresses} more than one class in the list, so none is used{of.words()}")
        return told


def read_addresses(path: Path) -> AddressList:
    """The addresses in a file. Raises ConfigError or DataError where it holds none.

    Of the rows of one address, the first that says something counts; a class only where no other
    row says another.
    """
    columns = read_columns(path, "url", "one address per line")
    url = column_called(columns, URL_COLUMNS)
    if url is None:
        raise ConfigError(
            "no column holds the addresses",
            where=str(path),
            got=", ".join(columns),
            allowed="a column url; label or class, license, source, caption where known",
            hint="rename the column of addresses to url",
        )
    others = (LICENSE_COLUMNS, SOURCE_COLUMNS, CAPTION_COLUMNS)
    told = [label_column(columns), *(column_called(columns, of) for of in others)]
    rows: dict[str, list[Sequence[str | None]]] = {}
    for i in range(len(url)):
        if (said := text_at(url, i)) is not None:
            rows.setdefault(said, []).append([text_at(of, i) for of in told])
    named = sum(map(len, rows.values()))
    if not named:
        raise DataError(
            "the list holds no address",
            where=str(path),
            got=f"{len(url):,} row{'s' * (len(url) != 1)} without one",
            allowed="an address in each row, in a column url",
            hint="fill in the column of addresses",
        )
    merged = {said: [_distinct(of) for of in zip(*rows[said], strict=True)] for said in rows}
    contradicted = {said: labels for said, (labels, *_) in merged.items() if len(labels) > 1}
    addresses = (
        Address(said, *(next(iter(of), None) for of in values)) for said, values in merged.items()
    )
    return AddressList(
        tuple(a._replace(label=None) if a.url in contradicted else a for a in addresses),
        repeated=named - len(rows),
        blank=len(url) - named,
        contradicted=contradicted,
    )


def _distinct(values: Iterable[str | None]) -> list[str]:
    """The different values that are told, in their order."""
    return list(dict.fromkeys(value for value in values if value is not None))
