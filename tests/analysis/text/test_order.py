"""The order of the answer does not look at scores, and flat truth is rarely called an effect."""

import numpy as np
import pytest

from datayield.analysis import findings
from datayield.analysis.findings import analyse
from datayield.analysis.levers import decide
from datayield.analysis.text.answer import answer
from tests.simulated import flat, power_law, simulate


@pytest.fixture(autouse=True)
def _no_fits_and_no_back_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here reads them, and of hundreds of studies they take most of the time."""
    monkeypatch.setattr(findings, "in_background", lambda work: work)
    monkeypatch.setattr(findings, "fits", lambda curves: {})
    monkeypatch.setattr(findings, "_decided", lambda evidence, study: decide(evidence))


def test_the_first_curve_of_the_study_is_first_whatever_its_gain() -> None:
    truths = {"dull": flat(), "steep": power_law()}
    one = [h.subject for h in answer(analyse(simulate(truths))) if h.about == "images"]
    other = [
        h.subject
        for h in answer(analyse(simulate({"dull": power_law(), "steep": flat()})))
        if h.about == "images"
    ]
    assert one == other
    assert one[0].startswith("dull (linear@1), SimCLR")


def test_no_gain_is_said_where_there_is_none() -> None:
    """At most 5% of studies, of which these are 60; `benchmarks/coverage.py` has 18,000."""
    said = []
    for rng in range(60):
        results = simulate({"x": flat()}, rank=False, rng=rng, sizes=(250, 500, 1000))
        heads = [h.verdict for h in answer(analyse(results)) if h.about == "images"]
        said.append(any(v in ("helps", "small gain", "hurts") for v in heads))
    assert np.sum(said) <= 6


def test_more_seeds_never_make_a_small_gain_less_evident() -> None:
    rates = []
    for seeds in (3, 10, 40):
        verdicts = []
        for rng in range(12):
            results = simulate(
                {"x": lambda n, images: 0.5 + 0.003 * np.log2(n / 250)},
                seeds=range(seeds), rank=False, rng=rng, methods=("simclr",),
            )  # fmt: skip
            verdicts += [g.total.verdict for g in analyse(results).gains.values()]
        rates.append(sum(v in ("helps", "small gain") for v in verdicts))
    assert rates == sorted(rates)
    assert rates[-1] == 12
