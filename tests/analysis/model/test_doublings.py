"""Gains per doubling: arithmetic, verdicts, and the rate of false alarms."""

import math

import pytest

from datayield.analysis.model.difference import Covers, Difference
from datayield.analysis.model.doublings import CurveGain, gains
from datayield.analysis.model.gain_verdict import GainVerdict, verdict_of_gain
from datayield.analysis.model.study_noise import noise_models
from tests.simulated import Truth, flat, power_law, simulate


def _one(truth: Truth, **more: object) -> CurveGain:
    options: dict[str, object] = {"methods": ("simclr",), "rank": False, **more}
    main = simulate({"x": truth}, **options).main  # type: ignore[arg-type]
    (curve_gain,) = gains(main.curves, noise_models(main), worth=0.005).values()
    return curve_gain


@pytest.mark.parametrize(
    ("low", "high", "covers", "verdict"),
    [
        (0.006, 0.02, "seeds", "helps"),
        (0.001, 0.02, "seeds", "small gain"),
        (-0.02, -0.001, "seeds", "hurts"),
        (-0.004, 0.004, "seeds", "no effect"),
        (0.001, 0.004, "seeds", "small gain"),
        (-0.01, 0.02, "seeds", "inconclusive"),
        (0.1, 0.2, "test images only", "inconclusive"),
        (0.1, 0.2, "too few seeds", "inconclusive"),
    ],
)
def test_verdicts(low: float, high: float, covers: Covers, verdict: GainVerdict) -> None:
    conclusion, reason = verdict_of_gain(Difference((low + high) / 2, low, high, 3, covers), 0.005)
    assert conclusion == verdict
    assert bool(reason) == (verdict == "inconclusive")


def test_a_step_is_priced_per_doubling() -> None:
    """Log-linear truth: 2 points per doubling whatever the ratio of the sizes."""
    curve = _one(
        lambda n, images: 0.2 + 0.02 * math.log2(n), sizes=(100, 400, 6400), noise=lambda n: 1e-4
    )
    assert [s.doublings for s in curve.steps] == [2, 4]
    assert [s.per_doubling.mean for s in curve.steps] == pytest.approx([0.02, 0.02], abs=2e-4)
    assert curve.total.gain.mean == pytest.approx(0.12, abs=5e-4)
    assert curve.helps_up_to == 6400
    assert curve.beyond is None


def test_helps_up_to_ends_the_unbroken_chain() -> None:
    levels = {100: 0.5, 200: 0.6, 400: 0.7, 800: 0.7, 1600: 0.8}
    curve = _one(lambda n, images: levels[int(n)], sizes=tuple(levels), noise=lambda n: 0.0004)
    assert [s.verdict for s in curve.steps] == ["helps", "helps", "no effect", "helps"]
    assert (curve.helps_up_to, curve.beyond) == (400, "no effect")


def test_false_alarms_of_equal_cells_are_near_nominal() -> None:
    alarms = hurts = steps = chains = 0
    for rng in range(250):
        results = simulate(
            {"x": flat()}, methods=("simclr",), rank=False, rng=rng, noise=lambda n: 0.01
        )
        for line in gains(results.main.curves, noise_models(results.main), worth=0.0).values():
            alarms += sum(s.verdict == "helps" for s in line.steps)
            hurts += sum(s.verdict == "hurts" for s in line.steps)
            chains += line.helps_up_to is not None
            steps += len(line.steps)
    assert 0.010 <= alarms / steps <= 0.045  # nominal 0.025
    assert 0.010 <= hurts / steps <= 0.045
    assert chains / 250 <= 0.065


def test_a_quiet_flat_study_is_flat() -> None:
    curve = _one(flat(), noise=lambda n: 0.0008)
    assert {s.verdict for s in curve.steps} == {"no effect"}
    assert curve.total.verdict == "no effect"
    assert curve.helps_up_to is None


def test_one_seed_shows_an_interval_but_decides_nothing() -> None:
    curve = _one(power_law(), seeds=(0,))
    assert {s.verdict for s in curve.steps} == {"inconclusive"}
    assert curve.total.gain.low > 0.1
    assert curve.total.gain.covers == "test images only"
