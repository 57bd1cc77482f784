"""The table of the sets that runs train on."""

from datayield.report.page.set_table import set_table
from datayield.store.curation import SetRecord


def record(select: str, seed: int, vendi: float, near: int | None) -> SetRecord:
    return SetRecord(
        dataset="digits", select=select, count=2000, seed=seed, measured=1000,
        vendi={"pixels": vendi}, near_copies=near,
    )  # fmt: skip


def test_rows_are_means_over_seeds() -> None:
    shown = set_table((record("random", 0, 10, 20), record("random", 1, 13, 40)))
    assert shown["features"] == ["pixels"]
    (row,) = shown["rows"]
    assert row == {
        "name": "digits, random", "n": "2,000", "seeds": "2 sets", "vendi": ["11.5"],
        "near": "3.0%",
    }  # fmt: skip


def test_what_was_not_looked_for_is_not_zero() -> None:
    (row,) = set_table((record("diverse", 0, 10, None),))["rows"]
    assert row["near"] == "–"
    assert set_table(()) == {"features": [], "rows": []}
