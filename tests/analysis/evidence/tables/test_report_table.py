"""The table of a report gives the same evidence as the report itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from datayield.analysis.evidence.tables import Mapping, evidence_of_table
from datayield.analysis.evidence.tables.load import load_table
from datayield.analysis.evidence.tables.read_table import evidence_in
from datayield.analysis.evidence.tables.report_file import read_report
from datayield.analysis.evidence.tables.report_table import evidence_of_report
from datayield.analysis.levers import decide, evidence_of
from datayield.report.files import to_csv
from tests.planted import planted
from tests.simulated import simulate

AXES = {
    "data.count": [250, 500, 1000],
    "budget": [{"images": 25_600}, {"images": 51_200}, {"images": 102_400}],
    "seed": [0, 1, 2],
}


@pytest.mark.parametrize("more", [{}, {"encoder.width": [8, 16]}])
def test_a_report_and_its_table_say_the_same(tmp_path: Path, more: dict[str, list[int]]) -> None:
    results = planted(AXES | more, lambda run, _: 0.5 + 0.00001 * run.images**0.8)
    named = tuple(row._replace(encoder=f"convnet {row.axes_label}") for row in results.rows)
    results = replace(results, rows=named)
    to_csv(results, tmp_path / "table.csv")
    read = evidence_of_table(tmp_path / "table.csv").observations
    told = [o._replace(hours=None) for o in evidence_of(results).observations]
    assert sorted(read) == sorted(told)


def test_scores_before_the_end_and_other_metrics_are_no_runs(tmp_path: Path) -> None:
    to_csv(simulate(shares=(0.5, 1.0)), tmp_path / "table.csv")
    half = evidence_of_table(tmp_path / "table.csv").observations
    to_csv(simulate(shares=(1.0,)), tmp_path / "table.csv")
    assert len(half) == len(evidence_of_table(tmp_path / "table.csv").observations)


LADDER = """\
run,kind,method,encoder,dataset,n,budget,images,share,axes,seed,eval,protocol,group,metric,value,\
n_test,n_train,low,high,distinct,collapsed
"""


@pytest.mark.parametrize(
    ("names", "task"),
    [
        ({60: "digit, 60 labels", 1200: "digit, 1,200 labels"}, "digit labels"),
        ({60: "cifar10 60", 1200: "cifar10 1,200"}, "cifar10"),
        ({60: "5% of labels", 1200: "100% of labels"}, "of labels"),
        ({60: "pets60", 1200: "pets1200"}, "pets"),
    ],
)
def test_a_ladder_of_labels_has_the_name_that_is_common(
    tmp_path: Path, names: dict[int, str], task: str
) -> None:
    rows = [
        f"{n},run,simclr,convnet,digits,{n},1k images,1000,1.0,,0,"
        f'"{name}",linear@1,,accuracy,{0.5 + labels / 10_000},797,{labels},,,{n},'
        for n in (64, 250)
        for labels, name in names.items()
    ]
    (tmp_path / "t.csv").write_text(LADDER + "False\n".join(rows) + "False\n")
    read = evidence_of_table(tmp_path / "t.csv")
    assert {o.task for o in read.observations} == {task}
    assert {o.setting.labels for o in read.observations} == {60, 1200}


def test_evaluations_that_differ_in_labels_are_one_task(tmp_path: Path) -> None:
    rows = [
        f"{seed}{n},run,simclr,convnet,digits,{n},1k images,1000,1.0,,{seed},"
        f'"digit, {labels} labels",linear@1,,{metric},{0.5 + labels / 1000},797,{labels},,,{n},'
        for n in (64, 250)
        for seed in (0, 1)
        for labels in (60, 120, 240)
        for metric in ("accuracy", "accuracy_best_on_test")
    ]
    (tmp_path / "t.csv").write_text(LADDER + "False\n".join(rows) + "False\n")
    read = evidence_of_table(tmp_path / "t.csv")
    assert len(read.observations) == 12
    assert {o.task for o in read.observations} == {"digit labels"}
    assert {o.setting.labels for o in read.observations} == {60, 120, 240}
    assert decide(read).recommendation.likely == "labels"
    only = evidence_of_table(tmp_path / "t.csv", Mapping(where=("n_train=60",)))
    assert {o.setting.labels for o in only.observations} == {None}


def test_a_report_is_read_row_by_row_as_any_table_is(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    to_csv(simulate(shares=(0.5, 1.0)), path)
    kept = read_report(path)
    assert kept is not None
    assert len(kept.rows) < len(load_table(path).rows)
    assert evidence_of_report(kept) == evidence_in(load_table(path), Mapping())


@pytest.mark.parametrize(
    "changed", ["#", '"open', "a,b\n", LADDER.partition("\n")[0] + "\n"], ids=repr
)
def test_a_report_that_somebody_changed_is_left_to_the_reader_of_any_table(
    tmp_path: Path, changed: str
) -> None:
    path = tmp_path / "table.csv"
    to_csv(simulate(), path)
    assert read_report(path) is not None
    path.write_text(path.read_text() + changed)
    assert read_report(path) is None
    path.write_text("images,accuracy\n100,0.5\n")
    assert read_report(path) is None
    assert read_report(tmp_path / "absent.csv") is None
