"""A table in memory is answered as the file with the same rows."""

import doctest
import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from datayield import answer
from datayield.interface import answer_table
from datayield.interface.answer_table import table_in_memory
from datayield.spec.errors import ConfigError, DataError
from tests.cli.test_answer import TABLE


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "results.csv"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    "form",
    [
        lambda frame: frame,
        pl.from_pandas,
        pa.Table.from_pandas,
        lambda frame: frame.to_dict("records"),
        lambda frame: frame.to_dict("list"),
    ],
    ids=["pandas", "polars", "arrow", "rows", "columns"],
)
def test_every_form_holds_the_same(form: Callable[[pd.DataFrame], Any], file: Path) -> None:
    frame = pd.read_csv(file)
    table = table_in_memory(form(frame))
    assert table.names == tuple(frame.columns)
    assert [row.cells for row in table.rows] == [
        tuple(str(cell) for cell in row) for row in frame.itertuples(index=False)
    ]


def test_rows_are_answered_as_their_file(file: Path) -> None:
    said = answer(pd.read_csv(file)).to_dict()
    assert said["levers"] == answer(file).to_dict()["levers"]


def test_the_best_plan_for_a_sum_of_money(file: Path) -> None:
    said = answer(file, prices={"image": 0.02}, spend=500)
    plan = said.to_dict()["best_plan"]
    assert plan["spend"] == 500
    assert plan["what"] in repr(said)
    assert plan["what"] in html.unescape(said._repr_html_() or "")


def test_published_numbers_are_known_by_their_study() -> None:
    with pytest.raises(ConfigError, match="did you mean 'hammoud2024-budget'"):
        answer("hammoud2024-budgets", published=True)


def test_columns_and_rows_can_be_named() -> None:
    rows = [
        {"pool": n, "passes": e, "quality": 30 + i + j, "kind": kind}
        for i, n in enumerate([1000, 2000, 4000])
        for j, e in enumerate([20, 40])
        for kind in ("a", "b")
    ]
    names = {"images": "pool", "epochs": "passes", "score": "quality"}
    said = answer(rows, columns=names, where={"kind": "a"})
    assert len(said.of.laws[0].world.runs) == 6


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        ([], ConfigError, "the table is empty"),
        ([1, 2], ConfigError, "not a table of results"),
        (3, ConfigError, "not a table of results"),
        ({"images": [1, 2], "accuracy": [1]}, ConfigError, "images: 2, accuracy: 1"),
        ([{"images": 3}], DataError, "no column is known as a score"),
        ("nothing.csv", DataError, "file not found"),
    ],
    ids=str,
)
def test_what_is_no_table_is_said(table: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        answer(table)


def test_an_unknown_role_is_said() -> None:
    with pytest.raises(ConfigError, match="did you mean 'score'"):
        answer([{"images": 3}], columns={"scor": "x"})


def test_the_example_in_its_docstring() -> None:
    assert doctest.testmod(answer_table) == (0, 4)
