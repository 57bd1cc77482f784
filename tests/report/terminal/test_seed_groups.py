"""Plans of many runs stay readable: seeds share a line, and a page shows what a legend can name."""

import io
from typing import Any

import pytest
from rich.console import Console

from datayield.analysis.findings import analyse
from datayield.report.page.truncate import CURVES, PANELS, truncated
from datayield.report.terminal.plan import LINES, show_plan, show_status
from datayield.report.terminal.seed_groups import together
from datayield.spec.run.budget import Budget
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.store.estimate_basis import basis_of
from datayield.store.folders import Store
from datayield.store.plan import Plan, make_plan
from datayield.store.planned_time import PlannedTime
from datayield.store.speeds import Speeds
from tests.analysed import styles_of
from tests.made_study import study_of
from tests.simulated import simulate


@pytest.fixture
def planned(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Study, Plan]:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    raw = study_of({"data.count": list(range(100, 140)), "seed": [0, 1, 2, 5]})
    study = validated(Study, raw, where="test")
    return study, make_plan(study, study.cells({}), Store(tmp_path / "none"), Speeds("cpu"))


def test_seeds_share_a_line_and_no_run_is_lost(planned: tuple[Study, Plan]) -> None:
    lines = together(planned[1].todo)
    assert [line.label for line in lines[:3]] == [
        "raw pixels", "untrained convnet seeds 0-2,5", "simclr n=100 C=2k seeds 0-2,5",
    ]  # fmt: skip
    assert sorted(t.label for line in lines for t in line.tasks) == sorted(
        t.label for t in planned[1].todo
    )


def test_a_long_plan_ends_with_what_is_not_shown(planned: tuple[Study, Plan]) -> None:
    study, plan = planned
    texts, basis = {}, basis_of(plan.tasks, Speeds("cpu"), {})
    time = PlannedTime(None, 1, 1.0, basis)
    for every in (False, True):
        console = Console(width=80, record=True, file=io.StringIO())
        show_plan(console, study, plan, [], 0, time, every=every)
        show_status(console, study, plan, every=every)
        texts[every] = console.export_text()
    assert texts[False].count("never run") == 2 * (LINES - 2)
    assert texts[False].count(f"{42 - LINES} more lines ({4 * (42 - LINES)} runs)") == 2
    assert texts[True].count("never run") == 2 * 160
    assert "more lines" not in texts[True]


def test_a_page_draws_what_a_legend_can_name_methods_by_turns() -> None:
    budgets = [Budget(unit="images", amount=1000.0 * i) for i in range(20, 36)]
    findings = analyse(
        simulate(sizes=(500, 1000), budgets=budgets, shares=(0.5, 1.0), seeds=(0, 1))
    )
    part, note = truncated(findings)
    names = {key.name for key in part.main}
    assert len(names) == CURVES
    assert sum(name.startswith("SimCLR") for name in names) == CURVES // 2
    assert {key.name for key in part.fits} == {key.name for key in part.gains} == names
    assert names == set(styles_of(part)) >= {key.name for key, _ in part.main_over_time}
    assert len({ledger.key for ledger in part.ledgers}) == PANELS
    assert part.grids  # a grid is over all budgets, and is drawn whole
    assert part.results is findings.results
    assert f"{CURVES} of 32 curves" in note


def test_a_small_page_shows_all() -> None:
    findings = analyse(simulate())
    assert truncated(findings) == (findings, "")
