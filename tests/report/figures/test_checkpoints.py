"""The selection ledger as figure, table and file: the numbers are those of the ledger."""

import csv
from pathlib import Path

import pytest

from datayield.analysis.decision.checkpoints import BEST_ON_TEST, LAST, VALIDATION
from datayield.analysis.findings import analyse
from datayield.report.figures.checkpoints import selection_figures, selection_styles
from datayield.report.figures.training import state_figures
from datayield.report.page.tables import selection_table
from tests.analysed import page_of, styles_of
from tests.analysis.decision.test_checkpoints import SHARES, STATE, TASK
from tests.simulated import with_milestones

RESULTS = with_milestones({"category": TASK, "spectrum": STATE}, SHARES, sizes=(250, 1000))


def test_the_figure_shows_gaps_in_points_over_n() -> None:
    (figure,) = selection_figures(analyse(RESULTS))
    lines = {trace["name"]: trace for trace in figure.spec["data"]}
    assert BEST_ON_TEST not in lines
    assert lines[LAST]["x"] == [250, 1000]
    assert lines[LAST]["y"] == pytest.approx([6.5, 6.5])
    assert lines[VALIDATION]["y"] == pytest.approx([4.0, 4.0])
    looks = {(t["line"]["color"], t["line"]["dash"]) for t in lines.values()}
    assert len(looks) == len(lines) == 5
    assert list(selection_styles(analyse(RESULTS).ledgers)) == list(lines)


def test_the_table_names_what_chose_and_ends_with_the_optimistic() -> None:
    table = selection_table(analyse(RESULTS), "category")
    assert table["columns"][0] == LAST
    assert table["columns"][-1] == BEST_ON_TEST
    row = table["rows"][0]
    assert row["note"] == "N = 250, 4 milestones, 2 seeds"
    assert row["cells"][1] == {"score": "54.0", "gap": "−4.0", "share": "at 62.5%"}
    assert row["cells"][-1]["gap"] == "0.0"


def test_files_hold_every_choice_of_every_seed(tmp_path: Path) -> None:
    page = page_of(RESULTS, tmp_path)
    assert "Which checkpoint?" in page
    with (tmp_path / "selection.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 6 * 2  # sizes, ways of choosing, seeds
    chosen = [r for r in rows if r["chosen_by"] == VALIDATION and r["n"] == "250"]
    assert [(r["seed"], r["share"], r["score"]) for r in chosen] == [
        ("0", "0.75", "0.58"),
        ("1", "0.5", "0.5"),
    ]
    assert float(chosen[1]["gap_to_best_on_test"]) == pytest.approx(0.06)


def test_the_state_over_training_is_drawn_where_it_was_measured() -> None:
    findings = analyse(RESULTS)
    titles = [figure.title for figure in state_figures(findings, styles_of(findings))]
    assert titles == ["spectrum (spectrum@1): alpha-ReQ"]
