"""The files beside the images: who they are from, what was not collected, and what it cost."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from datayield.collect.collection import Collection
from datayield.collect.record import ImageRecord
from datayield.data.sources.tables import COLLECTION, NOT_COLLECTED, PROVENANCE
from datayield.spec.atomic_files import write_json, write_text

KEPT_COLUMNS = (
    ("file", "class", "source", "license", "url", "final_url", "prompt", "negative_prompt")
    + ("caption", "model", "seed", "guidance", "steps", "sha256", "pixels_sha256")
    + ("original_width", "original_height", "width", "height", "bytes", "seconds", "time", "fate")
)
FAILED_COLUMNS = (
    "fate",
    "detail",
    "class",
    "source",
    "license",
    "url",
    "final_url",
    "prompt",
    "caption",
) + ("model", "seed", "sha256", "bytes", "seconds", "time")


def write_tables(folder: Path, records: Iterable[ImageRecord], collection: Collection) -> None:
    """Write provenance.csv, not_collected.csv and collection.json, each whole or not at all.

    Columns that no image has a value for are left out. Raises StoreError if the disk is full.
    """
    every = list(records)
    kept = sorted((r for r in every if r.kept), key=lambda r: r.file or "")
    others = sorted((r for r in every if not r.kept), key=lambda r: (r.fate, r.url or r.key))
    write_text(folder / NOT_COLLECTED, _csv(others, FAILED_COLUMNS))
    write_text(folder / PROVENANCE, _csv(kept, KEPT_COLUMNS))
    write_json(folder / COLLECTION, collection.structure())


def _csv(records: Sequence[ImageRecord], columns: Sequence[str]) -> str:
    rows = [[_value(record, name) for name in columns] for record in records]
    used = [i for i, name in enumerate(columns) if i == 0 or any(row[i] != "" for row in rows)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([columns[i] for i in used])
    writer.writerows([row[i] for i in used] for row in rows)
    return text.getvalue()


def _value(record: ImageRecord, name: str) -> Any:
    """The value of a column; line breaks, which a table of labels does not hold, become spaces."""
    value = getattr(record, {"class": "label"}.get(name, name))
    if value is None:
        return ""
    return " ".join(value.split()) if isinstance(value, str) else value
