"""Claims on planted studies: contrasts against least squares, verdicts, what is not there."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from datayield.analysis.claims.correlation import spearman
from datayield.analysis.claims.noise import estimate, layout
from datayield.analysis.claims.verdicts import holm, tally
from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.analysed import claim_data, verdicts_of
from tests.analysis.claims.claims_power import CLAIMS, shares_of
from tests.analysis.claims.claims_simulated import SHARES, SIZES, nothing, simulate, study
from tests.planted import planted


def _exact(values: Any, seeds: int = 3) -> StudyResults:
    """Rows of method simclr at 10 epochs, task one: `values(place of N, seed)`, huge test sets."""
    whole = simulate([], nothing, seeds, shares=(1.0,), tasks=["one"])
    rows = tuple(
        row._replace(value=values(SIZES.index(row.n), row.seed), n_test=10**12)
        for row in whole.rows
        if row.kind == "run" and row.method == "simclr" and row.budget_label == "10 epochs"
    )
    return replace(whole, rows=rows)


def test_a_contrast_is_that_of_the_two_way_layout() -> None:
    draw = np.random.default_rng(3)
    y = 0.5 + draw.normal(0, 0.01, (6, 3)) + draw.normal(0, 0.05, 3)
    results = _exact(lambda i, seed: float(y[i, seed]))
    cells = claim_data(results).cells(["one"], None, by_eval=False, by_share=False)
    at = {dict(p)["data.count"]: p for p in cells.runs}
    effect = estimate({at["4000"]: 1, at["1000"]: -1}, cells, layout(cells, cells))
    # the same by ordinary least squares: value ~ cell + seed
    design = np.zeros((18, 8))
    for k in range(18):
        design[k, k // 3] = 1
        if k % 3:
            design[k, 5 + k % 3] = 1
    beta, square, _, _ = np.linalg.lstsq(design, y.reshape(-1), rcond=None)
    cov = float(square[0]) / 10 * np.linalg.inv(design.T @ design)
    contrast = np.zeros(8)
    contrast[2], contrast[0] = 1, -1
    assert effect.mean == pytest.approx(contrast @ beta)
    assert effect.seeds == 3
    noise = layout(cells, cells)
    assert np.isinf(noise.noise.df)  # in this draw cells look alike: one variance for all
    # but for the correlation along N, which three seeds cannot rule out
    assert 8 < effect.df < 10
    assert effect.error == pytest.approx(float(np.sqrt(contrast @ cov @ contrast)), rel=0.1)


def test_the_level_of_seeds_cancels_between_runs_and_counts_against_a_baseline() -> None:
    level = (0.0, 0.04, -0.04)
    results = _exact(lambda i, seed: 0.6 + 0.001 * ((i * 7 + seed * 3) % 5) + level[seed])
    cells = claim_data(results).cells(["one"], None, by_eval=False, by_share=False)
    a, b = list(cells.runs)[:2]
    between = estimate({a: 1, b: -1}, cells, layout(cells, cells))
    alone = estimate({a: 1}, cells, layout(cells, cells))
    assert between.error < 0.003
    assert alone.error > 0.015
    assert alone.df < 2.5  # it rests on the three seeds' levels alone


def test_shared_test_items_are_an_error_that_seeds_do_not_lessen() -> None:
    results = _exact(lambda i, seed: 0.5 + 1e-6 * ((i + seed) % 2))
    few = replace(results, rows=tuple(row._replace(n_test=100) for row in results.rows))
    cells = claim_data(few).cells(["one"], None, by_eval=False, by_share=False)
    a, b = list(cells.runs)[:2]
    effect = estimate({a: 1, b: -1}, cells, layout(cells, cells))
    assert effect.error == pytest.approx(math.sqrt(2 * 0.05 * 0.25 / 100), rel=1e-3)


@pytest.mark.parametrize("test", list(CLAIMS))
def test_a_large_effect_is_found_both_ways(test: str) -> None:
    """With next to no noise each test says what is planted, and the contrary of its contrary."""
    planted = CLAIMS[test]
    claim = {"id": "C1", "test": test, **planted.claim}
    shares = shares_of(test)
    (verdict,) = verdicts_of(simulate([claim], planted.present, 3, 5, shares=shares))
    opposite = simulate([claim], lambda *at: 1.0 - planted.present(*at), 3, 5, shares=shares)
    (contrary,) = verdicts_of(opposite)
    assert contrary.verdict != "reproduced" or test == "flat"  # flat upside down is flat
    assert verdict.verdict in ("reproduced", "inconclusive")
    assert verdict.effect is not None
    if test not in (
        "diminishing",
        "beats_baseline",
        "gain, time to 53%",
    ):  # whose power is lower: claims_power
        assert verdict.verdict == "reproduced", verdict.evidence


def test_contradicted_names_the_contrast_that_says_so() -> None:
    claim = {"id": "C1", "test": "monotone", "of": "one", "over": "data.count"}
    dip = simulate([claim], lambda n, m, b, t, s: 0.5 + 0.03 * n - 0.1 * (n == 3), 3, 0)
    (verdict,) = verdicts_of(dip)
    assert verdict.verdict == "contradicted"
    assert "from 4000 to 8000" in verdict.evidence
    assert verdict.effect is not None
    assert verdict.effect < -5


def test_what_is_not_finished_or_not_there_is_said() -> None:
    claims: list[dict[str, Any]] = [
        {"id": "C1", "test": "monotone", "of": "one", "over": "data.count"},
        {"id": "C2", "test": "gain", "of": "one", "over": "data.count", "to": 2000},
        {"id": "C3", "test": "gain", "of": "one", "over": "data.count", "skip": "no such thing"},
        {"id": "C4", "test": "gain", "of": "four", "over": "data.count"},
    ]
    whole = simulate(claims, lambda n, m, b, t, s: 0.4 + 0.05 * n, 3)
    part = replace(whole, rows=tuple(row for row in whole.rows if row.n < 32000))
    verdicts = verdicts_of(part)
    assert [j.verdict for j in verdicts] == [
        "inconclusive",
        "reproduced",
        "not tested",
        "not tested",
    ]
    assert "32000" in verdicts[0].evidence
    assert (
        tally(verdicts)
        == "1 reproduced, 0 contradicted, 0 no effect, 0 not always, 1 inconclusive, 2 not tested "
        "at this scale"
    )
    one = replace(whole, rows=tuple(row for row in whole.rows if row.seed == 0))
    assert verdicts_of(one)[1].evidence == "One seed is not enough."


def test_every_part_must_show_it() -> None:
    claim = {"id": "C1", "test": "gain", "of": "one", "over": "data.count", "each": ["method"]}
    two_of_three = simulate([claim], lambda n, m, b, t, s: 0.5 + 0.02 * n * (m < 2), 3)
    (verdict,) = verdicts_of(two_of_three)
    assert verdict.verdict == "not always"
    assert verdict.evidence.startswith(
        "Not always: 1 point or more is excluded in at least one of 3 comparisons, adjusted p"
    )
    assert "least certain of 3 (method moco_v3)" in verdict.evidence


def test_a_comparison_that_may_show_it_leaves_the_claim_open() -> None:
    claim = {"id": "C1", "test": "gain", "of": "one", "over": "data.count", "each": ["method"]}
    small = simulate([claim], lambda n, m, b, t, s: 0.5 + 0.002 * n + 0.02 * n * (m < 2), 3)
    (verdict,) = verdicts_of(small)
    assert verdict.verdict == "inconclusive"


def test_holm_against_its_definition() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_two_measures_of_the_same_runs_correlate_by_whole_methods_and_budgets() -> None:
    claim = {"id": "C", "test": "correlates", "of": "two", "with": {"of": "three"}}
    tasks = ["two", "three"]
    made = simulate([claim], nothing, 2, shares=(1.0,), tasks=tasks, items=False)
    assert "over 36 cells" in verdicts_of(made)[0].evidence
    few = replace(made, rows=tuple(r for r in made.rows if r.method != "simclr"))
    (refused,) = verdicts_of(few)
    assert refused.verdict == "inconclusive"
    assert "4 methods and budgets are too few" in refused.evidence
    once = simulate([claim], nothing, 1, shares=(1.0,), tasks=tasks, items=False)
    assert "two seeds" in verdicts_of(once)[0].evidence


def test_whole_blocks_are_permuted() -> None:
    x = np.arange(12.0)
    _, cells, _ = spearman(x, x)
    _, blocks, _ = spearman(x, x, 3)
    assert cells == pytest.approx(1e-4)
    assert blocks == pytest.approx(1 / 6)


def test_spearman_counts_all_orders() -> None:
    rho, above, below = spearman(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]))
    assert rho == pytest.approx(0.8)
    assert above == pytest.approx(4 / 24)  # the perfect order and three with one swap
    assert below == pytest.approx(23 / 24)


def test_a_gap_of_selection_is_read_from_the_ledger() -> None:
    claim = {"id": "C1", "test": "gap_grows", "of": "one", "metric": "selection_gap",
             "over": "data.count"}  # fmt: skip
    whole = simulate([claim], nothing, 3, shares=SHARES)
    first = SIZES[0]
    rows = []
    for row in whole.rows:
        rows.append(row)
        if row.kind == "run" and row.eval == "one":
            # validation prefers the last; the test falls off at the end for all N but the first
            top = row.share == 1.0
            value = 0.5 + (0.0 if row.n == first or not top else -0.04) + 0.001 * (row.seed % 2)
            rows[-1] = row._replace(value=value)
            rows.append(row._replace(metric="accuracy_val", value=0.5 + row.share))
    (verdict,) = verdicts_of(replace(whole, rows=tuple(rows)))
    assert verdict.verdict == "reproduced", verdict.evidence
    assert verdict.effect == pytest.approx(4.0)


def test_a_claim_is_judged_at_the_checkpoint_that_validation_selects() -> None:
    """Validation peaks at 0.6 for the most images, where the test is 4 points above its end."""
    asked = {"id": "C1", "test": "gain", "of": "one", "over": "data.count"}
    claims = [asked, asked | {"id": "C2", "checkpoint": {"best_on": "one"}}]
    whole = simulate(claims, nothing, 3, shares=SHARES)
    rows = []
    for row in whole.rows:
        rows.append(row)
        if row.kind == "run" and row.eval == "one":
            peak = row.n == SIZES[-1] and row.share == 0.6
            rows[-1] = row._replace(value=0.5 + 0.04 * peak + 0.001 * (row.seed % 2))
            # the best on test is at 0.2 for all others, which validation does not select
            rows[-1] = rows[-1]._replace(value=rows[-1].value + 0.3 * (row.share == 0.2))
            validated = 0.6 if row.share == 0.6 else 0.5 - row.share / 10
            rows.append(row._replace(metric="accuracy_val", value=validated))
    last, best = verdicts_of(replace(whole, rows=tuple(rows)))
    assert (last.verdict, best.verdict) == ("no effect", "reproduced"), best.evidence
    assert best.effect == pytest.approx(4.0)
    assert "at each run's best checkpoint by validation on one" in best.evidence
    unscored = tuple(row for row in rows if row.metric != "accuracy_val")
    assert verdicts_of(replace(whole, rows=unscored))[1].verdict == "inconclusive"


def test_an_empty_list_costs_nothing() -> None:
    assert verdicts_of(StudyResults(study([]), (), ())) == []
    assert tally([]) == ""


def _with_pixels(results: StudyResults, value: float) -> StudyResults:
    """One method, and the baseline of raw pixels, which has one score."""
    base = ("", "", "", 0, None, 0, 0.0, (), 0)
    pixels = Row("pixels", "pixels", *base, "one", "linear@1", "", "accuracy", value, 2000)
    kept = [row for row in results.rows if row.kind != "run" or row.method == "simclr"]
    return replace(results, rows=(*kept, pixels))


def test_why_two_seeds_do_not_tell_runs_from_a_baseline_of_one_score() -> None:
    """Other cells are there to pool, but all of them share the levels of the two seeds."""
    claims = [
        {"id": "C1", "test": "beats_baseline", "of": "one", "baseline": "pixels"},
        {"id": "C2", "test": "beats_baseline", "of": "one", "baseline": "untrained"},
    ]
    made = simulate(claims, nothing, 2, shares=(1.0,), tasks=["one"], items=False)
    pixels, untrained = verdicts_of(_with_pixels(made, 0.77))
    assert pixels.verdict == "inconclusive"
    assert "no other cells" not in pixels.evidence
    assert "does not cancel against one score of a baseline; add a seed" in pixels.evidence
    assert re.search(r"difference of −2[678]\.\d points", pixels.evidence)
    assert "pooled over 12 cells" in untrained.evidence


def test_a_value_of_an_axis_is_no_baseline_of_the_same_name() -> None:
    claim = {"test": "gain", "says": "", "cites": "", "of": "category", "over": "init"}
    axes = {"init": [None, "pretrained"], "data.count": [100, 200], "seed": [0, 1, 2]}
    encoder = {"name": "timm/resnet18", "size": 32}
    better = {None: 0.5, "pretrained": 0.6}
    results = planted(axes, lambda run, _: better[run.init], encoder=encoder)
    raw = results.study.model_dump(mode="json")
    raw |= {"claims": [claim | {"id": "C1", "from": "first", "to": "pretrained"}]}
    (verdict,) = verdicts_of(replace(results, study=validated(Study, raw, where="planted")))
    assert verdict.effect == pytest.approx(10, abs=0.5), verdict.evidence


def test_a_metric_that_no_run_has_is_no_run_to_come() -> None:
    claim = {"id": "C1", "test": "beats_baseline", "of": "one", "metric": "alpha_req"}
    (verdict,) = verdicts_of(simulate([claim], nothing, 2, shares=(1.0,)))
    assert verdict.evidence == "No finished run has the metric alpha_req."


def test_evidence_does_not_begin_with_a_key() -> None:
    claim = {"id": "C1", "test": "gain", "of": "one", "over": "data.count", "to": 1000}
    (verdict,) = verdicts_of(simulate([claim], nothing, 2, shares=(1.0,)))
    assert verdict.evidence == "There is only one value of data.count, 1000."
