"""Distances between datasets in a terminal of 80 columns."""

from collections.abc import Sequence
from textwrap import wrap

from rich.console import Console
from rich.table import Table

from datayield.store.distances import DistanceRecord, MetricRecord

LABELS = {
    "fid_inf": "FID at infinite n",
    "fid": "FID",
    "fid_shrunk": "FD, shrunk covariance",
    "kid": "KID",
    "cmmd": "CMMD",
    "mmd_median": "MMD, median sigma",
    "vdna": "VisualDNA, EMD",
    "domain_auc": "domain AUC",
}
# The contents of a matrix: one distance on features and one on activations, with short headings.
ORDERED_BY = {"kid": "KID", "vdna": "VisualDNA"}


def show(console: Console, records: Sequence[DistanceRecord]) -> None:
    """One pair as a table of its distances; more as a matrix for each of two distances."""
    if len(records) == 1:
        _pair(console, records[0])
    else:
        for number, name in enumerate(_names(records), start=1):
            console.print(f"{number}  {name}", highlight=False, markup=False)
        for metric in ORDERED_BY:
            _matrix(console, records, metric)
        _ordered(console, records)
    _close(console, records)


def _pair(console: Console, record: DistanceRecord) -> None:
    console.print(f"{record.a} and {record.b}", style="bold", highlight=False, markup=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("metric", no_wrap=True)
    for name in ("value", "95% interval", "null"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in record.metrics:
        interval = _range(one.interval) if one.interval else ""
        null = _range(one.null) if one.null else ""
        table.add_row(LABELS[one.metric], _value(one), interval, null)
    console.print(table, highlight=False)
    for one in record.metrics:
        if one.note:
            _print(console, f"{LABELS[one.metric]}: {one.note}")


def _matrix(console: Console, records: Sequence[DistanceRecord], metric: str) -> None:
    names = _names(records)
    by_pair = {frozenset((r.a, r.b)): _one(r, metric) for r in records}
    halves: dict[str, float | None] = {}
    for record in records:
        one = _one(record, metric)
        halves |= {record.a: one.halves[0], record.b: one.halves[1]}
    console.print(f"{LABELS[metric]} (diagonal: two halves of the set)", style="bold")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for number in range(1, len(names) + 1):
        table.add_column(str(number), justify="right", no_wrap=True)
    for row, a in enumerate(names):
        cells = []
        for column, b in enumerate(names):
            if column > row:
                cells.append("")
            elif a == b:
                cells.append(_number(halves[a]))
            else:
                cells.append(_value(by_pair[frozenset((a, b))]))
        table.add_row(f"{row + 1}", *cells)
    console.print(table, highlight=False, markup=False)


def _ordered(console: Console, records: Sequence[DistanceRecord]) -> None:
    """Pairs from near to far, by the first distance, with intervals; sets by number."""
    names = _names(records)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("pair", no_wrap=True)
    for short in ORDERED_BY.values():
        for heading in (short, "95% interval"):
            table.add_column(heading, justify="right", no_wrap=True)
    nearest = next(iter(ORDERED_BY))
    for record in sorted(records, key=lambda r: _one(r, nearest).value or 0.0):
        cells = [f"{names.index(record.a) + 1} and {names.index(record.b) + 1}"]
        for metric in ORDERED_BY:
            one = _one(record, metric)
            cells += [_value(one), _range(one.interval) if one.interval else ""]
        table.add_row(*cells)
    console.print(table, highlight=False)


def _names(records: Sequence[DistanceRecord]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in (record.a, record.b)))


def _close(console: Console, records: Sequence[DistanceRecord]) -> None:
    first = records[0]
    _print(
        console,
        f"n = {first.n:,} images per dataset, {first.size} px; encoder {first.encoder}, "
        f"{first.width} features.",
    )
    for note in dict.fromkeys(note for record in records for note in record.notes):
        _print(console, note)
    _print(
        console,
        "null: range over 20 splits of the pooled images, balanced between sets; * marks a value "
        "above it. Values are comparable only within one encoder and image size; FID, FD, "
        "VisualDNA and domain AUC also require the same n, while FID at infinite n, KID and MMD "
        "have the same expectation at any n.",
    )


def _print(console: Console, text: str) -> None:
    width = min(console.width, 100)
    for line in wrap(text, width, subsequent_indent="  "):
        console.print(line, style="dim", highlight=False, markup=False)


def _one(record: DistanceRecord, metric: str) -> MetricRecord:
    return next(one for one in record.metrics if one.metric == metric)


def _value(one: MetricRecord) -> str:
    """Four digits, starred if above the whole null distribution."""
    beyond = one.value is not None and one.null is not None and one.value > one.null[1]
    return _number(one.value) + ("*" if beyond else " ")


def _range(ends: tuple[float, float]) -> str:
    return f"{_number(ends[0])} to {_number(ends[1])}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if abs(value) < 1e5 else f"{value:.2e}"
