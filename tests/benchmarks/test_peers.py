"""The arithmetic of `benchmarks/peers.py`: which rates are compared with which."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    spec = importlib.util.spec_from_file_location("peers", FOLDER / "peers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "peers", module)
    spec.loader.exec_module(module)
    return module


def test_ratios_are_of_rates_of_one_round(peers: ModuleType) -> None:
    """Both are slow in the second round: each ratio is 4, that of the medians is not."""
    ours, theirs = [400.0, 40.0, 800.0], [100.0, 10.0, 200.0]
    assert peers.spread(ours, theirs) == [4.0, 4.0, 4.0]
    assert peers.spread(ours) == [400.0, 40.0, 800.0]  # median, lowest, highest


def test_a_line_compares_like_with_like_and_best_with_best(peers: ModuleType) -> None:
    rates = {
        (how, precision): [rate] * 3
        for how, precision, rate in [
            ("1 thread", "fp32", 100.0),
            ("2 threads", "fp32", 120.0),
            ("1 thread", "bf16", 300.0),
            ("other", "fp32", 50.0),
            ("other", "bf16", 40.0),
        ]
    }
    tried = {(2, 0, "sample"): 30.0, (1, 1, "sample"): 50.0}
    line = peers.line_of("pocket", "other", tried, rates, [0.0])
    assert line["setting"] == {"threads": 1, "workers": 1, "views": "sample"}
    assert line["times_as_fast"] == {
        "1 thread fp32": [2.0] * 3,
        "2 threads fp32": [2.4] * 3,
        "1 thread bf16": [7.5] * 3,
        "1 thread bf16 / fp32": [6.0] * 3,
    }
