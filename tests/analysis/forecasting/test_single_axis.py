"""Known curves are recovered, intervals cover, and odd curves and inputs are answered."""

import doctest
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from datayield import forecast
from datayield.analysis.forecasting import single_axis
from datayield.spec.errors import ConfigError

SIZES = np.geomspace(1e3, 64e3, 7)
AHEAD = np.array([64e3, 128e3, 256e3])


def law(x: np.ndarray, plateau: float, exponent: float) -> np.ndarray:
    return plateau + (0.7 - plateau) * (x / 1e3) ** -exponent


@pytest.mark.parametrize(
    ("plateau", "exponent"), [(0.1, 0.5), (0.2, 0.3), (0.3, 0.8), (0.0, 0.2), (0.1, 0.4)]
)
def test_a_power_law_is_recovered_within_2_percent_at_four_times_the_range(
    plateau: float, exponent: float
) -> None:
    found = forecast(SIZES, law(SIZES, plateau, exponent), AHEAD)
    truth = law(AHEAD, plateau, exponent)
    assert found.mean == pytest.approx(truth, rel=0.02)
    assert (found.low < truth).all()
    assert (truth < found.high).all()


def test_a_flat_curve_stays_flat_and_its_interval_widens() -> None:
    found = forecast(SIZES, [0.4, 0.401, 0.399, 0.4, 0.4, 0.402, 0.399], AHEAD)
    assert found.mean == pytest.approx(0.4, rel=0.02)
    width = found.high - found.low
    assert width[0] < width[1] < width[2] < 0.06


def test_an_error_that_grows_is_forecast_to_grow() -> None:
    with pytest.warns(UserWarning, match="if these are accuracies, pass 1 - accuracy"):
        found = forecast(SIZES, 0.3 * (SIZES / 1e3) ** 0.1, AHEAD)
    assert found.mean == pytest.approx(0.3 * (AHEAD / 1e3) ** 0.1, rel=0.02)


def test_a_u_shaped_curve_is_not_forecast_to_fall_far() -> None:
    found = forecast(SIZES, [0.6, 0.5, 0.42, 0.40, 0.41, 0.43, 0.45], [256e3])
    assert found.mean[0] > 0.43
    assert found.low[0] < 0.4
    assert found.high[0] > 0.5


def test_a_small_noisy_fall_is_not_taken_for_the_start_of_a_steep_one() -> None:
    """What has learnt nothing errs in half of all images or more: 0.24 is no level to fall from."""
    found = forecast([1, 2, 4, 8, 16], [0.239, 0.225, 0.232, 0.211, 0.193], [32])
    assert 0.176 < found.mean[0] < 0.21


def test_a_curve_that_has_just_begun_to_fall_falls_faster_later() -> None:
    """Nearly all are wrong at first, as with few labels: slopes ahead exceed those before."""
    x, ahead = np.geomspace(1e6, 1e7, 8), 8e7
    y = [0.99 * (1 + (size / 1e7) ** 1.2) ** -0.5 for size in (*x, ahead)]
    found = forecast(x, y[:-1], ahead)
    mean_slope = np.log(y[-2] / y[0]) / np.log(x[-1] / x[0])
    assert np.log(found.mean[0] / y[-2]) / np.log(ahead / x[-1]) < 1.2 * mean_slope
    assert found.low[0] < y[-1] < found.high[0]


def test_noise_widens_the_interval() -> None:
    noise = np.random.default_rng(0).normal(size=7)
    widths = [
        np.log(f.high / f.low)[0]
        for sigma in (0.0, 0.02, 0.1)
        for f in [forecast(SIZES, law(SIZES, 0.1, 0.4) * np.exp(sigma * noise), [128e3])]
    ]
    assert widths[0] < widths[1] < widths[2]


def test_intervals_cover_nine_in_ten() -> None:
    """Noisy power laws with an offset, of which 7 or 24 sizes are seen, up to four times ahead."""
    rng, inside = np.random.default_rng(0), []
    for i in range(50):
        x = np.geomspace(1e3, 64e3, (7, 24)[i % 2])
        plateau, exponent = rng.beta(2, 3) * 0.7, np.exp(rng.normal(-1.2, 0.5))
        y = law(x, plateau, exponent) * np.exp(rng.normal(0, 0.012, len(x)))
        new = law(AHEAD, plateau, exponent) * np.exp(rng.normal(0, 0.012, 3))
        found = forecast(x, y, AHEAD)
        inside.append((found.low < new) & (new < found.high))
    assert 0.84 < np.mean(inside) < 0.99


def test_units_and_order_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    y = 100 * law(SIZES, 0.1, 0.4) * np.exp(rng.normal(0, 0.01, 7))  # above 1: no shares
    told = np.array(forecast(SIZES, y, AHEAD))
    assert np.array(forecast(SIZES * 1e9, y, AHEAD * 1e9)) == pytest.approx(told)
    assert np.array(forecast(SIZES, y * 1e3, AHEAD)) == pytest.approx(told * 1e3)
    mixed = rng.permutation(7)
    assert np.array(forecast(SIZES[mixed], y[mixed], AHEAD)) == pytest.approx(told)
    assert np.array(forecast(SIZES, y, AHEAD[::-1])) == pytest.approx(told[:, ::-1])


def test_errors_may_be_losses() -> None:
    found = forecast(SIZES, 3 + 2 * (SIZES / 1e3) ** -0.5, AHEAD)
    assert found.mean == pytest.approx(3 + 2 * (AHEAD / 1e3) ** -0.5, rel=0.02)


