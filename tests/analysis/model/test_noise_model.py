"""The noise model: against explicit matrices, in coverage, and where runs are missing."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy import stats

from datayield.analysis.model.contrast import LayoutCell
from datayield.analysis.model.noise_model import NoiseModel
from datayield.analysis.model.rest_variance import estimator
from datayield.analysis.model.restricted_likelihood import PRIOR, RHO
from datayield.analysis.results import Seeds

MANY = 10**9  # test items: their rounding does not count


def _cell(
    key: tuple[object, ...], values: Sequence[float] | Mapping[int, float], n_test: int = MANY
) -> LayoutCell:
    """A cell (block, line, place); scores in the order of the seeds, or by seed."""
    by_seed = dict(values if isinstance(values, Mapping) else enumerate(values))
    return LayoutCell(key, Seeds(tuple(sorted(by_seed.items())), n_test), *key[:2], float(key[2]))  # type: ignore[arg-type]


def _draw(rng: int, cells: int, seeds: int, rho: float = 0.0) -> np.ndarray:
    """Scores of one line: a level of each seed, and noise that is correlated along it."""
    draw = np.random.default_rng(rng)
    gap = np.abs(np.subtract.outer(np.arange(cells), np.arange(cells)))
    rest = np.linalg.cholesky(rho**gap + 1e-12 * np.eye(cells)) @ draw.normal(size=(cells, seeds))
    values: np.ndarray = 0.5 + 0.01 * rest + draw.normal(0, 0.02, seeds)
    return values


def test_a_contrast_has_the_variance_of_the_best_sum_of_squares_over_rho() -> None:
    """The reference writes out all covariance and design matrices, for two lines of three."""
    y = np.vstack([_draw(1, 3, 4, 0.7), _draw(2, 3, 4, 0.7)])
    names = [(0, line, place) for line in (0, 1) for place in (0, 1, 2)]
    fit = NoiseModel([_cell(name, row) for name, row in zip(names, y.tolist(), strict=True)])
    cells, seeds = y.shape
    design = np.zeros((cells * seeds, cells + seeds - 1))
    for c in range(cells):
        for s in range(seeds):
            design[c * seeds + s, c] = 1
            if s:
                design[c * seeds + s, cells + s - 1] = 1
    weights = np.zeros(cells + seeds - 1)
    weights[[0, 2]] = -1, 1
    df = (cells - 1) * (seeds - 1)
    logs, squares, truths, left, forms = [], [], [], [], []
    for rho, prior in zip(RHO, PRIOR, strict=True):
        line = np.array(
            [[rho ** abs(a - b) if a != b else 1.0 for a in range(3)] for b in range(3)]
        )
        v = np.kron(np.kron(np.eye(2), line), np.eye(seeds))
        inverse = np.linalg.inv(v)
        information = design.T @ inverse @ design
        form = inverse - inverse @ design @ np.linalg.solve(information, design.T @ inverse)
        square = y.reshape(-1) @ form @ y.reshape(-1)
        likelihood = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
        logs.append(math.log(prior) - likelihood / 2 - df / 2 * math.log(square))
        squares.append(square)
        truths.append(v)
        forms.append(form)
        left.append(weights @ np.linalg.inv(information) @ weights)
    shares = np.exp(np.array(logs) - max(logs))

    def moments(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Relative mean and variance of the sum of squares with weights `a`, by true rho."""
        form = np.einsum("g,gij->ij", a, np.array(forms))
        of = [(np.trace(form @ v), 2 * np.trace(form @ v @ form @ v)) for v in truths]
        mean, variance = np.array(of).T
        return mean / left, variance / np.array(left) ** 2

    def loss(a: np.ndarray) -> float:
        mean, variance = moments(a)
        return float(PRIOR @ (20 * (mean - 1) ** 2 + variance))

    made = estimator(fit._rest._moments, np.array(left) / max(left))  # type: ignore[arg-type]
    own = made.weights * max(left)
    mean, variance = moments(own)
    assert PRIOR @ mean == pytest.approx(1, rel=1e-9)
    for direction in np.random.default_rng(0).normal(size=(20, len(RHO))):  # none is better
        other = own + 1e-3 * direction * np.abs(own).max()
        assert loss(other / (PRIOR @ moments(other)[0])) > loss(own)
    gain = fit.contrast({(0, 0, 2): 1, (0, 0, 0): -1})
    few = 2 / float(shares @ (variance / mean**2) / shares.sum())
    assert math.isinf(fit.noise.df)  # in this draw cells look alike: one variance for all
    assert gain.mean == pytest.approx(y[2].mean() - y[0].mean(), rel=1e-12)
    assert fit.df == df
    assert gain.df == pytest.approx(few, rel=1e-6)
    assert 6 < gain.df < df
    assert gain.error == pytest.approx(math.sqrt(own @ np.array(squares)), rel=1e-6)
    half = stats.t.ppf(0.975, few) * gain.error
    assert gain.high - gain.mean == pytest.approx(half, rel=1e-6)


