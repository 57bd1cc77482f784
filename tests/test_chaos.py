"""A short version of benchmarks/chaos.py: kills at random moments change nothing."""

import importlib
import json
import os
import sys
from pathlib import Path

from tests.forked import exit_code

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def _chaos(totals: Path) -> None:
    sys.path.insert(0, str(BENCHMARKS))
    sys.argv = ["chaos.py", "--kills", "2", "--seconds", "3"]
    with totals.open("w") as file:
        os.dup2(file.fileno(), 1)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    importlib.import_module("chaos").main()


def test_a_study_killed_at_random_moments_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    assert exit_code(_chaos, tmp_path / "totals.json") == 0
    totals = json.loads((tmp_path / "totals.json").read_text())
    assert totals["kills"] >= 1
    assert totals["differing"] == totals["left_over"] == totals["tracebacks"] == 0
