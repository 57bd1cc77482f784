"""Anyone's table of results as evidence: rows become observations, decisions become notes."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from datayield.analysis.evidence.observations import (
    Evidence,
    Observation,
    PretrainedBy,
    Setting,
)
from datayield.analysis.evidence.tables.clean_rows import (
    finished,
    last_of_run,
    without_summaries,
)
from datayield.analysis.evidence.tables.columns import Columns, columns_of
from datayield.analysis.evidence.tables.factors import factors
from datayield.analysis.evidence.tables.load import load_table
from datayield.analysis.evidence.tables.mapping import Mapping, filtered
from datayield.analysis.evidence.tables.melted import melted, one_metric
from datayield.analysis.evidence.tables.number_text import whole
from datayield.analysis.evidence.tables.report_file import read_report
from datayield.analysis.evidence.tables.report_table import evidence_of_report, is_report_table
from datayield.analysis.evidence.tables.score_columns import ScoreColumn
from datayield.analysis.evidence.tables.score_units import ScoreUnit, unit_of
from datayield.analysis.evidence.tables.spending import Spending
from datayield.analysis.evidence.tables.table import RawTable, TableRow
from datayield.spec.errors import DataError

NOBODY = set(
    """untrained|random|random init|random initialization|random initialisation|random weights|
    randomly initialized|scratch|from scratch|none|no pretraining|no pretrain|not pretrained|
    rand init|rand|no ssl""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
OTHERS = set(
    """supervised|imagenet|imagenet weights|imagenet supervised|supervised imagenet|
    imagenet pretrained|pretrained|published|published weights|torchvision|torchvision weights|
    timm|public weights|off the shelf""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
NOTHING = Setting(None, None, None, None)
UNKNOWN_RUNS = 2  # runs that a standard deviation is of at least


def evidence_of_table(path: Path, mapping: Mapping | None = None) -> Evidence:
    """The observations in a file. Raises ConfigError or DataError, with column and row."""
    mapping = mapping or Mapping()
    report = read_report(path) if mapping == Mapping() else None
    return evidence_of_report(report) if report else evidence_in(load_table(path), mapping)


def evidence_in(table: RawTable, mapping: Mapping) -> Evidence:
    """The observations of a table that is read."""
    table = filtered(table, mapping.where)
    if is_report_table(table) and mapping == Mapping(where=mapping.where):
        return evidence_of_report(table)
    table = melted(table)
    columns = columns_of(table, mapping)
    table = finished(table, columns)
    table = without_summaries(table, columns)
    if "metric" in columns.roles and not (mapping.score or mapping.error):
        task = columns.of("task")
        table, error = one_metric(table, columns.roles["metric"], columns.roles["value"], task)
        columns = replace(columns, scores=tuple(s._replace(error=error) for s in columns.scores))
    table = last_of_run(table, columns)
    spending = Spending(table, columns, in_hours=mapping.hours is not None)
    settings = [spending.setting(row) for row in table.rows]
    methods, said = factors(table, columns, settings)
    notes = [*table.notes, *columns.notes, *spending.notes, *said]
    reader = _Reader(table, columns, spending, methods)
    made: list[Observation] = []
    units: dict[str, list[str]] = {}
    for score in columns.scores:
        unit, how = unit_of(table, score)
        notes += how
        if unit is not None:
            units.setdefault(unit.words, []).append(score.column)
            made += reader.observations(score, unit, settings)
    notes += [f"{', '.join(of)} read as {words}" for words, of in units.items()]
    notes += [
        f"{n:,} {'row' if n == 1 else 'rows'} {why}" for why, n in reader.skipped.items() if n
    ]
    made, repeated = _once(made)
    made, mixed = _alike(made)
    notes += [*repeated, *mixed, *_baselines(made)]
    if not made:
        raise DataError(
            "no row has both a score and an amount of images, compute, labels or views",
            where=table.source,
            got=", ".join(table.names),
            hint="; ".join(notes),
        )
    return Evidence(tuple(made), tuple(dict.fromkeys(notes)))


class _Reader:
    def __init__(
        self, table: RawTable, columns: Columns, spending: Spending, methods: Sequence[str]
    ) -> None:
        self.table, self.columns, self.spending = table, columns, spending
        self.methods = methods
        self.skipped: Counter[str] = Counter()
        self._seeds = self._all_seeds()
        self._ladders = self._method_sizes()
        protocol = columns.of("protocol")
        self._tasks = [c for c in (columns.of("task"),) if c]
        if protocol and len(set(table.column(protocol))) > 1:
            self._tasks.append(protocol)

    def observations(
        self, score: ScoreColumn, unit: ScoreUnit, settings: Sequence[Setting]
    ) -> Iterator[Observation]:
        """One for each row that has a score and what it was bought with."""
        images_told = any(s.images is not None for s in settings)
        for row, setting in zip(self.table.rows, settings, strict=True):
            cell = self.table.number(row, score.column)
            if cell is None:
                self.skipped["without a score not used"] += len(self.columns.scores) == 1
                continue
            by = self._pretrained_by(row, setting)
            if by != "us":
                setting = Setting(0, None, setting.labels, None)
            elif images_told and setting.images is None:
                self.skipped["without a number of images not used"] += 1
                continue
            elif setting == NOTHING:
                self.skipped["without images, compute, labels or views not used"] += 1
                continue
            repeats, spread = self._spread(row, score, cell.spread)
            yield Observation(
                self._task(row, score),
                self._method(row),
                setting,
                self._seeds.get(row),
                unit.share(cell.value),
                self._items(row),
                by,
                self.spending.hours(row),
                repeats,
                None if spread is None else spread / unit.divisor,
            )

    def _spread(
        self, row: TableRow, score: ScoreColumn, beside: float | None
    ) -> tuple[int, float | None]:
        """Runs behind a score, and their standard deviation where it is told."""
        column = self.columns.of("repeats")
        runs = whole(self.table.cell(row, column), self.table.comma) if column else None
        own = self.table.number(row, score.spread) if score.spread else None
        spread = own.value if own else beside
        if spread is None:
            return max(runs or 1, 1), None
        if runs is None:
            self.skipped["with a spread but no number of runs, which is taken as 2"] += 1
            runs = UNKNOWN_RUNS
        if runs < 2:
            return 1, None
        return runs, spread * runs**0.5 if score.standard_error else spread

    def _items(self, row: TableRow) -> int | None:
        items = self.spending.number("items", row)
        return round(items) if items else None

    def _task(self, row: TableRow, score: ScoreColumn) -> str:
        """What the row says, and the column's name where that is needed."""
        parts = [self.table.cell(row, c) for c in self._tasks]
        if not parts or len(self.columns.scores) > 1:
            parts.append(score.task)
        return ", ".join(part for part in parts if part)

    def _method(self, row: TableRow) -> str:
        own = self.columns.of("method")
        parts = []
        for column in self.methods:
            cell = self.table.cell(row, column)
            told = column in (own, self.columns.of("encoder"), self.columns.of("pretrain_data"))
            parts.append(cell if told or not cell else f"{column} {cell}")
        return ", ".join(part for part in parts if part)

    def _pretrained_by(self, row: TableRow, setting: Setting) -> PretrainedBy:
        if setting.images == 0:
            return "nobody"
        for role in ("method", "encoder", "pretrain_data"):
            column = self.columns.of(role)
            cell = _plain(self.table.cell(row, column)) if column else ""
            if cell in NOBODY:
                return "nobody"
            if role == "method" and cell in OTHERS and len(self._ladders.get(cell, ())) < 2:
                return "others"
        return "us"

    def _method_sizes(self) -> dict[str, set[int]]:
        """Method -> its numbers of images: one with several is a ladder of its own."""
        column = self.columns.of("method")
        sizes: dict[str, set[int]] = {}
        for row in self.table.rows if column else ():
            images = self.spending.setting(row).images
            if images:
                sizes.setdefault(_plain(self.table.cell(row, column or "")), set()).add(images)
        return sizes

    def _all_seeds(self) -> dict[TableRow, int]:
        column = self.columns.of("seed")
        if column is None:
            return {}
        cells = {row: self.table.cell(row, column) for row in self.table.rows}
        names = list(dict.fromkeys(cell for cell in cells.values() if cell))
        numbers = {name: whole(name, self.table.comma) for name in names}
        if any(number is None for number in numbers.values()):
            ends = {name: re.fullmatch(r"\D*(\d+)", name) for name in names}
            numbers = {n: int(e[1]) if e else None for n, e in ends.items()}
            if any(number is None for number in numbers.values()):
                numbers = {name: i for i, name in enumerate(names)}
        return {row: n for row, cell in cells.items() if (n := numbers.get(cell)) is not None}


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-/]+", " ", text.strip().lower())


