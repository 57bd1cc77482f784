"""The model of a cluster in benchmarks/cluster.py, where the answer is known by arithmetic."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def model() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cluster", ROOT / "benchmarks" / "cluster.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cluster"] = module
    spec.loader.exec_module(module)
    return module


def test_without_costs_equal_runs_take_as_long_as_they_must(model: ModuleType) -> None:
    nothing = model.Costs(0.0, 0.0, 0.0, 0, 0.0)
    went = model.simulate([10.0] * 64, model.Cluster(nodes=2, slots=4), nothing)
    assert went.seconds == went.ideal == 80.0
    assert went.busy_driver == went.busy_store == went.losses == 0


@pytest.mark.parametrize(
    ("cost", "seconds"),
    [
        ({"schedule": 3.0}, 64 * 3.0 + 10.0),  # one after another, then the last run
        ({"record": 3.0, "records": 1}, 10.0 + 64 * 3.0),  # ... and never idle after the first
        ({"image": 0.032, "images": 1000}, 80.0 + 1.0),  # once per node: 32 cores, 1 s
        ({"start": 2.0}, 8 * 12.0),
    ],
)
def test_what_serves_one_after_another_is_the_limit(
    model: ModuleType, cost: dict[str, float], seconds: float
) -> None:
    costs = model.Costs(0.0, 0.0, 0.0, 0, 0.0, saves=1e12)._replace(**cost)
    went = model.simulate([10.0] * 64, model.Cluster(nodes=2, slots=4), costs)
    assert went.seconds == pytest.approx(seconds)


def test_the_last_runs_leave_slots_empty_unless_the_longest_go_first(model: ModuleType) -> None:
    costs = model.Costs(0.0, 0.0, 0.0, 0, 0.0)
    saved = model.limits(model.runs(2000, 60.0), model.Cluster(nodes=16), costs)
    assert saved["scheduler"] == saved["store"] == saved["decoding"] == 0.0
    assert saved["last runs, longest first"] < saved["last runs"] / 4


def test_lost_nodes_are_counted_and_cost_what_was_not_saved(model: ModuleType) -> None:
    costs = model.Costs(0.0, 0.0, 0.0, 0, 0.0, between_losses=1000.0)
    durations = model.runs(1000, 60.0)
    went = model.simulate(durations, model.Cluster(nodes=1, slots=1), costs)
    assert 30 < went.losses < 100  # 60 of 1000 are expected
    assert 0 < went.seconds - went.ideal < went.losses * costs.saves
