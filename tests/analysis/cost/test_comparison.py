"""Planted worlds in which the normaliser is all that matters, or does not matter."""

import math

from datayield.analysis.text.cost import how_read, sentence
from datayield.spec.run.run import RunSpec
from tests.analysed import normalised
from tests.planted import planted

SEEDS = [0, 1, 2]
SIZES = [100, 400, 1600]


def by_images(run: RunSpec, share: float) -> float:
    """Compute alone buys accuracy, and repeats hurt nothing."""
    return 0.2 + 0.05 * math.log2(share * run.images / 1000)


def worse_with_n(run: RunSpec, share: float) -> float:
    """At the same compute more images hurt a little: distant ones, say."""
    return by_images(run, share) - 0.02 * math.log2((run.data.count or 1) / 100)


def test_a_conclusion_that_flips() -> None:
    axes = {"data.count": SIZES, "budget": [{"epochs": 20}, {"images": 32000}], "seed": SEEDS}
    (comparison,) = normalised(planted(axes, worse_with_n)).comparisons
    assert (comparison.n, comparison.to, comparison.conclusion) == (100, 1600, "flips")
    epochs = next(e for e in comparison.equals if "epochs" in e.units)
    images = next(e for e in comparison.equals if "images" in e.units)
    assert epochs.level == 20
    assert images.level == 32000
    assert images.units == ("images", "views", "flops", "seconds")
    assert (epochs.sign, images.sign) == ("better", "worse")
    assert abs(epochs.difference.mean - 0.12) < 0.01  # 4 doublings of compute, less 4 of 2 points
    assert abs(images.difference.mean + 0.08) < 0.01
    assert [n for n, _ in images.curve] == SIZES
    assert not images.interpolated
    text = sentence(comparison)
    assert f"better by {100 * epochs.difference.mean:.1f} points" in text
    assert f"worse by {-100 * images.difference.mean:.1f} points" in text
    assert text.endswith("The conclusion reverses with the budget unit.")


def test_a_conclusion_that_rests_on_the_normaliser() -> None:
    axes = {"data.count": SIZES, "budget": [{"epochs": 20}, {"images": 32000}], "seed": SEEDS}
    (comparison,) = normalised(planted(axes, by_images, noise=0.0005)).comparisons
    assert {e.units[0]: e.sign for e in comparison.equals} == {
        "images": "no effect",
        "epochs": "better",
    }
    assert comparison.conclusion == "rests"


def test_one_budget_of_a_cosine_is_never_read_at_milestones() -> None:
    axes = {"data.count": SIZES, "budget": [{"images": 32000}], "seed": SEEDS}
    shares = (0.0625, 0.25, 1.0)
    result = normalised(planted(axes, worse_with_n, shares))
    (comparison,) = result.comparisons
    assert [e.units for e in comparison.equals] == [("images", "views", "flops", "seconds")]
    assert result.standing == (0, 9)
    assert "9 runs count only at the end" in how_read(result)


def test_milestones_of_a_constant_trunk_are_runs_of_that_budget() -> None:
    optim = {"lr": 0.001, "warmup": 0.01, "schedule": "constant", "trunk": {"images": 32000}}
    axes = {"data.count": SIZES, "budget": [{"images": 32000}], "seed": SEEDS}
    shares = (0.0625, 0.25, 1.0)
    result = normalised(planted(axes, worse_with_n, shares, optim=optim))
    (comparison,) = result.comparisons
    assert result.standing == (9, 0)
    epochs = next(e for e in comparison.equals if "epochs" in e.units)
    assert epochs.level == 20  # 100 images: a sixteenth of 320 epochs; 1,600: all 20
    assert abs(epochs.difference.mean - 0.12) < 0.01
    assert comparison.conclusion == "flips"


def test_between_milestones_a_trunk_is_interpolated_but_not_far() -> None:
    optim = {"lr": 0.001, "warmup": 0.01, "schedule": "constant", "trunk": {"images": 32000}}
    axes = {"data.count": [100, 1600], "budget": [{"images": 32000}], "seed": SEEDS}
    near = normalised(planted(axes, by_images, (0.04, 0.12, 1.0), optim=optim))
    epochs = next(e for e in near.comparisons[0].equals if "epochs" in e.units)
    assert epochs.interpolated
    assert abs(epochs.difference.mean - 0.2) < 0.01  # linear in the logarithm, as is the truth
    far = normalised(planted(axes, by_images, (0.01, 0.9, 1.0), optim=optim))
    assert all("epochs" not in e.units for e in far.comparisons[0].equals)


def test_one_seed_decides_nothing() -> None:
    axes = {"data.count": SIZES, "budget": [{"epochs": 20}, {"images": 32000}], "seed": [0]}
    (comparison,) = normalised(planted(axes, worse_with_n)).comparisons
    assert {e.sign for e in comparison.equals} == {"inconclusive"}
    assert comparison.conclusion == "inconclusive"


def test_a_study_of_one_size_compares_nothing() -> None:
    axes = {"data.count": [400], "budget": [{"epochs": 20}, {"images": 32000}], "seed": SEEDS}
    assert normalised(planted(axes, by_images)).comparisons == ()


def test_written_out_runs_are_each_compared_with_the_smallest() -> None:
    alone = {"name": "B", "data": {"count": 400}}
    more = [
        {"name": f"B + {other}", "data": {"dataset": other, "count": 800}}
        for other in ("digits", "tiny-imagenet")
    ]
    budget = [{"epochs": 20}, {"images": 16000}]
    axes = {"run": [alone, *more], "budget": budget, "seed": SEEDS}
    comparisons = normalised(planted(axes, worse_with_n)).comparisons
    assert [(c.start, c.name) for c in comparisons] == [
        ("B", "B + digits"),
        ("B", "B + tiny-imagenet"),
    ]
    assert {c.conclusion for c in comparisons} == {"flips"}
    assert "B + digits (N = 800) against B (N = 400)" in sentence(comparisons[0])
