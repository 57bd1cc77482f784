"""What is hidden, what is chosen without it, and the regret of that, on numbers known by hand."""

import pytest

from datayield.analysis.evidence import Setting
from datayield.analysis.evidence.tables import Mapping, evidence_of_table
from datayield.analysis.levers import HiddenDecision, decide
from datayield.analysis.levers.back_test import back_test
from datayield.analysis.text.back_test import back_test_words
from datayield.spec.study import published_table


def test_published_grid_is_forecast_and_decided_without_its_largest_runs() -> None:
    laws = decide(evidence_of_table(published_table("hammoud2024-budget"), Mapping())).laws
    made = back_test(laws)
    simclr = next(d for d in made.decisions if d.method.startswith("simclr"))
    assert (simclr.at.images, simclr.at.presented) == (50_000, 50e6)
    assert simclr.gains == pytest.approx({"images": 0.0106, "compute": 0.0014, "stop": 0})
    assert simclr.choice == "images"
    assert made.error < 0.02
    words = back_test_words(made)
    assert len(words) == 2
    assert "right in 2 of 2 cases" in words[1]
    few = back_test(laws[:0])
    assert back_test_words(few) == []


def test_regret_is_what_the_best_lever_brings_more() -> None:
    setting = Setting(100, 1000.0, None, None)
    made = HiddenDecision(
        "t", "m", setting, "compute", 0.8, {"images": 0.02, "compute": 0.005, "stop": 0}
    )
    assert made.regret("compute") == pytest.approx(0.015)
    assert made.regret("images") == 0
    assert made.regret("stop") == pytest.approx(0.02)
    assert not made.right
    assert not made.sure
