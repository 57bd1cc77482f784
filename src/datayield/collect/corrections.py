"""What a list says now of images that were tried before: a corrected class moves its image."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from datayield.collect.class_folders import class_folder
from datayield.collect.journal import Journal
from datayield.collect.record import ImageRecord
from datayield.spec.atomic_files import cannot_write

Told = Mapping[str, str | None]  # field of a record -> what the list says of it


def corrections(
    records: Mapping[str, ImageRecord], told: Mapping[str, Told]
) -> dict[str, dict[str, str]]:
    """What a list says and the record of an image does not, by key. None says nothing."""
    changed = {
        key: {n: v for n, v in of.items() if v is not None and v != getattr(records[key], n)}
        for key, of in told.items()
        if key in records
    }
    return {key: of for key, of in changed.items() if of}


def correct(journal: Journal, changed: Mapping[str, Mapping[str, str]]) -> None:
    """Apply corrections, in a session. Raises StoreError where an image cannot be moved."""
    moved: dict[str | None, str] = {}
    for key, of in changed.items():
        before = journal.records[key]
        record = replace(before, **of)  # type: ignore[arg-type]
        if before.file is not None and record.label != before.label:
            file = f"{class_folder(record.label)}/{PurePosixPath(before.file).name}"
            _move(journal.folder, before.file, file)
            if (journal.folder / file).exists():  # else it was deleted
                record, moved[f"of {before.file}"] = replace(record, file=file, fate="kept"), file
        journal.add(record)
    for record in [*journal.records.values()]:
        if record.fate == "duplicate" and record.detail in moved:
            journal.add(replace(record, detail=f"of {moved[record.detail]}"))


def _move(folder: Path, file: str, to: str) -> None:
    """Move an image, unless that was done before its record could be written."""
    old, new = folder / file, folder / to
    try:
        if old.exists() and new != old:
            new.parent.mkdir(parents=True, exist_ok=True)
            old.replace(new)
    except OSError as error:
        raise cannot_write(new, error) from error
    with suppress(OSError):  # other images are there
        old.parent.rmdir()
