"""Tables of costs are cut where a study compares more than a page can show."""

import pytest

from datayield.analysis.findings import analyse
from datayield.report.page import cost_tables
from datayield.spec.run.budget import Budget
from tests.simulated import simulate


def test_a_table_of_normalisers_names_the_first_and_counts_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    budgets = tuple(Budget(unit="images", amount=c) for c in (20000, 40000))
    findings = analyse(simulate(budgets=budgets, methods=("simclr", "byol"), shares=(0.5, 1.0)))
    whole, *_ = cost_tables.normalised_tables(findings)
    named = [at for at, row in enumerate(whole["rows"]) if row["name"]]
    assert len(named) > 1
    assert whole["rest"] == 0
    monkeypatch.setattr(cost_tables, "LISTED", 1)
    cut, *_ = cost_tables.normalised_tables(findings)
    assert cut["rows"] == whole["rows"][: named[1]]
    assert cut["rest"] == len(named) - 1
