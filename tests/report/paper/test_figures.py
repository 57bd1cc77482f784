"""Sheets for a paper hold the same numbers as the page's figures."""

from dataclasses import replace

import pytest

from datayield.analysis.claims import Panel, PublishedComparison, Series
from datayield.analysis.findings import Findings, analyse
from datayield.report.figures import looks
from datayield.report.paper.pareto import frontier_sheet
from datayield.report.paper.published import published_sheet
from datayield.spec.claims.reference import Published
from tests.analysed import styles_of
from tests.analysis.claims.test_published import number
from tests.analysis.cost.test_comparison import SEEDS, SIZES, by_images
from tests.planted import planted


def _findings(*reference: Published) -> Findings:
    axes = {"data.count": SIZES, "budget": [{"epochs": 20}, {"images": 32000}], "seed": SEEDS}
    return analyse(replace(planted(axes, by_images, (0.25, 1.0)), reference=reference))


def test_the_frontier_is_drawn_through_its_best_spots() -> None:
    findings = _findings()
    sheet = frontier_sheet(findings, styles_of(findings))
    assert sheet is not None
    assert len(sheet.axes) == len(findings.frontiers) > 0
    for ax, front in zip(sheet.axes, findings.frontiers, strict=True):
        line = next(line for line in ax.lines if line.get_label() == "frontier")
        best = sorted((s.cost, 100 * s.error) for s in front.spots if s.best)
        assert list(line.get_xdata())[:-1] == pytest.approx([x for x, _ in best])
        assert list(line.get_ydata())[:-1] == pytest.approx([y for _, y in best])
        others = [line for line in ax.lines if line.get_label() != "frontier"]
        assert sum(len(line.get_xdata()) for line in others) == len(front.spots)


def test_theirs_stands_beside_ours_and_nothing_where_there_is_none() -> None:
    assert published_sheet(_findings()) is None
    rows = (number(100, 20.0), number(1000, 40.0))
    sheet = published_sheet(_findings(*rows))
    assert sheet is not None
    theirs, ours = sheet.axes
    assert list(theirs.lines[0].get_ydata()) == [20.0, 40.0]
    assert [list(line.get_xdata()) for line in ours.lines] == [SIZES] * len(ours.lines)
    titles = ["".join(ax.get_title(loc=at) for at in ("left", "center")) for ax in (theirs, ours)]
    assert titles == ["Published: Table 1, category", "Ours: category"]


def _both(theirs: list[tuple[str, str]], ours: list[tuple[str, str]] | None) -> PublishedComparison:
    """Curves by name and method."""
    panels = [
        Panel("a", tuple(Series(name, method, "", ()) for name, method in curves))
        for curves in (theirs, ours or [])
    ]
    return PublishedComparison(
        "Table 1", "n", "accuracy", panels[0], panels[1] if ours else None, False, False
    )


def test_names_of_one_legend_do_not_share_a_style() -> None:
    """Unless they are of one method, and methods tell the curves of every panel apart."""
    arms = [("SimCLR, R50", "simclr"), ("SimCLR, ViT", "simclr")]
    look = looks([_both(arms, [("SimCLR, ours", "simclr")]), _both([("BYOL", "byol")], None)])
    assert len(set(look.values())) == len(look) == 4
    by_method = looks([_both([("SimCLR", "simclr"), ("BYOL", "byol")], [("ours", "byol")])])
    assert by_method["ours"] == by_method["BYOL"] != by_method["SimCLR"]


def test_curves_that_correspond_look_alike() -> None:
    """The fewest images of a method there and here, and so on, if both have as many curves."""
    theirs = [(f"{m}, N={n}", m) for m in ("simclr", "moco_v3") for n in ("10k", "100k")]
    ours = [(f"{m}, N = {n}", m) for m in ("moco_v3", "simclr") for n in (32, 320)]
    look = looks([_both(theirs, ours)])
    assert len({*look.values()}) == 4
    for method in ("simclr", "moco_v3"):
        assert look[f"{method}, N=10k"] == look[f"{method}, N = 32"]
        assert look[f"{method}, N=100k"] == look[f"{method}, N = 320"]
    assert len({*looks([_both(theirs, ours[:3])]).values()}) == 7


def test_many_lines_are_named_by_their_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = _findings()
    monkeypatch.setattr("datayield.report.paper.pareto.MOST_NAMES", 1)
    sheet = frontier_sheet(findings, styles_of(findings))
    assert sheet is not None
    names = {text.get_text() for text in sheet.legends[0].get_texts()}
    lines = {spot.line for front in findings.frontiers for spot in front.spots}
    assert names == {line.key.name for line in lines} | {"frontier"}
    assert len(names) < len(lines)