def _once(made: list[Observation]) -> tuple[list[Observation], list[str]]:
    """Each observation of a seed once; scores that differ at one seed are kept."""
    kept = list(dict.fromkeys(each for each in made if each.seed is not None))
    seen = set[Observation]()
    found = []
    for each in made:
        if each.seed is None or each not in seen:
            found.append(each)
        seen.add(each)
    keys = Counter((o.task, o.method, o.setting, o.seed) for o in kept)
    several = sum(n - 1 for n in keys.values())
    notes = []
    if gone := len(made) - len(found):
        notes.append(f"{gone:,} repeated {'row' if gone == 1 else 'rows'} counted once")
    if several:
        notes.append(
            f"{several:,} {'row repeats' if several == 1 else 'rows repeat'} a setting and seed "
            "with another score: kept as runs"
        )
    return found, notes


def _alike(made: list[Observation]) -> tuple[list[Observation], list[str]]:
    """Within a task and method, what only some rows tell is needed of all."""
    told: dict[tuple[str, str, int], bool] = {}
    for each in made:
        for axis, value in enumerate(each.setting):
            key = each.task, each.method, axis
            told[key] = told.get(key, False) or value is not None
    kept, gone = [], Counter[str]()
    for each in made:
        lacking = [
            name
            for axis, name in enumerate(Setting._fields)
            if each.pretrained_by == "us"
            and each.setting[axis] is None
            and told[each.task, each.method, axis]
        ]
        if lacking:
            gone[lacking[0]] += 1
        else:
            kept.append(each)
    return kept, [
        f"{n:,} {'row' if n == 1 else 'rows'} without {name} not used" for name, n in gone.items()
    ]


def _baselines(made: list[Observation]) -> list[str]:
    said = {
        "nobody": "of untrained models: a baseline",
        "others": "of published weights: a baseline",
    }
    counts = Counter(o.pretrained_by for o in made)
    return [
        f"{n:,} {'score' if n == 1 else 'scores'} {said[by]}"
        for by, n in counts.items()
        if by in said
    ]
