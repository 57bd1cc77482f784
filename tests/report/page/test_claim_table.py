"""The claims on the page: first, in words and colour, escaped, and the same in claims.json."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from datayield.analysis.results.results import StudyResults
from tests.analysed import page_of
from tests.analysis.claims.claims_simulated import simulate

CLAIMS: list[dict[str, Any]] = [
    {"id": "C1", "test": "gain", "of": "one", "over": "data.count", "value": 1.4},
    {"id": "C2", "test": "gain", "of": "one", "over": "data.count", "expect": "fall"},
    {"id": "C3", "test": "flat", "of": "two", "over": "method", "margin": 0.1},
    {"id": "C4", "test": "flat", "of": "one", "over": "data.count", "skip": "too <b>small</b>"},
]


def _small(claims: list[dict[str, Any]]) -> StudyResults:
    """Ten points over N, at one of the budgets, on two of the tasks."""
    truth = lambda n, m, b, t, s: 0.5 + 0.02 * n  # noqa: E731
    whole = simulate(claims, truth, 3, shares=(1.0,), tasks=["one", "two"])
    rows = [
        row for row in whole.rows if row.budget_label in ("", "10 epochs") and row.eval != "three"
    ]
    return replace(whole, rows=tuple(rows))


def test_each_verdict_stands_on_top_with_its_word(tmp_path: Path) -> None:
    page = page_of(_small(CLAIMS), tmp_path)
    assert page.index("What to buy next") < page.index("what these runs show")
    shown = re.findall(r'<span class="verdict ([\w-]+)">([\w ]+)</span>', page)
    assert shown == [
        ("reproduced", "reproduced"),
        ("contradicted", "contradicted"),
        ("inconclusive", "inconclusive"),
        ("not-tested", "not tested at this scale"),
    ]
    assert "<b>small" not in page
    kept = json.loads((tmp_path / "claims.json").read_text())
    assert kept["counts"] == {
        "reproduced": 1,
        "contradicted": 1,
        "no effect": 0,
        "not always": 0,
        "inconclusive": 1,
        "not tested": 1,
    }
    first = kept["claims"][0]
    assert first["published"] == 1.4
    assert first["low"] < first["effect"] < first["high"]
    assert 9 < first["effect"] < 11
    assert first["p"] < 0.05


def test_a_study_without_claims_has_no_table(tmp_path: Path) -> None:
    page = page_of(_small([]), tmp_path)
    assert "what these runs show" not in page
    assert not (tmp_path / "claims.json").exists()
