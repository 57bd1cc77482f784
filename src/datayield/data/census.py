"""What became of every file of a dataset: used, or not and why, with a few names of each kind."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from datayield.spec.named_paths import pasteable

EXAMPLES = 3  # names kept of each kind
UNKNOWN = "unknown"  # a source or a licence that is not told
NAMED = 4  # sources or licences that a sentence names


class Noted(NamedTuple):
    """How many, and the first few of their names."""

    number: int
    examples: tuple[str, ...] = ()

    def plus(self, other: "Noted") -> "Noted":
        """Both together."""
        return Noted(self.number + other.number, (self.examples + other.examples)[:EXAMPLES])

    def words(self) -> str:
        """The names in brackets, and how many more there are."""
        if not self.examples:
            return ""
        more = self.number - len(self.examples)
        return f" ({', '.join(self.examples)}{f' and {more:,} more' if more > 0 else ''})"

    def kind_words(self, kind: str) -> str:
        """A kind, in the plural, with its names, which are counted where they are not all told."""
        return f"{kind}{self.words()}" if self.examples else f"{self.number:,} {kind}"


NONE = Noted(0)  # an immutable default
Notes = Mapping[str, Noted]
NOTHING: dict[str, Noted] = {}  # never changed
NO_ORIGINS: dict[str, dict[str, int]] = {}  # never changed
NO_TABLES: dict[Path, int] = {}  # never changed


class Census(NamedTuple):
    """One split of a dataset, counted. All but `used` map a reason or a type to what it concerns.

    `used`: images listed. `skipped`: files that cannot be read, so not among them, and rows of
    tables that cannot be used as they stand. `ignored`: other files, by type or by the reason.
    `merged`: what was put together or chosen among. `unlabelled`: images that are used, without a
    label, of which the rows of `explained` are told in `skipped`. `ambiguous`: names that can be
    read in two ways, and how they were read. `partly`: tables that label fewer than half of the
    images, which only a study that names the table uses -> the images that they label.
    """

    used: int
    skipped: Notes = NOTHING
    ignored: Notes = NOTHING
    merged: Notes = NOTHING
    unlabelled: Noted = NONE
    ambiguous: Notes = NOTHING
    origins: Mapping[str, Mapping[str, int]] = NO_ORIGINS
    explained: int = 0
    partly: Mapping[Path, int] = NO_TABLES

    @property
    def plain(self) -> bool:
        """Whether all there is to say is the number of images."""
        kinds = (
            *(self.skipped, self.ignored, self.merged, self.ambiguous, self.origins),
            self.partly,
        )
        return not (any(kinds) or self.unlabelled.number)

    def lines(self) -> list[str]:
        """A sentence for each way in which files are not simply used; none where all are."""
        words = {"source": "sources", "license": "licences"}
        origins = [f"{words[name]}: {by_number(of)}" for name, of in self.origins.items()]
        told = [
            f"{n:,} of {self.used:,} images have labels: {printable(path.name)}, a dataset of "
            f"its own (--labels {pasteable(path)})"
            for path, n in self.partly.items()
        ]
        told += ["; ".join(origins)] if origins else []
        told += [f"skipped {n.number:,}: {why}{n.words()}" for why, n in self.skipped.items()]
        if ignored := [n.kind_words(what) for what, n in self.ignored.items()]:
            told.append(f"ignored {'; '.join(ignored)}")
        told += [f"{what}{n.words()}" for what, n in self.merged.items()]
        if self.unlabelled.number > self.explained:
            told.append(f"{self.unlabelled.number:,} without a label{self.unlabelled.words()}")
        return told + [f"ambiguous: {what}{n.words()}" for what, n in self.ambiguous.items()]

    def structure(self) -> dict[str, object]:
        """As JSON-ready values."""
        named = {"skipped": self.skipped, "ignored": self.ignored}
        named |= {"merged": self.merged, "ambiguous": self.ambiguous}
        kinds = {
            kind: {
                what: {"count": n.number, "examples": list(n.examples)} for what, n in of.items()
            }
            for kind, of in named.items()
        }
        without = {"count": self.unlabelled.number, "examples": list(self.unlabelled.examples)}
        origins = {name: dict(of) for name, of in self.origins.items()}
        partly = {path.name: n for path, n in self.partly.items()}
        whole = {"used": self.used, **kinds, "unlabelled": without, "partly_labelled": partly}
        return whole | {"origins": origins}


def noted(names: Iterable[str]) -> Noted:
    """Names counted, the first few of them printable and kept."""
    return by_kind(("", name) for name in names).get("", NONE)


PLAIN = Census(0)


def by_kind(pairs: Iterable[tuple[str, str]]) -> dict[str, Noted]:
    """(kind, name) pairs -> kind -> its names, in order of the kinds' first appearance."""
    told: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for kind, name in pairs:
        counts[kind] = counts.get(kind, 0) + 1
        examples = told.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(printable(name))
    return {kind: Noted(counts[kind], tuple(told[kind])) for kind in told}


def together(*notes: Notes) -> dict[str, Noted]:
    """Several notes as one, counts of the same kind added."""
    whole: dict[str, Noted] = {}
    for kind, more in (item for each in notes for item in each.items()):
        whole[kind] = whole.get(kind, NONE).plus(more)
    return whole


def further_pages_note(number: int) -> str:
    """How many files hold more than the page or frame that is used."""
    what = "file has" if number == 1 else "files have"
    return f"{number:,} {what} further pages or frames, which are not used"


def by_number(counts: Mapping[str, int]) -> str:
    """The first of some counts, and how many more there are: `flickr.com 120 and 3 more`.

    What is unknown is always told.
    """
    named = [name for i, name in enumerate(counts) if i < NAMED or name == UNKNOWN]
    more = len(counts) - len(named)
    told = ", ".join(f"{printable(name)} {counts[name]:,}" for name in named)
    return told + (f" and {more:,} more" if more > 0 else "")


def printable(name: str) -> str:
    """A file name as text that any terminal of UTF-8 prints: undecodable bytes become `?`."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else "?" for c in text)
