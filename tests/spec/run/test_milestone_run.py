"""What a trunk may be, what is part of it, and which milestones are runs in their own right."""

from typing import Any

import pytest
import yaml

from datayield.spec.errors import ConfigError
from datayield.spec.run.milestone_run import run_at
from datayield.spec.run.run import RunSpec
from datayield.spec.study.study import Study
from datayield.spec.validate import validated

TEXT = """
study: nested
base:
  data: {dataset: sprites, size: 32, count: 1000}
  encoder: {name: convnet, size: 32}
  views: {recipe: mild}
  method: {name: simclr, projector: [64, 64]}
  optim: {lr: 0.001, schedule: wsd, decay: 0.2, warmup: 0.1, trunk: {images: 64000}}
  batch: 32
axes: {budget: [{images: 64000}, {images: 16000}]}
evaluations:
  - {name: category, protocol: linear@1, dataset: sprites, label: category}
"""


def runs_of(text: str = TEXT, batch: int = 32, **optim: Any) -> list[RunSpec]:
    raw = yaml.safe_load(text)
    raw["base"]["batch"] = batch
    raw["base"]["optim"] |= optim
    raw["base"]["optim"] = {k: v for k, v in raw["base"]["optim"].items() if v is not None}
    return [cell.run for cell in validated(Study, raw, where="test").cells({})]


def test_budgets_decays_and_schedules_of_one_trunk_share_it() -> None:
    long, short = runs_of()
    assert (long.shared_steps, short.shared_steps) == (1600, 400)
    assert (long.steps, short.steps, short.trunk_steps) == (2000, 500, 2000)
    constant = runs_of(schedule="constant", decay=None)
    assert [run.shared_steps for run in constant] == [2000, 500]
    other = runs_of(decay=0.5, final=0.1)
    assert len({run.trunk for run in [long, short, *constant, *other]}) == 1
    assert len({run.id for run in [long, short, *constant, *other]}) == 6


@pytest.mark.parametrize(
    "optim",
    [{"lr": 0.002}, {"warmup": 0.05}, {"trunk": {"images": 128000}}, {"weight_decay": 0.1}],
    ids=str,
)
def test_what_changes_a_step_is_another_trunk(optim: dict[str, Any]) -> None:
    assert runs_of(**optim)[0].trunk != runs_of()[0].trunk


def test_batch_and_seed_and_n_are_part_of_the_trunk() -> None:
    assert runs_of(batch=64)[0].trunk != runs_of()[0].trunk
    for old, new in (("count: 1000", "count: 999"), ("batch: 32", "batch: 32\n  seed: 1")):
        assert runs_of(TEXT.replace(old, new))[0].trunk != runs_of()[0].trunk


def test_without_a_trunk_there_is_none() -> None:
    assert [run.trunk for run in runs_of(trunk=None)] == [None, None]
    assert [run.shared_steps for run in runs_of(trunk=None)] == [0, 0]


@pytest.mark.parametrize("unit", [{"epochs": 64}, {"steps": 2000}])
def test_a_trunk_in_another_unit_is_resolved(unit: dict[str, int]) -> None:
    assert [r.id for r in runs_of(trunk=unit)] == [r.id for r in runs_of()]


def test_a_warm_up_in_epochs_is_one_of_the_trunk() -> None:
    long, short = runs_of(warmup={"epochs": 3.2})
    assert long.optim.warmup == short.optim.warmup == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("optim", "message"),
    [
        ({"schedule": "cosine", "decay": None}, "schedule constant or wsd; with cosine it does"),
        ({"schedule": "step", "milestones": [0.5], "decay": None}, "with step it does"),
        ({"decay": None}, "wsd must say its decay"),
        ({"schedule": "constant"}, "decay applies to wsd, not to constant"),
        ({"trunk": {"images": 32000}}, "32k images is less than the budget of the run, 64k"),
        ({"warmup": 0.5}, "32,000 images of the trunk, but the run leaves it after 12,800"),
        ({"trunk": {"pictures": 3}}, "optim.trunk"),
        ({"weight_decay": 0.1, "weight_decay_end": 0.4}, "with weight_decay_end; leave it out"),
    ],
    ids=str,
)
def test_what_is_not_exact_is_refused(optim: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        runs_of(**optim)


@pytest.mark.parametrize("method", ["byol", "moco_v3", "dino", "swav"])
def test_methods_that_see_their_share_are_refused(method: str) -> None:
    text = TEXT.replace("{name: simclr, projector: [64, 64]}", f"{{name: {method}}}")
    with pytest.raises(ConfigError, match=f"what {method} does at a step depends on the share"):
        runs_of(text)


def test_a_milestone_at_a_constant_rate_is_the_run_of_that_budget() -> None:
    long, short = runs_of(schedule="constant", decay=None)
    assert run_at(long, 0.25) == short
    assert run_at(long, 1.0) is long
    assert run_at(long, 0.05) is None  # still warming up
    assert run_at(short, 0.4) is not None
    assert run_at(short, 0.35) is None


def test_where_images_round_to_another_step_the_budget_is_what_was_presented() -> None:
    text = TEXT.replace("64000}, {images: 16000", "336")
    (run,) = runs_of(text, schedule="constant", decay=None, warmup=0.0)
    assert run.steps == 11  # 10.5 batches, rounded up; half of them are 5.25 or 5.5
    milestone = run_at(run, 0.5)
    assert milestone is not None
    assert (milestone.steps, milestone.images) == (6, 192)


@pytest.mark.parametrize(
    "optim",
    [
        {},
        {"trunk": None},
        {"trunk": None, "decay": None, "schedule": "cosine"},
        {"trunk": None, "decay": None, "schedule": "constant", "warmup": 0.0,
         "weight_decay": 0.1, "weight_decay_end": 0.4},
    ],
    ids=["wsd", "wsd without trunk", "cosine", "decay that moves"],
)  # fmt: skip
def test_no_other_milestone_is_a_run(optim: dict[str, Any]) -> None:
    run = runs_of(**optim)[0]
    assert run_at(run, 1.0) is run
    assert [run_at(run, share) for share in (0.25, 0.5, 0.8)] == [None] * 3
