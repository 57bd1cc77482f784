"""What is to be drawn: each image with its prompt and a seed of its own."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from datayield.collect.listed_columns import (
    ListedColumns,
    blank_rows,
    column_called,
    label_column,
    read_columns,
    text_at,
)
from datayield.spec.errors import ConfigError, DataError

TEMPLATE = "a photo of a {}"
PROMPT_COLUMNS = ("prompt", "caption", "text")
NEGATIVE_COLUMNS = ("negative_prompt", "negative")


class WantedImage(NamedTuple):
    """An image to draw. `number` counts those of one class, or of one prompt without a class.

    `seed` follows from the seed of the collection, class, prompt and number, so it depends neither
    on the other images nor on how many are drawn at once.
    """

    prompt: str
    label: str | None  # its class
    negative_prompt: str | None
    number: int
    collection_seed: int

    @property
    def key(self) -> str:
        """16 hex digits of all that makes the image."""
        return self._digest(self.negative_prompt)[:16]

    @property
    def seed(self) -> int:
        """32 bits: its own seed."""
        return int(self._digest()[:8], 16)

    def _digest(self, *more: str | None) -> str:
        told = [self.prompt, self.label, self.number, self.collection_seed, *more]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


class WantedList(NamedTuple):
    """The images that a list asks for, in turn, and how many of its rows name none."""

    images: tuple[WantedImage, ...]
    blank: int

    def notes(self) -> list[str]:
        """A sentence where there are rows that are not used."""
        return blank_rows(self.blank, "class or prompt")


class _Row(NamedTuple):
    prompt: str
    label: str | None
    negative_prompt: str | None


def read_wanted(
    path: Path,
    per_class: int,
    seed: int = 0,
    template: str = TEMPLATE,
    negative_prompt: str | None = None,
) -> WantedList:
    """`per_class` images of each class in a file, or of each prompt that has no class.

    A text file names a class a line, whose prompt is `template` with the name in place of `{}`. A
    table has a column `prompt`, with `class` and `negative_prompt` where wanted, or `class` alone.
    The prompts of one class take turns, and so do the classes. Raises ConfigError or DataError for
    a file without either.
    """
    if "{}" not in template:
        raise ConfigError(
            "the template has no place for the name of the class",
            where="--template",
            got=template,
            allowed=f"a text with {{}}, such as {TEMPLATE!r}",
            hint="write {} where the name belongs",
        )
    columns = read_columns(path, "class", "one class per line")
    groups: dict[tuple[str, str], list[_Row]] = {}
    used = list(_rows(columns, path, template, negative_prompt))
    rows = len(next(iter(columns.values())))
    for row in used:
        group = ("prompt", row.prompt) if row.label is None else ("class", row.label)
        of = groups.setdefault(group, [])
        if row not in of:
            of.append(row)
    if not groups:
        raise DataError(
            "the list holds neither classes nor prompts",
            where=str(path),
            got=f"{rows:,} row{'s' * (rows != 1)} without either",
            allowed="a class or a prompt in each row",
            hint="fill in the column class or prompt",
        )
    images = tuple(
        WantedImage(*of[number % len(of)], number, seed)
        for number in range(per_class)
        for of in groups.values()
    )
    return WantedList(images, rows - len(used))


def _rows(
    columns: ListedColumns, path: Path, template: str, negative: str | None
) -> Iterator[_Row]:
    label = label_column(columns)
    prompt = column_called(columns, PROMPT_COLUMNS)
    negatives = column_called(columns, NEGATIVE_COLUMNS)
    if label is None and prompt is None:
        raise ConfigError(
            "no column holds classes or prompts",
            where=str(path),
            got=", ".join(columns),
            allowed="columns prompt, class and negative_prompt",
            hint="rename the column of prompts to prompt, or that of classes to class",
        )
    for i in range(len(next(iter(columns.values())))):
        name, text = text_at(label, i), text_at(prompt, i)
        if text is None and name is not None:
            text = template.replace("{}", name)
        if text is not None:
            yield _Row(text, name, text_at(negatives, i) or negative)
