"""A file of any usual form, as a table of text cells."""

from pathlib import Path
from typing import Any

from datayield.analysis.evidence.tables.delimited import decoded, delimited
from datayield.analysis.evidence.tables.records import records, table_of
from datayield.analysis.evidence.tables.table import RawTable
from datayield.spec.errors import DataError, nearest

KINDS = "CSV, TSV, Parquet, JSON, JSON lines"


def load_table(path: Path) -> RawTable:
    """The table in `path`. Raises DataError where it cannot be read, with the line."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        here = path.parent if path.parent.is_dir() else Path()
        near = nearest(path.name, (p.name for p in here.iterdir() if p.is_file()))
        raise DataError(
            "file not found",
            where=str(path),
            hint=f"did you mean {near!r}?" if near else f"give a table: {KINDS}",
        ) from None
    except OSError as error:
        said = error.strerror or str(error)
        raise DataError(f"cannot read the table: {said}", where=str(path)) from None
    if data.startswith(b"PAR1"):
        return _parquet(path)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")):
        raise DataError(
            "this is an archive or a spreadsheet, not a table of text",
            where=str(path),
            allowed=KINDS,
            hint="save the sheet as CSV",
        )
    text, note = decoded(data)
    if not text.strip():
        raise DataError("the table is empty", where=str(path))
    first = text.lstrip()[0]
    table = records(text, str(path)) if first in "[{" else delimited(text, str(path))
    if not table.rows:
        raise DataError("no row below the column names", where=str(path))
    return table.noted(note) if note else table


def _parquet(path: Path) -> RawTable:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise DataError(
            "reading Parquet needs PyArrow, which is not installed",
            where=str(path),
            hint="pip install 'datayield[parquet]', or save the table as CSV",
        ) from None
    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"cannot read the Parquet file: {error}", where=str(path)) from None
    if not rows:
        raise DataError("the table is empty", where=str(path))
    return table_of(rows, str(path))
