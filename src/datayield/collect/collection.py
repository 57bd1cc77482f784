"""What a collection holds and what it cost, as sentences and as JSON."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from datayield.collect.fates import FATES, TEMPORARY
from datayield.collect.journal import Journal
from datayield.data.census import UNKNOWN, by_number
from datayield.spec.atomic_files import in_bytes
from datayield.store.format import duration


class Collection(NamedTuple):
    """Counts of the images that were asked for, by what became of them, and their cost.

    `seconds`: wall time of all sessions; `bytes`: received, also for what was not kept.
    `per_hour`: the price of an hour of collecting, where one was given.
    """

    folder: str
    asked: int
    fates: Mapping[str, int]
    pending: int
    sources: Mapping[str, int]  # of what was kept
    licenses: Mapping[str, int]
    seconds: float
    bytes: int
    per_hour: float | None = None
    refused_from: int | None = None  # bytes of the smallest file that --max-mb refused

    @property
    def kept(self) -> int:
        """How many images the dataset has."""
        return self.fates.get("kept", 0)

    @property
    def image_price(self) -> float | None:
        """The price of one more kept image; None where no price of an hour was given."""
        if self.per_hour is None or not self.kept:
            return None
        return float(f"{self.seconds / 3600 * self.per_hour / self.kept:.3g}")

    def lines(self) -> list[str]:
        """Text for a person."""
        lines = [f"{self.folder}: {self.kept:,} of {self.asked:,} images kept"]
        width = max((len(fate) for fate in self.fates), default=0)
        lines += [f"  {fate:<{width}}  {n:>8,}" for fate, n in self.fates.items() if fate != "kept"]
        if self.pending:
            lines.append(f"  {'pending':<{width}}  {self.pending:>8,}")
        if self.kept:
            lines.append(f"sources: {by_number(self.sources)}")
            lines.append(f"licences: {by_number(self.licenses)}")
            lines.append(
                f"cost: {duration(self.seconds)}, {in_bytes(self.bytes)} received; "
                f"{self.seconds / self.kept:.3g} s and {in_bytes(self.bytes / self.kept)} "
                "per kept image"
            )
        if self.image_price is not None:
            lines.append(f"in a study: prices: {{image: {self.image_price:g}}}")
        return lines + [f"next: {step}" for step in self._next_steps()]

    def _next_steps(self) -> Iterator[str]:
        """The options by which more of the images may be collected."""
        if again := sum(n for fate, n in self.fates.items() if fate in TEMPORARY):
            yield f"--retry asks again for what failed, perhaps only for a while: {again:,}"
        if private := self.fates.get("private address"):
            yield (
                "--allow-private asks again for what is on this machine or its network: "
                f"{private:,}"
            )
        if self.refused_from is not None:
            yield (
                "a larger --max-mb asks again for files that were too large; the smallest is "
                f"{in_bytes(self.refused_from)}"
            )
        if forbidden := self.fates.get("forbidden"):
            yield (
                "another --agent, with an e-mail address as some servers require, asks again for "
                f"what was forbidden: {forbidden:,}"
            )

    def structure(self) -> dict[str, object]:
        """As JSON-ready values."""
        number = max(self.kept, 1)
        each = {"seconds": self.seconds / number, "bytes": self.bytes / number}
        return {
            "schema_version": 1,
            "folder": self.folder,
            "asked": self.asked,
            "kept": self.kept,
            "pending": self.pending,
            "fates": dict(self.fates),
            "sources": dict(self.sources),
            "licenses": dict(self.licenses),
            "seconds": round(self.seconds, 3),
            "bytes": self.bytes,
            "per_kept_image": each if self.kept else None,
            "prices": None if self.image_price is None else {"image": self.image_price},
        }


def collection_of(
    journal: Journal, keys: frozenset[str], per_hour: float | None = None
) -> Collection:
    """What the journal holds; `keys`: the images that are asked for now, also if not yet tried."""
    records = list(journal.records.values())
    counts = Counter(record.fate for record in records)
    kept = [record for record in records if record.kept]
    return Collection(
        str(journal.folder),
        len(keys | journal.records.keys()),
        {fate: counts[fate] for fate in FATES if counts[fate]},
        len(keys - journal.records.keys()),
        dict(Counter(record.source or UNKNOWN for record in kept).most_common()),
        dict(Counter(record.license or UNKNOWN for record in kept).most_common()),
        journal.seconds,
        sum(record.bytes for record in records),
        per_hour,
        min((r.least_bytes for r in records if r.least_bytes is not None), default=None),
    )
