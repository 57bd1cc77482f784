"""A split of an archive: read from its copy in the cache, spoken of as the archive itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datayield.data.census import Census, together
from datayield.data.content import Keyed, keys_of
from datayield.data.source import Groupable, Labels, Pixels, Source, masked
from datayield.data.sources.files import Keys
from datayield.spec.errors import DataError
from datayield.spec.run import Listing


@contextmanager
def naming(archive: Path, copy: Path) -> Iterator[None]:
    """Errors of the block that name a file of `copy` name the archive instead."""
    try:
        yield
    except DataError as error:
        if str(copy) in error.where:
            error.where = error.where.replace(str(copy), str(archive))
            error.args = (error.text(),)
        raise


@dataclass(frozen=True)
class Unpacked:
    """The split `inside` of `archive`, unpacked at `copy`; `beside`: a census of other files."""

    inside: Source
    archive: Path
    copy: Path
    beside: Census

    def __len__(self) -> int:
        with naming(self.archive, self.copy):
            return len(self.inside)

    def listing(self) -> Listing:
        with naming(self.archive, self.copy):
            return self.inside.listing()

    @property
    def stamp(self) -> str:
        with naming(self.archive, self.copy):
            return self.inside.stamp

    @property
    def keys(self) -> Keys:
        return self.inside.keys if isinstance(self.inside, Keyed) else keys_of(self.inside)

    @property
    def census(self) -> Census:
        with naming(self.archive, self.copy):
            told = self.inside.census
        return told._replace(
            skipped=together(told.skipped, self.beside.skipped),
            ignored=together(told.ignored, self.beside.ignored),
            merged=together(told.merged, self.beside.merged),
        )

    @property
    def labels(self) -> dict[str, Labels]:
        with naming(self.archive, self.copy):
            return self.inside.labels

    @property
    def classes(self) -> dict[str, list[str]]:
        with naming(self.archive, self.copy):
            return self.inside.classes

    @property
    def group_columns(self) -> list[str]:
        with naming(self.archive, self.copy):
            return self.inside.group_columns if isinstance(self.inside, Groupable) else []

    def groups(self, column: str) -> list[object]:
        assert isinstance(self.inside, Groupable)
        with naming(self.archive, self.copy):
            return self.inside.groups(column)

    @property
    def has_masks(self) -> bool:
        return masked(self.inside) is not None

    def read_mask(self, i: int) -> bytes | Pixels:
        inside = masked(self.inside)
        assert inside is not None
        return inside.read_mask(i)

    def names(self, i: int) -> str:
        return self.inside.names(i)

    def read(self, i: int) -> bytes | Pixels:
        return self.inside.read(i)
