"""A short version of benchmarks/chaos.py: kills at random moments change nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_a_study_killed_at_random_moments_ends_as_an_undisturbed_one() -> None:
    command = [sys.executable, "benchmarks/chaos.py", "--kills", "2", "--seconds", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 0, done.stderr
    totals = json.loads(done.stdout)
    assert totals["kills"] >= 1
    assert totals["differing"] == totals["left_over"] == totals["tracebacks"] == 0
