"""Which column is what, as a person says it on the command line; columns looked up by name."""

from typing import NamedTuple

from datayield.analysis.evidence.tables.column_names import column_name
from datayield.analysis.evidence.tables.number_text import amount
from datayield.analysis.evidence.tables.roles import Role
from datayield.analysis.evidence.tables.table import RawTable
from datayield.spec.errors import ConfigError

FOR_ALL_ROWS: tuple[Role, ...] = ("images", "presented", "epochs", "labels", "views")


class Mapping(NamedTuple):
    """Columns by name; images, presented, epochs, labels and views may be a number for all rows."""

    images: str | None = None
    presented: str | None = None
    epochs: str | None = None
    labels: str | None = None
    views: str | None = None
    hours: str | None = None
    seed: str | None = None
    method: str | None = None
    task: str | None = None
    score: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    where: tuple[str, ...] = ()  # COLUMN=VALUE

    def roles(self, table: RawTable) -> tuple[dict[Role, str], dict[Role, float]]:
        """Columns and numbers by role, of what was said. Raises ConfigError for an unknown one."""
        columns: dict[Role, str] = {}
        numbers: dict[Role, float] = {}
        asked: dict[Role, str | None] = {
            "images": self.images,
            "presented": self.presented,
            "epochs": self.epochs,
            "labels": self.labels,
            "views": self.views,
            "hours": self.hours,
            "seed": self.seed,
            "method": self.method,
            "task": self.task,
        }
        for role, name in asked.items():
            if name is None:
                continue
            number = amount(name) if role in FOR_ALL_ROWS else None
            if number is not None and name not in table.names:
                if number.value <= 0:
                    raise ConfigError(
                        f"the number of {role} must be above 0",
                        where=f"{table.source}: --{role}",
                        got=name,
                        hint="give the number that all rows share, or the name of a column",
                    )
                numbers[role] = number.value
            else:
                columns[role] = column_of(table, name, f"--{role}")
        return columns, numbers


def column_of(table: RawTable, name: str, flag: str) -> str:
    """The column of this name, in its own spelling."""
    for same in (
        [x for x in table.names if x == name],
        [x for x in table.names if x.lower() == name.lower()],
        [x for x in table.names if column_name(x).key == column_name(name).key],
    ):
        if len(same) == 1:
            return same[0]
    raise ConfigError(
        "no such column", where=f"{table.source}: {flag}", got=name, allowed=table.names
    )


def filtered(table: RawTable, where: tuple[str, ...]) -> RawTable:
    """Only rows with these values. Raises ConfigError for an unknown column or value."""
    for said in where:
        name, equals, value = said.partition("=")
        if not equals:
            raise ConfigError("write COLUMN=VALUE", where="--where", got=said)
        column = column_of(table, name.strip(), "--where")
        wanted = value.strip()
        number = amount(wanted, table.comma)
        kept = {
            cell
            for cell in table.column(column)
            if cell.lower() == wanted.lower()
            or (number is not None and amount(cell, table.comma) == number)
        }
        if not kept:
            raise ConfigError(
                "no row has this value",
                where=f"{table.source}: column {column!r}",
                got=wanted,
                allowed=sorted(set(table.column(column)))[:20],
            )
        table = _only(table, column, kept)
    return table


def _only(table: RawTable, column: str, kept: set[str]) -> RawTable:
    return table.without(
        lambda row: table.cell(row, column) not in kept,
        f"with {column} other than {', '.join(sorted(kept))} left out",
    )
