"""What each row was bought with: images, presented, labels and views, from whatever is given."""

from collections.abc import Callable
from functools import partial

from datayield.analysis.evidence.observations import Setting
from datayield.analysis.evidence.tables.column_names import TIMES, column_name
from datayield.analysis.evidence.tables.columns import Columns
from datayield.analysis.evidence.tables.number_text import is_empty
from datayield.analysis.evidence.tables.roles import SIZES, Role, dataset_key
from datayield.analysis.evidence.tables.table import RawTable, TableRow
from datayield.spec.errors import DataError

RowReading = Callable[[TableRow], float | None]
_DIFFERS = 0.05  # relative, between presented and epochs x images, to be worth a note
_NOT_PRESENTED = 0.5  # of the images: fewer presented than this must be another unit


class Spending:
    """Reads settings of rows. `notes`: how each number came about.

    `in_hours`: the column of training time was named as one of hours.
    """

    def __init__(self, table: RawTable, columns: Columns, in_hours: bool = False) -> None:
        self.table, self.columns, self.in_hours = table, columns, in_hours
        self.notes: list[str] = []
        self._images = self._read_images()
        self._presented = self._read_presented()
        self._labels = self._read_labels()

    def setting(self, row: TableRow) -> Setting:
        """What is told of this row; None where nothing is."""
        images, presented, labels = self._images(row), self._presented(row), self._labels(row)
        views = self.number("views", row)
        return Setting(
            None if images is None else round(images),
            presented or None,
            round(labels or 0) or None,
            round(views or 0) or None,
        )

    def number(self, role: Role, row: TableRow) -> float | None:
        """The number of this role, in units of one."""
        if role in self.columns.numbers:
            return self.columns.numbers[role]
        column = self.columns.of(role)
        read = self.table.number(row, column) if column else None
        if read is None or column is None:
            return None
        if read.value < 0:
            raise DataError(
                f"{role} cannot be negative",
                where=self.table.place(row, column),
                got=f"{read.value:g}",
                hint="correct the row, or leave its cell empty",
            )
        return read.value * TIMES.get(column_name(column).unit, 1)

    def hours(self, row: TableRow) -> float | None:
        """Of training: by the unit of its column, else hours for hours and seconds for the rest."""
        column, value = self.columns.of("hours"), self.number("hours", row)
        if column is None or value is None or value <= 0:
            return None
        name = column_name(column)
        hours = self.in_hours or "hours" in name.words
        known = name.unit or ("hours" if hours else "seconds")
        return value / {"hours": 1, "minutes": 60}.get(known, 3600)

    def _said(self, role: Role) -> bool:
        return role in self.columns.roles or role in self.columns.numbers

    def _values(self, role: Role) -> set[float]:
        read = {self.number(role, row) for row in self.table.rows}
        return {value for value in read if value is not None}

    def _name(self, role: Role) -> str:
        return self.columns.roles.get(role) or f"{self.columns.numbers[role]:g}"

    def _read_images(self) -> RowReading:
        column = self.columns.of("images")
        if column and self._is_percent(column):
            return self._shares("images", column)
        fraction = self.columns.of("image_fraction")
        if self._said("images"):
            if fraction and self._of_each("image_fraction", "images"):
                return self._part_of_images(fraction)
            return partial(self.number, "images")
        if fraction:
            return self._shares("image_fraction", fraction)
        self.notes.append("no number of images in the table: taken as equal in all rows")
        return lambda row: None

    def _of_each(self, role: Role, of: Role) -> bool:
        """Whether there are several values of a role for one value of another."""
        pairs = {(self.number(of, row), self.number(role, row)) for row in self.table.rows}
        return len(pairs) > len({value for value, _ in pairs})

    def _part_of_images(self, fraction: str) -> RowReading:
        self.notes.append(f"images = {fraction} x {self._name('images')}")
        percent = self._is_percent(fraction) or max(self.table.numbers(fraction)) > 1

        def read(row: TableRow) -> float | None:
            whole, part = self.number("images", row), self.table.number(row, fraction)
            if whole is None or part is None or part.value < 0:
                return None
            return whole * part.value / (100 if percent else 1)

        return read

    def _is_percent(self, column: str) -> bool:
        cells = [self.table.number(row, column) for row in self.table.rows]
        return column_name(column).unit == "percent" or any(c and c.percent for c in cells)

    def _shares(self, role: Role, column: str) -> RowReading:
        """Parts of a set whose size is known."""
        percent = self._is_percent(column) or max(self.table.numbers(column), default=0) > 1
        what = "labels" if "label" in role else "images"
        known = "label_total" if what == "labels" else "presented"

        def total(row: TableRow) -> float | None:
            if what == "labels" and self._said("label_total"):
                return self.number("label_total", row)
            for of in ("pretrain_data", "task") if what == "images" else ("task", "pretrain_data"):
                name = self.columns.of(of)
                size = SIZES.get(dataset_key(self.table.cell(row, name))) if name else None
                if size:
                    return size
            return None

        if all(total(row) is None for row in self.table.rows):
            add = "label_total" if known == "label_total" else "images"
            raise DataError(
                f"{column} is a part of a set whose size is unknown",
                where=f"{self.table.source}: column {column!r}",
                got=", ".join(dict.fromkeys(self.table.column(column)[:4])),
                hint=f"add a column {add!r} with numbers of images",
            )
        self.notes.append(f"{what} = {column} x the size of the dataset")

        def read(row: TableRow) -> float | None:
            cell, whole = self.table.number(row, column), total(row)
            if cell is None or whole is None or cell.value < 0:
                return None
            return cell.value / (100 if percent else 1) * whole

        return read

    def _read_presented(self) -> RowReading:
        epochs = self._times_images("epochs") if self._said("epochs") else None
        if self._said("presented"):
            if self._are_epochs():
                self.notes.append(
                    f"{self._name('presented')} read as epochs: presented = it x images"
                )
                return self._times_images("presented")
            self._compare(epochs)
            return partial(self.number, "presented")
        if epochs is not None:
            self._needs_images("epochs")
            self.notes.append(f"presented = {self._name('epochs')} x images")
            return epochs
        return self._by_steps()

    def _are_epochs(self) -> bool:
        """A budget of fewer images than there are is one in epochs."""
        if column_name(self._name("presented")).key not in (
            "budget",
            "compute",
            "c",
            "train_budget",
        ):
            return False
        rows = self.table.rows
        pairs = [(self._images(row) or 0, self.number("presented", row)) for row in rows]
        return all(c < _NOT_PRESENTED * n for n, c in pairs if c is not None and n)

    def _times_images(self, role: Role) -> RowReading:
        def read(row: TableRow) -> float | None:
            times, images = self.number(role, row), self._images(row)
            return None if times is None or images is None else times * images

        return read

    def _compare(self, epochs: RowReading | None) -> None:
        if epochs is None:
            return
        pairs = [(self.number("presented", row), epochs(row)) for row in self.table.rows]
        if any(a and b and abs(a / b - 1) > _DIFFERS for a, b in pairs):
            self.notes.append(
                f"presented = {self._name('presented')}, which differs from epochs x images"
            )

    def _needs_images(self, role: Role) -> None:
        if len(self._values(role)) > 1 and all(self._images(r) is None for r in self.table.rows):
            raise DataError(
                f"{role} tell how much was presented only together with the number of images",
                where=f"{self.table.source}: column {self._name(role)!r}",
                got=", ".join(self.table.names),
                hint="name its column, or give it for all rows: --images 50000",
            )

    def _by_steps(self) -> RowReading:
        steps, batch = self._said("steps"), self._said("batch")
        if steps and batch:
            self.notes.append(f"presented = {self._name('steps')} x {self._name('batch')}")

            def read(row: TableRow) -> float | None:
                times, each = self.number("steps", row), self.number("batch", row)
                return None if times is None or each is None else times * each

            return read
        for role in ("steps", "flops"):
            if self._said(role) and len(self._values(role)) > 1:
                column = self.columns.roles[role]
                raise DataError(
                    f"{column} alone does not say how many images were presented",
                    where=f"{self.table.source}: column {column!r}",
                    got=", ".join(self.table.names),
                    hint="add a column batch_size" if role == "steps" else "add a column presented",
                )
        self.notes.append("no compute in the table: taken as equal in all rows")
        return lambda row: None

    def _read_labels(self) -> RowReading:
        column = self.columns.of("labels")
        if column and self._is_percent(column):
            return self._shares("label_fraction", column)
        if self._said("labels"):
            return partial(self.number, "labels")
        if (fraction := self.columns.of("label_fraction")) and len(set(self._cells(fraction))) > 1:
            return self._shares("label_fraction", fraction)
        if self._said("shots"):
            classes = self._said("classes")
            of = f"x {self._name('classes')}" if classes else "of each class"
            self.notes.append(f"labels = {self._name('shots')} {of}")
            return lambda row: _times(
                self.number("shots", row), self.number("classes", row), classes
            )
        return lambda row: None

    def _cells(self, column: str) -> list[str]:
        return [cell for cell in self.table.column(column) if not is_empty(cell)]


def _times(shots: float | None, classes: float | None, needed: bool) -> float | None:
    if shots is None or (needed and classes is None):
        return None
    return shots * (classes or 1)
