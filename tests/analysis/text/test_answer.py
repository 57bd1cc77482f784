"""The answer: what it says of what was planted, and what it leaves open."""

import math
import re

from datayield.analysis.decision.baselines import against_baselines
from datayield.analysis.findings import analyse
from datayield.analysis.model.study_noise import noise_models
from datayield.analysis.text.answer import MOST, answer
from datayield.spec.run.budget import Budget
from tests.simulated import flat, power_law, simulate


def test_a_yield_is_said_with_numbers_interval_and_protocol() -> None:
    results = simulate({"category": power_law()}, methods=("simclr",))
    first = answer(analyse(results))[0]
    assert first.verdict == "helps"
    assert re.match(
        r"category \(linear@1\), SimCLR, 20k presented: from 250 to 8,000 images \+2\d\.\d points "
        r"\(95% interval \+2\d\.\d to \+2\d\.\d\); every step helps, up to 8,000\. "
        r"The fitted law predicts 7\d\.\d% at 16,000 ",
        first.text,
    )
    assert first.text.startswith(first.subject)


def test_baselines_are_compared_and_beaten() -> None:
    texts = [h.text for h in answer(analyse(simulate())) if h.about == "baseline"]
    assert len(texts) == 2
    assert "beats the untrained encoder on category (linear@1) by +" in texts[0]
    assert "beats the raw pixels" in texts[1]
    assert "weakest of 2 curves" in texts[1]


def test_a_method_no_better_than_pixels_is_not_said_to_beat_them() -> None:
    results = simulate({"x": flat(0.41)}, noise=lambda n: 0.01)
    compared = against_baselines(results.main, noise_models(results.main))
    outcomes = {v.baseline.kind: v.outcome for v in compared}
    assert outcomes == {"untrained": "beats", "pixels": "inconclusive"}
    losing = simulate({"x": flat(0.30)}, noise=lambda n: 0.003)
    chips = [h.verdict for h in answer(analyse(losing)) if h.about == "baseline"]
    assert chips == ["loses", "loses"]


def test_one_seed_rests_on_the_scatter_of_many_sizes_and_few_decide_nothing() -> None:
    two = answer(analyse(simulate({"x": power_law()}, seeds=(0,))))[0]
    one = answer(analyse(simulate({"x": power_law()}, methods=("simclr",), seeds=(0,))))[0]
    assert two.verdict == "helps"
    assert "one seed, 95% interval from the scatter of the sizes" in two.text
    assert one.verdict == "inconclusive"
    assert "one seed" in one.text


def test_epochs_are_named_as_growing_compute() -> None:
    results = simulate(budgets=(Budget(unit="epochs", amount=20),))
    assert "Compute grows with N" in answer(analyse(results))[0].text


def test_fixed_epochs_never_stand_without_the_fixed_compute_beside_them() -> None:
    budgets = (Budget(unit="epochs", amount=20), Budget(unit="images", amount=160_000))
    results = simulate(
        {"x": lambda n, images: 0.3 + 0.04 * math.log2(images / 5_000)},
        methods=("simclr",),
        budgets=budgets,
        noise=lambda n: 0.001,
    )
    epochs, compute = answer(analyse(results))[:2]
    assert (epochs.subject, epochs.verdict) == ("x (linear@1), SimCLR, 20 epochs", "helps")
    assert (compute.subject, compute.verdict) == (
        "x (linear@1), SimCLR, 160k presented",
        "no effect",
    )


def test_a_flat_study_is_called_flat_and_a_noisy_one_open() -> None:
    quiet = simulate({"x": flat()}, methods=("simclr",), noise=lambda n: 0.0008)
    assert answer(analyse(quiet))[0].verdict == "no effect"
    assert "no effect: within 0.5 point" in answer(analyse(quiet))[0].text
    noisy = simulate({"x": flat()}, methods=("simclr",), noise=lambda n: 0.05)
    assert answer(analyse(noisy))[0].verdict == "inconclusive"


def test_never_more_than_ten_and_every_evaluation_before_a_second_curve() -> None:
    truths = {f"e{i}": power_law(0.1 * i) for i in range(5)}
    headlines = answer(analyse(simulate(truths)))
    assert len(headlines) == MOST
    assert {h.subject.split(" ")[0] for h in headlines[:5]} == set(truths)


def test_empty_and_single_sized_studies_have_an_answer() -> None:
    (only,) = answer(analyse(simulate(keep=lambda *run: False)))
    assert "No run" in only.text
    said = answer(analyse(simulate(sizes=(1000,))))
    assert "One size only (1,000 images)" in said[-1].text
    assert said[0].about == "baseline"  # what can be said comes first
