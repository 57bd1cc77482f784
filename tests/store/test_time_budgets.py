"""A budget in time is refused with the images that it is enough for, where runs were timed."""

from pathlib import Path

import pytest

from datayield.spec.study.expand import TimeBudgetError
from datayield.store.speeds import Speeds, speed_key
from datayield.store.time_budgets import in_images
from tests.run.loop.test_pretrain import spec_of


def test_the_images_of_a_time_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path))
    error = TimeBudgetError(spec_of("simclr"), 120, "2 min", "study.yaml")
    assert "datayield plan --measure" in in_images(error, "cpu").hint
    speeds = Speeds("cpu")
    for rate in (1000, 2000, 4000):
        speeds.add(speed_key(error.run), 1 / rate, "run")
    hint = in_images(error, "cpu").hint
    assert "budget: {images: 240000}" in hint
    assert "2,000 images/s, in earlier runs" in hint
    assert "(100,000 to 565,000 are possible)" in hint
