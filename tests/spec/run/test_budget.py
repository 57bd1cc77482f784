"""Budgets become images and steps in one place, and C is met to within one batch."""

import pytest
from pydantic import ValidationError

from datayield.spec.errors import ConfigError
from datayield.spec.run.budget import Budget, as_share, short_number, steps_for


def test_each_unit_becomes_images() -> None:
    assert Budget(unit="images", amount=50_000).images(n=7, batch=4) == 50_000
    assert Budget(unit="epochs", amount=100).images(n=250, batch=64) == 25_000
    assert Budget(unit="steps", amount=30).images(n=250, batch=64) == 1_920
    assert Budget(unit="flops", amount=1e12).images(n=1, batch=1, flops_per_image=2e9) == 500


def test_flops_need_the_cost_of_an_image() -> None:
    with pytest.raises(ConfigError, match="cost per image"):
        Budget(unit="flops", amount=1e12).images(n=1, batch=1)


@pytest.mark.parametrize("n", [5, 250, 1_000, 65_537])
@pytest.mark.parametrize("batch", [2, 64, 256, 1024])
@pytest.mark.parametrize("epochs", [0.3, 1, 37])
def test_what_is_consumed_is_within_one_batch_of_what_was_asked(
    n: int, batch: int, epochs: float
) -> None:
    asked = Budget(unit="epochs", amount=epochs).images(n, batch)
    consumed = steps_for(asked, batch) * batch
    assert abs(consumed - asked) <= max(batch / 2, batch - asked)
    assert consumed > 0


def test_one_key_mapping_is_read() -> None:
    assert Budget.model_validate({"epochs": 100}) == Budget(unit="epochs", amount=100)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999, "999"),
        (1000, "1k"),
        (1803, "1,803"),
        (1280, "1.28k"),
        (64_000, "64k"),
        (1.28e6, "1.28M"),
        (5e18, "5E"),
        (2e21, "2e+21"),
        (0.5, "0.5"),
    ],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text


def test_a_duration_is_passes_over_the_images_of_the_budget() -> None:
    assert as_share(10, n=500, images=50_000, where="w") == 0.1
    assert as_share(0, n=500, images=50_000, where="w") == 0.0
    assert as_share(100, n=500, images=50_000, where="w") == 1.0
    assert as_share(10, n=1, images=1000, where="w") == 0.01  # of a published run of 1000 epochs


def test_a_duration_past_the_end_names_the_key_and_both_numbers() -> None:
    with pytest.raises(ConfigError, match=r"optim\.warmup is longer") as caught:
        as_share(10, n=500, images=2_500, where="optim.warmup")
    assert "10 epochs of 5" in caught.value.text()


@pytest.mark.parametrize("epochs", [-1, "ten", None, True, float("nan")])
def test_what_is_no_duration(epochs: object) -> None:
    with pytest.raises(ConfigError, match="invalid duration"):
        as_share(epochs, n=500, images=2_500, where="optim.warmup")


def test_two_amounts_are_told_apart() -> None:
    with pytest.raises(ValidationError, match="not images and epochs: keep one"):
        Budget.model_validate({"images": 640, "epochs": 3})