def test_two_cells_are_the_paired_t_interval_of_scipy() -> None:
    before, after = [0.50, 0.52, 0.49, 0.51], [0.55, 0.56, 0.56, 0.54]
    for line in (0, 1):  # on one line or on two
        gain = NoiseModel([_cell((0, 0, 0), before), _cell((0, line, 1), after)]).contrast(
            {(0, line, 1): 1, (0, 0, 0): -1}
        )
        ci = stats.ttest_rel(after, before).confidence_interval(0.95)
        assert (gain.low, gain.high) == pytest.approx((ci.low, ci.high), rel=1e-9)
        assert gain.p == pytest.approx(stats.ttest_rel(after, before).pvalue, rel=1e-9)


@pytest.mark.parametrize("rho", [0.0, 0.7])
def test_intervals_of_steps_and_totals_cover(rho: float) -> None:
    """`benchmarks/coverage.py` has all designs; here two of them, by 600 draws."""
    for cells, seeds in ((2, 2), (6, 3)):
        step, total = [], []
        for rng in range(600):
            y = _draw(rng, cells, seeds, rho)
            fit = NoiseModel([_cell((0, 0, i), row) for i, row in enumerate(y.tolist())])
            wanted = [{(0, 0, i + 1): 1.0, (0, 0, i): -1.0} for i in range(cells - 1)]
            *steps, whole = fit.contrasts([*wanted, {(0, 0, cells - 1): 1.0, (0, 0, 0): -1.0}])
            step += [d.low <= 0 <= d.high for d in steps]
            total.append(whole.low <= 0 <= whole.high)
        assert 0.93 <= np.mean(step) <= 0.97
        assert 0.93 <= np.mean(total) <= 0.97


def test_two_seeds_of_two_cells_tell_nothing_and_stay_within_what_a_score_can_be() -> None:
    fit = NoiseModel([_cell((0, 0, 0), [0.2, 0.9]), _cell((0, 0, 1), [0.9, 0.1])])
    gain = fit.contrast({(0, 0, 1): 1, (0, 0, 0): -1})
    assert (gain.covers, gain.df) == ("too few seeds", 1)
    assert (gain.low, gain.high) == (-1, 1)
    assert (gain.span, gain.p) == ("", 1)
    assert gain.why_undecided == "two seeds are too few to tell"
    three = NoiseModel([_cell((0, 0, i), [0.2 + i / 9, 0.3 + i / 8]) for i in range(3)])
    assert three.contrast({(0, 0, 2): 1, (0, 0, 0): -1}).covers == "seeds"


def test_missing_seeds_and_unequal_repeats_are_normal() -> None:
    y = _draw(3, 6, 5)
    cells = [_cell((0, 0, i), dict(enumerate(row))) for i, row in enumerate(y.tolist())]
    whole = NoiseModel(cells)
    cells[1] = _cell((0, 0, 1), {0: y[1, 0], 1: y[1, 1]})
    cells[4] = _cell((0, 0, 4), {0: y[4, 0]})
    part = NoiseModel(cells)
    assert (whole.df, part.df) == (20, 12)  # four cells of five seeds; the others tell less
    few = part.contrast({(0, 0, 1): 1, (0, 0, 0): -1})
    assert few.seeds == 2
    assert few.mean == pytest.approx((y[1, :2] - y[0, :2]).mean(), rel=1e-12)
    one = part.contrast({(0, 0, 4): 1, (0, 0, 0): -1})
    assert (one.seeds, one.covers) == (1, "seeds")  # with the noise of the others
    assert one.error > few.error