def test_shares_stay_below_one() -> None:
    found = forecast(SIZES, [0.97, 0.98, 0.97, 0.975, 0.98, 0.97, 0.98], [1e30, 64e3])
    assert (found.high <= 1).all()
    assert (found.low > 0).all()


def test_higher_levels_give_wider_intervals_about_the_mean() -> None:
    bounds = [forecast(SIZES, law(SIZES, 0.1, 0.4), AHEAD, q) for q in (0.001, 0.5, 0.9, 0.99)]
    for narrow, wide in pairwise(bounds):
        assert (wide.low < narrow.low).all()
        assert (narrow.high < wide.high).all()
        assert wide.mean == pytest.approx(narrow.mean)
    assert (bounds[0].low <= bounds[0].mean).all()
    assert (bounds[0].mean <= bounds[0].high).all()


def test_repeated_sizes_are_averaged_and_measure_the_noise() -> None:
    y = law(SIZES, 0.1, 0.4)
    close = forecast([*SIZES, *SIZES], [*(0.995 * y), *(1.005 * y)], AHEAD)
    apart = forecast([*SIZES, *SIZES], [*(0.9 * y), *(1.1 * y)], AHEAD)
    assert close.mean == pytest.approx(law(AHEAD, 0.1, 0.4), rel=0.02)
    assert (apart.high - apart.low > 3 * (close.high - close.low)).all()


def test_within_the_range_the_forecast_follows_the_measurements() -> None:
    y = law(SIZES, 0.1, 0.4)
    between = np.sqrt(SIZES[1:] * SIZES[:-1])
    assert forecast(SIZES, y, between).mean == pytest.approx(law(between, 0.1, 0.4), rel=0.01)
    assert forecast(SIZES, y, [500.0]).mean[0] > y[0]


def test_thousands_of_sizes_are_taken_together() -> None:
    x = np.arange(1.0, 2001)
    noise = np.random.default_rng(0).normal(0, 0.01, 2000)
    found = forecast(x, (0.1 + 0.5 * x**-0.3) * np.exp(noise), [4000])
    assert found.mean[0] == pytest.approx(0.1 + 0.5 * 4000**-0.3, rel=0.02)


def test_three_sizes_or_fewer_give_half_of_the_last_slope_and_no_interval() -> None:
    found = forecast([1, 2, 4], [0.6, 0.5, 0.4], [4, 8, 16])
    assert found.mean == pytest.approx(0.4 * np.array([1, 0.8**0.5, 0.8]))
    assert np.isnan([found.low, found.high]).all()
    assert forecast([1, 2, 4], [0.6, 0.5, 0.4], [2]).mean == pytest.approx(0.5)
    assert forecast([4, 4], [0.4, 0.4], [8]).mean == pytest.approx(0.4)


class Column:
    """A column of a data frame, as NumPy sees it."""

    def __init__(self, values: Sequence[float]) -> None:
        self.values = values

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values)


def test_lists_tuples_columns_and_scalars_are_accepted() -> None:
    told = np.array(forecast([1.0, 2.0, 4.0, 8.0], [0.5, 0.4, 0.3, 0.25], [16.0]))
    for kind in (tuple, Column, np.array):
        assert np.array(forecast(kind([1, 2, 4, 8]), kind([0.5, 0.4, 0.3, 0.25]), 16)) == (
            pytest.approx(told)
        )
    assert forecast([1, 2, 4, 8], [0.5, 0.4, 0.3, 0.25], []).mean.shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "where", "got"),
    [
        (([1, 2], [0.5], 3), "sizes, errors", "2 sizes, 1 errors"),
        (([], [], 3), "sizes, errors", "0 sizes, 0 errors"),
        (([1, 2], [0.5, np.nan], 3), "errors[1]", "nan"),
        (([1, 2], [0.5, 0.0], 3), "errors[1]", "0.0"),
        (([-1, 2], [0.5, 0.4], 3), "sizes[0]", "-1.0"),
        (([1, 2], [0.5, 0.4], np.inf), "at[0]", "inf"),
        ((["few", "many"], [0.5, 0.4], 3), "sizes", '["few", "many"]'),
        (([1, 2], [[0.5, 0.4]], 3), "errors", "[[0.5, 0.4]]"),
        (([1, 2], [0.5, 0.4], 3, 90), "level", "90"),
        (([1, 2], [0.5, 0.4], 3, "90%"), "level", "90%"),
    ],
)
def test_what_is_not_numbers_is_refused_with_its_place(
    arguments: tuple, where: str, got: str
) -> None:
    with pytest.raises(ConfigError) as error:
        forecast(*arguments)
    assert error.value.parts()["where"] == f"forecast: {where}"
    assert error.value.parts()["got"] == got


def test_the_example_is_what_it_says() -> None:
    assert doctest.testmod(single_axis, globs={"forecast": forecast}) == (0, 2)


def test_the_function_is_imported_on_first_use_with_numpy_alone() -> None:
    code = (
        "import sys, datayield; assert 'numpy' not in sys.modules;"
        "import datayield.analysis.forecasting.single_axis as module;"
        "assert datayield.forecast is module.forecast;"
        "from datayield import forecast; assert forecast is module.forecast;"
        "slow = {'torch', 'scipy', 'pydantic', 'plotly', 'rich', 'pandas', 'yaml'};"
        "assert not slow & set(sys.modules), slow & set(sys.modules);"
        "assert not hasattr(datayield, 'forecasts')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
