"""A study with its data looked up: evaluations know their content, every run is complete."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from datayield.data.catalog import Look
from datayield.data.leaks import leaks
from datayield.data.selection import missing_classes
from datayield.data.split_content import split_listing
from datayield.data.tasks import without_absent
from datayield.spec.errors import ConfigError, DataError, DatayieldError, UnknownCountError, refused
from datayield.spec.run import Listing
from datayield.spec.study import (
    PLACE,
    Cell,
    Overrides,
    Study,
    TimeBudgetError,
    Written,
    blamed,
    find_study,
    load_study,
    shortages,
    with_keys,
)
from datayield.store.time_budgets import in_images


class ResolvedStudy(NamedTuple):
    """A study at one scale, its runs, and what was found of its data."""

    study: Study
    cells: list[Cell]
    listings: dict[tuple[str, str], Listing]
    missing: list[DatayieldError]  # data that is not here, or not enough of it
    left_out: tuple[str, ...]  # tasks of suites whose data are not here, and why


def resolve_study(
    written: Written,
    scale: str | None,
    overrides: Overrides,
    look: Look,
    device: str,
    folder: Path | None = None,
) -> ResolvedStudy:
    """Load a study and look for its data. Raises ConfigError; absent data is only noted.

    `folder`: where relative paths of data begin, if not at the study's file.
    """

    def loads(some: Overrides) -> bool:
        try:
            _resolved(written, scale, some, look, device, folder)
        except ConfigError:
            return False
        return True

    try:
        return _resolved(written, scale, overrides, look, device, folder)
    except ConfigError as error:
        raise blamed(error, overrides, loads) from None


def _resolved(
    written: Written,
    scale: str | None,
    overrides: Overrides,
    look: Look,
    device: str,
    folder: Path | None,
) -> ResolvedStudy:
    place = PLACE if isinstance(written, Mapping) else find_study(written)
    loaded, left_out = without_absent(load_study(written, scale, overrides, folder), look)
    listings: dict[tuple[str, str], Listing] = {}
    missing: list[DatayieldError] = []
    for dataset, split in sorted(loaded.splits()):
        try:
            listings[dataset, split] = split_listing(look(dataset, split))
        except DataError as error:
            missing.append(error)
    loaded = loaded.with_content(listings)
    try:
        cells = loaded.cells(listings)
    except ConfigError as error:
        if isinstance(error, UnknownCountError) and missing:
            raise refused([with_keys(each, loaded, place) for each in missing]) from None
        if isinstance(error, TimeBudgetError):
            error = in_images(error, device)
        raise error.within(place) from None
    missing += [error.within(place) for error in shortages(loaded, cells, listings)]
    runs = {run.id: run for cell in cells for run in cell.run.chain}.values()
    members = [member for run in runs for member in run.data.members]
    missing += missing_classes(members)
    missing += leaks(loaded.evaluations, listings, [part for _, part in members])
    missing = [with_keys(each, loaded, place) for each in missing]
    return ResolvedStudy(loaded, cells, listings, missing, left_out)
