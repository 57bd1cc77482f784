"""Figures show the numbers, tell curves apart and keep labels apart."""

import math

import pytest

from datayield.analysis.findings import analyse
from datayield.analysis.results.curves import Baseline, Seeds
from datayield.report.figures.baselines import label_sides
from datayield.report.figures.curves import yield_figures
from datayield.report.figures.doublings import gain_figures
from datayield.report.figures.training import apart
from datayield.report.palette import styles
from datayield.spec.run.budget import Budget
from tests.analysed import styles_of
from tests.simulated import SIZES, flat, power_law, simulate


def test_the_mean_line_is_the_mean_in_percent() -> None:
    findings = analyse(simulate({"x": power_law()}, methods=("simclr",)))
    (figure,) = yield_figures(findings, styles_of(findings))
    line = next(t for t in figure.spec["data"] if t["mode"] == "lines+markers")
    (points,) = findings.main.values()
    assert line["x"] == list(SIZES)
    assert line["y"] == pytest.approx([100 * p.seeds.mean for p in points])
    low, high = figure.spec["layout"]["yaxis"]["range"]
    assert low < min(line["y"])
    assert high > max(line["y"])
    assert figure.spec["layout"]["xaxis"]["ticktext"] == ["250", "500", "1k", "2k", "4k", "8k"]


def test_a_law_is_drawn_only_where_it_is_decided() -> None:
    def dotted(truth: object) -> int:
        results = simulate({"x": truth}, methods=("simclr",), noise=lambda n: 0.005)  # type: ignore[dict-item]
        findings = analyse(results)
        data = yield_figures(findings, styles_of(findings))[0].spec["data"]
        return sum(t["line"].get("dash") == "dot" for t in data if "line" in t)

    assert (dotted(power_law()), dotted(flat())) == (1, 0)


def test_gains_stand_between_their_sizes_with_their_intervals() -> None:
    findings = analyse(simulate({"x": power_law()}))
    (figure,) = gain_figures(findings, styles_of(findings))
    for trace, line in zip(figure.spec["data"], findings.gains.values(), strict=True):
        for i, step in enumerate(line.steps):
            assert step.n < trace["x"][i] < step.to
            top = trace["y"][i] + trace["error_y"]["array"][i]
            assert top == pytest.approx(100 * step.per_doubling.high)


def test_curves_differ_in_colour_by_method_and_in_dash_by_budget() -> None:
    budgets = (Budget(unit="images", amount=20000), Budget(unit="epochs", amount=20))
    look = styles(list(analyse(simulate(budgets=budgets)).main))
    assert len({(s.colour, s.dash) for s in look.values()}) == len(look) == 4
    assert len({s.colour for s in look.values()}) == 2
    assert "dot" not in {s.dash for s in look.values()}
    alone = styles(list(analyse(simulate(budgets=budgets, methods=("vicreg",))).main))
    assert len({s.colour for s in alone.values()}) == 2


def test_close_baselines_are_named_at_opposite_ends() -> None:
    def base(value: float) -> Baseline:
        return Baseline("untrained", "x", "accuracy", str(value), Seeds(((0, value),), 100))

    def sides(*values: float) -> list[str]:
        return [side for _, side in label_sides([base(v) for v in values], 0.5)]

    assert sides(0.30, 0.31) == ["right", "left"]
    assert sides(0.30, 0.45) == ["right", "right"]


def test_labels_at_line_ends_are_movedapart() -> None:
    placed = apart([(10.0, "8k"), (10.2, "8k"), (10.3, "2k"), (20.0, "250")], gap=1.0)
    assert placed == [(10.0, "8k"), (11.0, "2k"), (20.0, "250")]
    assert all(math.isfinite(y) for y, _ in placed)
