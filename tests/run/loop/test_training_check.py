"""What is measured at the end of training: healthy runs, collapsed ones, and images that differ."""

from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch

from datayield.data.sampling.resident import Resident
from datayield.run.loop import TrainingData, pretrain
from datayield.run.loop.training_check import images_checked, loss_change, spread_of
from datayield.store.collapse import signs_of
from datayield.store.folders import RunFolder
from datayield.store.records import TrainingCheckRecord
from tests.run.loop.test_pretrain import spec_of

CPU = torch.device("cpu")


def checked(folder: Path, pixels: np.ndarray, **optim: object) -> TrainingCheckRecord:
    """Train a small encoder on these images; what was seen at its end."""
    torch.set_num_threads(1)
    data = TrainingData(Resident(pixels, np.arange(40), CPU), "data", "indices", 0)
    of = RunFolder(folder)
    spec = spec_of(**optim)  # type: ignore[arg-type]
    for _ in pretrain(spec, data, of, shares=(1.0,), device=CPU, stop=Event()):
        pass
    check = of.training_check()
    assert check is not None
    return check


@pytest.fixture
def images() -> np.ndarray:
    rng = np.random.default_rng(0)
    plain = rng.integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
    return plain.repeat(4, axis=1).repeat(4, axis=2)


def test_a_healthy_run_shows_no_sign(tmp_path: Path, images: np.ndarray) -> None:
    check = checked(tmp_path / "r", images)
    assert check.images == 32
    assert check.trained is not None
    assert check.trained.rank > 2
    assert signs_of(check) == ()


def test_a_learning_rate_of_a_million_shows(tmp_path: Path, images: np.ndarray) -> None:
    assert "diverged" in signs_of(checked(tmp_path / "r", images, lr=1e6))


def test_black_images_show(tmp_path: Path) -> None:
    signs = signs_of(checked(tmp_path / "r", np.zeros((40, 16, 16, 3), np.uint8)))
    assert signs == ("no_variation", "constant_loss")


def test_features_that_are_not_finite_have_no_spread() -> None:
    assert spread_of(torch.tensor([[1.0, 2.0], [3.0, float("nan")]])) is None


def test_the_change_of_the_loss_is_that_of_the_second_half() -> None:
    assert loss_change([9, 8, 7, 6, 2.0, 1.5, 2.0, 1.0]) == 0.5
    assert loss_change([9, 8, 7, 6, 2.0, 2.0, 2.0, 2.0]) == 0
    assert loss_change([2.0] * 7) is None  # too few
    assert loss_change([0.0] * 9) is None  # learned by heart, with labels


def test_small_runs_are_checked_on_few_images() -> None:
    assert images_checked(spec_of(images=640), 5000) == 32
    assert images_checked(spec_of(images=64_000), 5000) == 256
    assert images_checked(spec_of(images=64_000), 40) == 40
