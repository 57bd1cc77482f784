"""Ladders of labels, main metrics, and whether a course falls: on planted truths."""

import numpy as np
import pytest

from datayield.analysis.decision.labels import label_tables
from datayield.analysis.decision.overfitting import peaks
from datayield.analysis.findings import analyse
from datayield.analysis.label_ladders import label_ladders
from datayield.analysis.model import LayoutCell, NoiseModel
from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row
from datayield.analysis.text.answer import answer
from datayield.analysis.text.labels import label_sentences
from datayield.report.figures.labels import label_figures
from datayield.report.page.tables import label_table
from datayield.spec.run.budget import Budget
from tests.analysed import styles_of
from tests.simulated import study, with_milestones

COUNTS = (50, 200)
BUDGET = Budget(unit="epochs", amount=8)
ARMS = ("1k", "1k + scenes")


def chains(seeds: int = 2) -> StudyResults:
    """Segmentation by two chains of stages: mIoU 0.2 + 0.1 a stage + 0.1 a doubling of masks."""
    evals = [
        {"name": f"roads {n}", "protocol": "segment@1", "dataset": "x", "train_count": n}
        for n in COUNTS
    ]
    spec = study([], [], [], axes={"run": ["1k", "1k + scenes"]}, evaluations=evals)
    rows = []
    for seed in range(seeds):
        for step, n in enumerate(COUNTS):
            for stage, arm in enumerate(("", *ARMS)):
                value = 0.2 + 0.1 * stage + 0.2 * step + 0.004 * seed + 0.002 * (seed == stage)
                kind = "run" if stage else "untrained"
                cell = ("simmim" if stage else "", "viny", "a", 1000, BUDGET, 8000, 1.0)
                axes = (("run", arm),) if stage else ()
                row = Row(
                    f"{arm}-{seed}", kind, *cell, axes, seed, f"roads {n}", "segment@1", "", "miou",
                    value, 100, n, value - 0.0196, value + 0.0196,
                )  # fmt: skip
                rows += [row, row._replace(metric="accuracy", value=0.9)]
    return StudyResults(spec, tuple(rows), ())


def test_curves_and_baselines_are_of_the_main_metric() -> None:
    keys = list(chains().main.curves)
    assert {key.metric for key in keys} == {"miou"}
    assert keys[0].place == "roads 50 (segment@1, mIoU)"
    assert {b.metric for b in chains().main.baselines} == {"miou"}


def test_one_seed_has_the_interval_of_its_evaluation() -> None:
    """Standard error 0.01 on both sides, and not the binomial one of 100 images."""
    (line, *_) = (line for key, line in chains(1).main.curves.items() if key.axes_label == ARMS[0])
    (bare, _) = chains(1).main.baselines
    cells = [LayoutCell(each, each.seeds, each, each, 0) for each in (bare, line[0])]
    gain = NoiseModel(cells).contrast({line[0]: 1, bare: -1})
    assert gain.covers == "test images only"
    assert gain.high - gain.mean == pytest.approx(1.96 * 0.01 * 2**0.5, rel=1e-3)


def test_evaluations_that_differ_in_labels_alone_are_one_ladder() -> None:
    assert label_ladders(chains().study) == [("roads 50", "roads 200")]
    (table,) = label_tables(chains())
    assert (table.name, table.labels) == ("roads", COUNTS)
    assert [start.name for start in table.starts] == ["untrained viny", *ARMS]
    row = label_table(table)["rows"][2]
    assert row["cells"][0]["mean"] == "40.2 ± 0.2"
    assert row["cells"][0]["over"].startswith("+19.9 (")
    assert row["cells"][0]["chip"] == "beats"
    assert row["gain"]["mean"] == "+20.0"
    findings = analyse(chains())
    (figure,) = label_figures(findings, styles_of(findings))
    assert figure.spec["layout"]["yaxis"]["title"]["text"] == "mIoU, %"


def test_starts_of_two_methods_are_told_apart() -> None:
    both = chains()
    byol = tuple(
        row._replace(method="byol", run=f"b{row.run}") for row in both.rows if row.kind == "run"
    )
    (table,) = label_tables(StudyResults(both.study, both.rows + byol, ()))
    names = {start.name for start in table.starts}
    assert names - {"untrained viny"} == {f"{arm}, {x}" for arm in ARMS for x in ("SimMIM", "BYOL")}


def test_the_answer_speaks_of_labels_where_there_is_one_size() -> None:
    texts = [h.text for h in answer(analyse(chains()))]
    assert texts == [h.text for h in label_sentences(label_tables(chains())[0], most=0.01)]
    assert "more labels help for all 3 starting points" in texts[0]
    assert texts[1].startswith("roads (segment@1, mIoU), 50 labelled images")


def course(values: list[float], noise: float, seeds: int = 3, rng: int = 0) -> StudyResults:
    draw = np.random.default_rng(rng)
    made = [[v + draw.normal(0, noise) for v in values] for _ in range(seeds)]
    return with_milestones({"category": {"accuracy": made}}, (0.25, 0.5, 0.75, 1.0))


def test_a_fall_is_found_and_a_rise_is_not_one() -> None:
    (falls,) = peaks(course([0.4, 0.6, 0.5, 0.45], 0.005).main.trajectories)
    assert (falls.course, falls.at) == ("peaks and falls", 0.5)
    assert falls.fall is not None
    assert falls.fall.mean == pytest.approx(0.15, abs=0.015)
    (rises,) = peaks(course([0.3, 0.4, 0.5, 0.6], 0.005).main.trajectories)
    assert (rises.course, rises.fall) == ("highest at the end", None)
    (single,) = peaks(course([0.4, 0.6, 0.5, 0.45], 0.005, seeds=1).main.trajectories)
    assert single.course == "inconclusive"


def test_a_level_course_falls_no_more_often_than_its_level_allows() -> None:
    """The highest of four milestones is above the last in three of four; the answer is not."""
    cell_peaks = [peaks(course([0.5] * 4, 0.01, rng=i).main.trajectories)[0] for i in range(200)]
    assert sum(peak.course == "peaks and falls" for peak in cell_peaks) <= 12  # 2.5% and its chance
    falls = [peak.fall.mean for peak in cell_peaks if peak.fall]
    assert abs(float(np.mean(falls))) < 0.003


def test_a_ladder_of_shares_holds_all_labels_too_however_often_they_are_drawn() -> None:
    kind = {"protocol": "linear@1", "dataset": "x"}
    evals = [
        {"name": "5%", **kind, "label_fraction": 0.05, "draws": 3},
        {"name": "50%", **kind, "label_fraction": 0.5, "draws": 1},
        {"name": "all", **kind},
        {"name": "wide", **kind, "size": 64},
    ]
    spec = study([], [], [], axes={"run": ["1k"]}, evaluations=evals)
    assert label_ladders(spec) == [("5%", "50%", "all")]