def test_cells_without_a_common_seed_are_compared_by_their_means() -> None:
    a, b = {0: 0.50, 1: 0.52, 2: 0.51}, {3: 0.60, 4: 0.61, 5: 0.63}
    gain = NoiseModel([_cell((0, 0, 0), a), _cell((0, 0, 1), b)]).contrast(
        {(0, 0, 1): 1, (0, 0, 0): -1}
    )
    ci = stats.ttest_ind(list(b.values()), list(a.values())).confidence_interval(0.95)
    assert (gain.low, gain.high) == pytest.approx((ci.low, ci.high), rel=1e-9)
    none = NoiseModel([_cell((0, 0, 0), {0: 0.5}), _cell((0, 0, 1), {1: 0.5})])
    lost = none.contrast({(0, 0, 1): 1, (0, 0, 0): -1})
    assert lost.covers == "nothing"
    assert math.isnan(lost.mean)


def test_one_seed_has_its_test_items_or_the_scatter_of_many_sizes() -> None:
    two = NoiseModel([_cell((0, 0, 0), [0.5], 400), _cell((0, 0, 1), [0.8], 400)])
    gain = two.contrast({(0, 0, 1): 1, (0, 0, 0): -1})
    half = stats.norm.ppf(0.975) * math.sqrt((0.25 + 0.16) / 400)
    assert gain.covers == "test images only"
    assert (gain.low, gain.high) == pytest.approx((0.3 - half, 0.3 + half), rel=1e-9)
    y = np.random.default_rng(0).normal(0.5, 0.01, (2, 6))
    many = [_cell((0, line, 2.0**i), [y[line, i]]) for line in (0, 1) for i in range(6)]
    scattered = NoiseModel(many).contrast({(0, 0, 32.0): 1, (0, 0, 1.0): -1})
    assert (scattered.covers, scattered.df) == ("scatter of sizes", 6)
    assert 0.02 < scattered.high - scattered.low < 0.12
    untrained = _cell(("untrained", 0, 0.0), [0.3])  # whose seed effect one seed cannot show
    against = NoiseModel([*many, untrained]).contrast({(0, 0, 32.0): 1, ("untrained", 0, 0.0): -1})
    assert against.covers == "test images only"


def test_seed_levels_cancel_within_a_block_and_count_between_blocks() -> None:
    level = np.array([0.0, 0.05, -0.05, 0.02])
    noise = np.random.default_rng(1).normal(0, 0.001, (7, 4))
    runs = [_cell(("run", 0, i), row) for i, row in enumerate((0.5 + level + noise[:6]).tolist())]
    fit = NoiseModel([*runs, _cell(("untrained", 0, 0), (0.4 + noise[6]).tolist())])
    within = fit.contrast({("run", 0, 5): 1, ("run", 0, 0): -1})
    between = fit.contrast({("run", 0, 5): 1, ("untrained", 0, 0): -1})
    against_a_constant = fit.contrast({("run", 0, 5): 1}, minus=0.4)
    assert within.error < 0.002
    assert between.error == pytest.approx(level.std(ddof=1) / 2, rel=0.5)
    assert against_a_constant.error == pytest.approx(level.std(ddof=1) / 2, rel=0.5)
    assert between.df < 5  # it rests on the levels of four seeds


def test_seeds_that_tie_leave_an_interval() -> None:
    """Two seeds that gain the same 22 of 800 test images know their gain to a rounding at best."""
    cells = [(700, 706), (722, 728), (722, 728)]
    fit = NoiseModel([_cell((0, i, i), [a / 800, b / 800], 800) for i, (a, b) in enumerate(cells)])
    gain = fit.contrast({(0, 1, 1): 1, (0, 0, 0): -1})
    assert gain.mean == pytest.approx(22 / 800)
    assert gain.error == pytest.approx(math.sqrt(2 / 12 / 2) / 800, rel=1e-6)


def test_contrasts_that_differ_by_seed_have_the_error_of_what_they_are() -> None:
    """One fixed contrast for all seeds is the contrast."""
    y = _draw(5, 4, 3)
    fit = NoiseModel([_cell((0, 0, i), row) for i, row in enumerate(y.tolist())])
    weights = {(0, 0, 2): 1.0, (0, 0, 3): -1.0}
    (by_seed,) = fit.contrasts_by_seed([dict.fromkeys(range(3), weights)])
    same = fit.contrast(weights)
    assert (by_seed.mean, by_seed.error) == pytest.approx((same.mean, same.error), rel=1e-12)
