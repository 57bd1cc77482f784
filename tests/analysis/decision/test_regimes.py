"""Regimes on planted surfaces of N and C."""

import pytest

from datayield.analysis.decision.regimes import Grid, GridCell, no_grid, regimes
from datayield.analysis.model.study_noise import noise_models
from datayield.spec.run.budget import Budget
from tests.simulated import Truth, simulate

BUDGETS = tuple(Budget(unit="images", amount=c) for c in (20000, 40000, 80000))
SIZES = (1000, 2000, 4000)


def _grid(truth: Truth) -> Grid:
    results = simulate(
        {"x": truth}, ("simclr",), SIZES, BUDGETS, noise=lambda n: 0.0006, rank=False
    )
    (grid,) = regimes(results.main.curves, noise_models(results.main))
    return grid


@pytest.mark.parametrize(
    ("truth", "regime"),
    [
        (lambda n, c: 0.9 - 4 * n**-0.4, "data-limited"),
        (lambda n, c: 0.9 - 20 * c**-0.4, "compute-limited"),
        (lambda n, c: 0.9 - 4 * n**-0.4 - 20 * c**-0.4, "both help"),
        (lambda n, c: 0.7, "saturated"),
        (lambda n, c: 0.9 - 4 * n**-0.4 - c / 1e6, "overfitting"),
    ],
)
def test_planted_surfaces(truth: Truth, regime: str) -> None:
    grid = _grid(truth)
    assert {cell.regime for cell in grid.cells} == {regime}
    assert len(grid.cells) == 9


def test_a_move_is_the_next_doubling_and_at_the_edge_the_last() -> None:
    cells = {(c.n, c.images): c for c in _grid(lambda n, c: 0.9 - 4 * n**-0.4).cells}
    ahead, edge = cells[1000, 20000], cells[4000, 80000]
    assert ahead.more_images is not None
    assert edge.more_images is not None
    assert (ahead.more_images.low, ahead.more_images.high) == (1000, 2000)
    assert (edge.more_images.low, edge.more_images.high) == (2000, 4000)
    truth = 4 * (1000**-0.4 - 2000**-0.4)
    assert ahead.more_images.per_doubling.mean == pytest.approx(truth, abs=2e-3)


def test_noise_leaves_it_inconclusive() -> None:
    """A decided cell is a false alarm of one of its two moves: nominal 2.5% for each verdict."""
    cells: list[GridCell] = []
    for rng in range(40):
        noisy = simulate(
            {"x": lambda n, c: 0.7},
            ("simclr",),
            SIZES,
            BUDGETS,
            noise=lambda n: 0.03,
            rng=rng,
            rank=False,
        )
        (grid,) = regimes(noisy.main.curves, noise_models(noisy.main))
        cells += grid.cells
    open_cells = [cell for cell in cells if cell.regime == "inconclusive"]
    assert len(open_cells) / len(cells) > 0.92
    assert all(cell.reason for cell in open_cells)


def test_budgets_asked_in_epochs_and_images_meet_in_one_grid() -> None:
    budgets = (Budget(unit="epochs", amount=20), Budget(unit="images", amount=40000))
    results = simulate({"x": lambda n, c: 0.7}, ("simclr",), SIZES, budgets)
    (grid,) = regimes(results.main.curves, noise_models(results.main))
    assert [(c.n, c.images) for c in grid.cells] == [
        (1000, 20000),
        (1000, 40000),
        (2000, 40000),
        (4000, 40000),
        (4000, 80000),
    ]


def test_without_a_grid_it_says_so() -> None:
    assert regimes(simulate().main.curves, noise_models(simulate().main)) == []
    assert "every run has the same budget (20,000 images presented)" in no_grid(
        simulate().main.curves
    )
    assert "the same size" in no_grid(simulate(sizes=(1000,), budgets=BUDGETS).main.curves)
    assert no_grid(simulate(keep=lambda *run: False).main.curves) == "No scores yet."
