"""The law against worlds whose errors are known, and its intervals against hidden rows."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from datayield.analysis.evidence import Observation, Setting, World
from datayield.analysis.model.law import cells_of, fit_laws, pooled, solved

Truth = Callable[[float, float], float]
SIZES, BUDGETS = (250, 500, 1000, 2000), (25_000, 50_000, 100_000, 200_000)


def world(truth: Truth, noise: float = 0.004, seeds: int = 3, seed: int = 0) -> World:
    rng = np.random.default_rng(seed)
    shifts = rng.normal(0, 0.01, seeds)
    runs = tuple(
        Observation(
            "task",
            "simclr",
            Setting(n, float(c), None, None),
            s,
            1 - truth(n, c) - shifts[s] - rng.normal(0, noise),
        )
        for n, c in product(SIZES, BUDGETS)
        for s in range(seeds)
    )
    return World("task", "simclr", runs)


def additive(n: float, c: float) -> float:
    return 0.3 + 0.1 * (n / 1000) ** -0.4 + 0.08 * (c / 1e5) ** -0.5


def repeated(n: float, c: float) -> float:
    """Muennighoff's form, in plain Python: repeats of an image are worth less and less."""
    unique, passes = min(n, c), max(c / n - 1, 0)
    worth = unique + unique * 30 * (1 - np.exp(-passes / 30))
    return float(0.25 + 0.2 * (worth / 2e4) ** -0.4)


@pytest.mark.parametrize("truth", [additive, repeated])
def test_gains_of_known_worlds_are_inside_their_intervals(truth: Truth) -> None:
    (law,) = fit_laws([world(truth)])
    at, *more = ((2000, 2e5), (4000, 2e5), (2000, 4e5))
    errors = law.errors([Setting(n, c, None, None) for n, c in (at, *more)])
    for i, place in enumerate(more):
        gains = errors[:, 0] - errors[:, 1 + i]
        low, high = np.quantile(gains, [0.05, 0.95])
        assert low <= truth(*at) - truth(*place) <= high
        assert high - low < 0.025


def test_a_flat_world_is_flat() -> None:
    (law,) = fit_laws([world(lambda n, c: 0.6)])
    errors = law.errors([Setting(2000, 2e5, None, None), Setting(4000, 2e5, None, None)])
    gains = errors[:, 0] - errors[:, 1]
    assert abs(gains.mean()) < 0.002
    assert np.quantile(gains, 0.95) < 0.005


def test_two_sizes_that_hardly_differ_promise_little() -> None:
    """An error without a floor, of one falling and one rising term, fits two sizes too."""
    runs = tuple(
        Observation("task", "simclr", Setting(n, 8e4, None, None), s, score + 0.002 * (s - 1))
        for n, score in ((64, 0.423), (512, 0.420))
        for s in range(3)
    )
    (law,) = fit_laws([World("task", "simclr", runs)])
    errors = law.errors([Setting(512, 8e4, None, None), Setting(1024, 8e4, None, None)])
    low, high = np.quantile(errors[:, 0] - errors[:, 1], [0.05, 0.95])
    assert -0.01 < low < high < 0.005


def test_a_hidden_row_is_forecast_better_than_by_its_neighbours() -> None:
    made = world(additive)
    cells = cells_of(made)
    hidden = [s for s in cells.settings if s.images == 2000]
    (law,) = pooled([solved(made, cells.without(hidden))])
    truth = np.array([additive(s.images, s.presented or 0) for s in hidden])
    near = np.array([additive(1000, s.presented or 0) for s in hidden])
    errors = law.errors(hidden)
    assert np.abs(errors.mean(axis=0) - truth).mean() < 0.5 * np.abs(near - truth).mean()
    low, high = np.quantile(errors, [0.02, 0.98], axis=0)
    assert ((low <= truth) & (truth <= high)).all()


def test_the_common_shift_of_a_seed_is_no_noise() -> None:
    cells = cells_of(world(additive, noise=0.004))
    assert cells.freedom == 16 * 2 - 2
    assert np.sqrt(cells.squares / cells.freedom) == pytest.approx(0.004, rel=0.25)


def test_repeats_without_seeds_are_noise() -> None:
    runs = tuple(
        Observation("t", "", Setting(n, None, None, None), None, score)
        for n, score in ((100, 0.5), (100, 0.52), (200, 0.6), (400, 0.65), (400, 0.63))
    )
    cells = cells_of(World("t", "", runs))
    assert cells.freedom == 2
    assert cells.squares == pytest.approx(0.0002 + 0.0002)
    assert [s.images for s in cells.settings] == [100, 200, 400]


def test_the_same_evidence_gives_the_same_answer_in_any_order() -> None:
    made = world(additive)
    turned = World(made.task, made.method, made.runs[::-1])
    at = [Setting(4000, 2e5, None, None)]
    np.testing.assert_allclose(
        fit_laws([made])[0].errors(at), fit_laws([turned])[0].errors(at), rtol=1e-9
    )


def labelled(noise: Callable[[int], float], seed: int = 3) -> World:
    """Compute buys less where there are more labels: the error is a product."""
    rng = np.random.default_rng(seed)
    runs = tuple(
        Observation(
            "task",
            "simclr",
            Setting(1000, c, labels, None),
            s,
            1 - shrinking(c, labels) - rng.normal(0, noise(labels)),
        )
        for c, labels, s in product((25e3, 50e3, 100e3, 200e3), (50, 100, 200, 400), range(3))
    )
    return World("task", "simclr", runs)


def shrinking(c: float, labels: int) -> float:
    return float(0.02 + 0.3 * (c / 25e3) ** -0.3 * (labels / 50) ** -0.8)


def test_what_compute_buys_shrinks_with_the_labels() -> None:
    (law,) = fit_laws([labelled(lambda labels: 0.003)])
    for labels in (50, 400):
        errors = law.errors([Setting(1000, c, labels, None) for c in (100e3, 200e3)])
        gain = float((errors[:, 0] - errors[:, 1]).mean())
        assert gain == pytest.approx(
            shrinking(100e3, labels) - shrinking(200e3, labels), abs=0.0025
        )


def test_few_labels_scatter_more() -> None:
    cells = cells_of(labelled(lambda labels: 0.4 / labels))
    scale = dict(zip([s.labels for s in cells.settings], np.asarray(cells.scale), strict=True))
    assert scale[400] == 1
    assert 2.5 < scale[50] < 8
    (law,) = fit_laws([labelled(lambda labels: 0.4 / labels)])
    assert law.noise < 0.003
