"""Durations in epochs are converted once, where N and the budget are known."""

from typing import Any

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.run.cost import flops_per_image
from datayield.spec.run.durations import DURATIONS
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.study.expand import as_run, resolve


def run(optim: Any = None, method: Any = None, **more: Any) -> RunSpec:
    base = {
        "data": {"dataset": "made", "count": 500},
        "encoder": {"name": "convnet", "size": 32, "width": 8},
        "views": {"recipe": "mild"},
        "method": method or {"name": "simclr"},
        "optim": {"lr": 1e-3, **(optim or {})},
        "batch": 50,
        "budget": {"images": 50_000},
        **more,
    }
    return resolve(as_run(base, {}, {}, {}), {})


@pytest.mark.parametrize("budget", [{"images": 50_000}, {"epochs": 100}, {"steps": 1000}], ids=str)
def test_any_budget(budget: Any) -> None:
    assert run({"warmup": {"epochs": 10}}, budget=budget).optim.warmup == 0.1


def test_the_share_follows_from_n() -> None:
    few = run({"warmup": {"epochs": 10}}, data={"dataset": "made", "count": 50})
    assert few.optim.warmup == 0.01


def test_in_a_list_and_beside_shares() -> None:
    made = run({"schedule": "step", "milestones": [{"epochs": 50}, 0.85]})
    assert made.optim.milestones == (0.5, 0.85)


def test_methods_get_shares() -> None:
    method = run(method={"name": "swav", "queue_from": {"epochs": 50}, "freeze": {"epochs": 2}})
    assert (method.method.queue_from, method.method.freeze) == (0.5, 0.02)  # type: ignore[union-attr]


def test_the_run_is_the_one_with_the_shares_written() -> None:
    assert run({"warmup": {"epochs": 10}}).id == run({"warmup": 0.1}).id


def test_flops_where_the_cost_depends_on_the_duration() -> None:
    """A queue that waits costs nothing: its wait and the number of images hang together."""
    flops = 1e12
    knobs = {"name": "swav", "projector": [64, 32], "prototypes": 3000, "queue": 3840}
    made = run(method={**knobs, "queue_from": {"epochs": 20}}, budget={"flops": flops})
    share = made.method.queue_from  # type: ignore[union-attr]
    assert 0.05 < share < 0.95
    assert share == pytest.approx(20 * 500 / made.images, rel=1e-3)
    assert (flops_per_image(made) or 0.0) * made.images == pytest.approx(flops, rel=1e-3)
    without = run(method={**knobs, "queue_from": 0.0}, budget={"flops": flops})
    assert made.images > 1.1 * without.images


def test_flops_where_it_does_not() -> None:
    made = run({"warmup": {"epochs": 10}}, budget={"flops": 1e13})
    assert made.optim.warmup == pytest.approx(10 * 500 / made.images, rel=1e-3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"optim": {"warmup": {"epochs": 101}}}, "101 epochs of 100"),
        ({"optim": {"warmup": {"epochs": 10}}, "budget": {"flops": 1e9}}, "longer than the whole"),
        ({"optim": {"warmup": {"epochs": 100}}}, "less than 1"),
        ({"optim": {"warmup": {"epochs": -1}}}, "invalid duration"),
        ({"optim": {"warmup": {"epochs": "ten"}}}, "invalid duration"),
        ({"optim": {"warmup": {"epoch": 10}}}, "{epochs: NUMBER}"),
        ({"optim": {"warmup": {"epochs": 10, "steps": 5}}}, "{epochs: NUMBER}"),
        ({"optim": {"final": {"epochs": 10}}}, "only durations may be given in epochs"),
        ({"method": {"name": "simclr", "temperature": {"epochs": 10}}}, "only durations"),
        ({"batch": {"epochs": 10}}, "only durations"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told(changes: Any, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run(**changes)
    assert says in caught.value.text()


def test_every_share_of_the_budget_is_a_duration() -> None:
    """A knob that is described as a share of the budget may be written in epochs."""
    fields = {
        f"optim.{name}" for name in ("warmup", "milestones") if name in OptimSpec.model_fields
    }
    for spec in METHOD_SPECS.values():
        for name, field in spec.model_fields.items():
            if (field.description or "").startswith("share"):
                fields.add(f"method.{name}")
    assert fields == set(DURATIONS)
