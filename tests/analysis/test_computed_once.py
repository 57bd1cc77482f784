"""A report computes each step of the analysis once, and hands it down to all that read it."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datayield.analysis.findings import analyse
from datayield.analysis.results import MetricResults, Row
from datayield.analysis.text.answer import answer
from datayield.report.page.page import write_report
from datayield.spec.run.budget import Budget
from datayield.spec.study import Study
from tests.simulated import simulate

PER_METRIC = ("points_of", "curves_of", "trajectories_of", "baselines_of")
PER_STUDY = (
    "analyse", "answer", "fits", "gains", "regimes", "label_tables", "task_groups", "suite_gains",
    "compare_with_published", "judge_claims",
)  # fmt: skip
MODULES = {
    **dict.fromkeys(PER_METRIC, "datayield.analysis.results.curves"),
    "analyse": "datayield.analysis.findings",
    "answer": "datayield.analysis.text.answer",
    "fits": "datayield.analysis.model.fits",
    "gains": "datayield.analysis.model.doublings",
    "regimes": "datayield.analysis.decision.regimes",
    "label_tables": "datayield.analysis.decision.labels",
    "task_groups": "datayield.analysis.results.task_groups",
    "suite_gains": "datayield.analysis.model.suite_gains",
    "compare_with_published": "datayield.analysis.claims.published",
    "judge_claims": "datayield.analysis.claims.verdicts",
}


def _here(work: Callable[[], Any]) -> Callable[[], Any]:
    """As `in_background`, in this process, where calls can be counted."""
    made = work()
    return lambda: made


def _replaced(monkeypatch: pytest.MonkeyPatch, old: object, new: object) -> None:
    """Wherever a module of the package holds `old`, under whatever name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("datayield"):
            for attribute, value in list(vars(module).items()):
                if value is old:
                    monkeypatch.setattr(module, attribute, new)


def _counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    calls: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            calls[name] += 1
            return function(*args, **named)

        return counted

    for name, module in MODULES.items():
        function = getattr(sys.modules[module], name)
        _replaced(monkeypatch, function, counting(name, function))
    _replaced(monkeypatch, sys.modules["datayield.analysis.background"].in_background, _here)
    return calls


def test_a_report_computes_each_step_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = [Budget(unit="images", amount=amount) for amount in (8000.0, 16000.0)]
    made = simulate(sizes=(500, 1000), budgets=budgets, shares=(0.5, 0.75, 1.0), seeds=(0, 1))
    said = [headline.text for headline in answer(analyse(made))]
    seen: list[str] = []  # metrics, as their results are begun
    begin = MetricResults.__init__

    def begun(self: MetricResults, study: Study, rows: tuple[Row, ...], metric: str) -> None:
        seen.append(metric)
        begin(self, study, rows, metric)

    monkeypatch.setattr(MetricResults, "__init__", begun)
    calls = _counted(monkeypatch)
    write_report(replace(made), tmp_path)
    assert {name: calls[name] for name in PER_STUDY} == dict.fromkeys(PER_STUDY, 1)
    assert len(seen) == len(set(seen))  # each metric once, and each of its steps at most once
    assert all(1 <= calls[name] <= len(seen) for name in PER_METRIC)
    assert json.loads((tmp_path / "answers.json").read_text())[1:] == said
