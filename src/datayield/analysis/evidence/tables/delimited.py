"""Tables of text: CSV, TSV, semicolons, bars; quoted, commented, in any usual encoding."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from datayield.analysis.evidence.tables.number_text import amount, is_empty
from datayield.analysis.evidence.tables.table import RawTable, TableRow, named
from datayield.spec.errors import DataError

DELIMITERS = ",;\t|"
LOOKED_AT = 50  # lines, for the delimiter


class _TextLine(NamedTuple):
    number: int
    cells: list[str]


def decoded(data: bytes) -> tuple[str, str]:
    """The text, and a note if its encoding is not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16"), ""
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "text read as Windows-1252 (Latin-1)"


def delimited(text: str, source: str) -> RawTable:
    """The table in a text. Raises DataError where there is none, with the line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    said = ""
    if text.lower().startswith("sep="):
        said, text = text[4:5], "\n" + text.partition("\n")[2]
    delimiter = said or _delimiter(text)
    if not any(c in text for c in DELIMITERS):  # columns aligned by spaces
        text, delimiter = re.sub(r"(?m)(?<=\S) {2,}(?=\S)", "\t", text), "\t"
    try:
        lines = list(_lines(text, delimiter, _comment_header(text, delimiter)))
    except csv.Error as error:
        raise DataError(
            f"cannot read the table: {error}", where=source, hint="is a quote left open?"
        ) from None
    while lines and sum(bool(cell.strip()) for cell in lines[0].cells) < 2:
        lines.pop(0)  # a title above the table
    if not lines:
        raise DataError(
            "no table of two or more columns",
            where=source,
            got=_first(text),
            hint="separate columns by commas, semicolons, tabs or bars, with their names on top",
        )
    head, *body = lines
    if not any(amount(cell) is None and not is_empty(cell) for cell in head.cells):
        raise DataError(
            "the first row must name the columns",
            where=f"{source}: line {head.number}",
            got=", ".join(head.cells),
            hint="add a row such as: images,presented,seed,accuracy",
        )
    names = named(head.cells)
    if body and _two_heads(head.cells, body[0].cells):
        names = named([f"{a} {b}" for a, b in zip(head.cells, body.pop(0).cells, strict=True)])
    kept = [line for line in body if line.cells != head.cells]
    rows = tuple(TableRow(x.number, _fitted(x, len(names), source, delimiter)) for x in kept)
    return RawTable(source, names, rows)


def _two_heads(head: list[str], below: list[str]) -> bool:
    """Whether a second row goes on with the names: the first one has gaps or repeats."""
    gaps = len(set(head)) < len(head) and len(head) == len(below)
    return gaps and not any(amount(cell) for cell in below)


def _first(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return first[:60] or "an empty file"


def _comment_header(text: str, delimiter: str) -> int | None:
    """The number of a first line such as "# images,accuracy", that names the columns."""
    for i, line in enumerate(text.splitlines()):
        if line.strip():
            after = next((x for x in text.splitlines()[i + 1 :] if x.strip()), "")
            same = line.count(delimiter) == after.count(delimiter) > 0
            numbers = any(amount(cell) for cell in after.split(delimiter))
            names = not any(amount(cell) for cell in line.lstrip("# ").split(delimiter))
            comment = line.lstrip().startswith("#") and not after.lstrip().startswith("#")
            return i + 1 if comment and same and numbers and names else None
    return None


def _delimiter(text: str) -> str:
    """The one that parts most lines into equally many cells."""
    lines = [x for x in text.splitlines() if x.strip() and not x.lstrip().startswith("#")]
    best, most = ",", (0, 0)
    for delimiter in DELIMITERS:
        rows = csv.reader(io.StringIO("\n".join(lines[:LOOKED_AT])), delimiter=delimiter)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if widths:
            width, times = widths.most_common(1)[0]
            if (times, width) > most:
                best, most = delimiter, (times, width)
    return best


def _lines(text: str, delimiter: str, header: int | None) -> Iterator[_TextLine]:
    """Rows with the line that each begins at; without comments, rules and empty rows."""
    file, strict = io.StringIO(text), _quotes_match(text)
    reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=strict)
    start = 1
    for cells in reader:
        number, start = start, reader.line_num + 1
        cells = [cell.strip() for cell in cells]
        if cells and cells[0].startswith("#"):
            if number != header:
                continue
            cells[0] = cells[0].lstrip("# ")
        if delimiter == "|" and cells and cells[0] == cells[-1] == "":
            cells = cells[1:-1]  # a Markdown table
        if any(cells) and not all(set(cell) <= set("-:=") for cell in cells):
            yield _TextLine(number, cells)


def _quotes_match(text: str) -> bool:
    """Whether an odd quote must be an error: else it is an inch, or a quote within a word."""
    return bool(re.search(r"(?m)(?:^|[,;\t|])\s*\"", text)) and text.count('"') % 2 == 1


def _fitted(line: _TextLine, width: int, source: str, delimiter: str) -> tuple[str, ...]:
    cells = line.cells
    if any(cells[width:]):
        comma = delimiter == "," and len(cells) <= 2 * width
        raise DataError(
            f"{len(cells)} cells for {width} columns",
            where=f"{source}: line {line.number}",
            got=delimiter.join(cells)[:80],
            hint="quote cells that contain a comma, or separate columns by semicolons"
            if comma
            else "quote cells that contain the separator",
        )
    return tuple([*cells, *[""] * width][:width])
