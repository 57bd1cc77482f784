"""Published numbers next to a study's file: `<study>.reference.csv`, one number per line."""

import csv
import math
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from datayield.spec.errors import ConfigError
from datayield.spec.frozen import Frozen
from datayield.spec.validate import validated

Axis = Literal["", "n", "images", "labels", "label_fraction", "views", "projector", "beta"]
PublishedUnit = Literal["", "percent", "points", "factor", "distance", "epochs", "seconds"]
_NUMBERS = ("at", "value", "spread", "seeds")


class Published(Frozen):
    """One number of a paper, as printed. `value` is None if the paper prints none.

    `x` names what varies along the paper's curve, `at` is its value there: `n` (unique images),
    `images` (presented), `labels` (labelled items), `label_fraction`, `views`, `projector` (its
    width), `beta`; both are left out of a single number.
    """

    figure: str = Field(min_length=1, description="in the paper: 'Table 1'")
    method: str = ""
    arm: str = ""
    x: Axis = ""
    at: float | None = None
    evaluation: str = ""
    metric: str = Field(min_length=1, description="accuracy, miou, or what `unit` explains")
    unit: PublishedUnit = ""
    value: float | None = None
    spread: float | None = Field(None, ge=0, description="standard deviation over seeds, as value")
    seeds: int | None = Field(None, ge=1)
    doubtful: bool = False
    source: str = Field(min_length=1)
    note: str = ""

    @model_validator(mode="after")
    def _has_a_place_on_its_axis(self) -> "Published":
        if (self.x == "") != (self.at is None):
            raise ValueError("x and at must be given together")
        if self.value is None and not self.note:
            raise ValueError("a row without a value needs a note that says why")
        return self


def reference_file(study_file: Path, name: str) -> Path:
    """Path of the published numbers of the study `name`, which may not exist."""
    return study_file.with_name(f"{name}.reference.csv")


def load_reference(path: Path) -> tuple[Published, ...]:
    """The numbers in `path`; empty if there is no such file.

    Raises ConfigError with file and line.
    """
    if not path.is_file():
        return ()
    columns = list(Published.model_fields)
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if header != columns:
            raise ConfigError(
                "a reference file must have exactly these columns in this order",
                where=f"{path}: line 1",
                got=",".join(header),
                allowed=",".join(columns),
            )
        return tuple(
            _published(columns, cells, f"{path}: line {reader.line_num}")
            for cells in reader
            if cells
        )


def _published(columns: list[str], cells: list[str], where: str) -> Published:
    if len(cells) != len(columns):
        raise ConfigError(
            f"{len(cells)} cells for {len(columns)} columns",
            where=where,
            got=",".join(cells),
            hint="quote cells that contain a comma",
        )
    raw: dict[str, object] = dict(zip(columns, cells, strict=True))
    for name in _NUMBERS:
        raw[name] = _number(name, str(raw[name]), where)
    if raw["doubtful"] not in ("", "yes"):
        raise ConfigError("doubtful must be yes or empty", where=where, got=raw["doubtful"])
    return validated(Published, raw | {"doubtful": raw["doubtful"] == "yes"}, where=where)


def _number(name: str, text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{name} is not a number", where=where, got=text)
    return int(number) if name == "seeds" else number
