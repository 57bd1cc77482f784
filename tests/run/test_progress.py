"""Several tasks at once on a terminal of 80 columns."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from datayield.run.loop import Tick
from datayield.run.progress import Display
from datayield.session import open_study
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import Classes, RunSpec
from datayield.store.records import ResultRecord
from tests.conftest import Call


def test_a_line_for_each_running_task_and_one_for_all_fit_80_columns(
    datayield: Call,
) -> None:
    plan = open_study("tiny.yaml").plan()
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None, _environ={})
    display = Display(plan, console)
    first, second = (
        task._replace(label=f"{task.label} init=barlow_twins n=1000 [{task.label}]")
        for task in plan.todo[-2:]
    )
    display.start(first)
    display.start(second)
    display.show(first, Tick(10, 20, 1234567.0, 0.5, 1.0))
    display.close()
    assert display.live is not None
    paper = io.StringIO()
    Console(file=paper, width=80).print(display.live.get_renderable())
    lines = [line for line in paper.getvalue().splitlines() if line.strip()]
    assert len(lines) == 3, lines
    assert all(len(line.rstrip()) <= 80 for line in lines)
    assert lines[0].startswith("0 of 11 done, 2 running")
    assert "50%  1,234,567 img/s, data wait 50%" in lines[1]
    assert lines[1].startswith(first.label[:12])
    assert re.search(r"0%\s*$", lines[2])


def test_plain_lines_name_each_task_once_until_there_is_news(datayield: Call) -> None:
    plan = open_study("tiny.yaml").plan()
    screen = io.StringIO()
    display = Display(plan, Console(file=screen, width=80))
    display.start(plan.todo[0])
    display.start(plan.todo[-1])
    display.show(plan.todo[-1], Tick(10, 20, 10.0, 0.0, 1.0))
    said = screen.getvalue().splitlines()
    assert said == [f"[1/11] {plan.todo[0].label}  0%", f"[2/11] {plan.todo[-1].label}  0%"]


def test_the_time_left_is_first_the_estimate_then_what_was_measured(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("datayield.run.progress.time.monotonic", lambda: now)
    display = Display(open_study("tiny.yaml").plan(), Console(quiet=True), 1000.0)
    display.weights = dict.fromkeys(display.weights, 1.0)
    display.total = float(len(display.weights))
    assert display._left() == "17 min left"
    now = 4.0  # imports, before anything is done
    assert display._left() == "17 min left"
    for task in list(open_study("tiny.yaml").plan().todo)[:-1]:
        now += 10.0  # a run, instead of the 91 s that were expected
        display.finish(task)
    assert display._left().removesuffix(" left") == "18 s"  # 10 s by what was measured alone


def test_the_time_left_does_not_count_the_time_until_images_are_ready(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("datayield.run.progress.time.monotonic", lambda: now)
    plan = open_study("tiny.yaml").plan()
    display = Display(plan, Console(quiet=True))
    display.weights = dict.fromkeys(display.weights, 1.0)
    display.total = float(len(display.weights))
    now = 1200.0  # of choosing images
    for task in plan.todo[:-1]:
        display.start(task)
        now += 10.0
        display.finish(task)
    assert display._left() == "10 s left"


def test_runs_of_unknown_speed_weigh_what_they_compute(datayield: Call, tmp_path: Path) -> None:
    budgets = "axes:\n  budget: [{images: 640}, {images: 6400000}]\n"
    text = (tmp_path / "tiny.yaml").read_text().replace("axes:\n", budgets)
    (tmp_path / "two.yaml").write_text(text.replace("    budget:", "  budget:"))
    plan = open_study("two.yaml").plan()
    assert {task.estimate for task in plan.todo} == {None}
    display = Display(plan, Console(file=io.StringIO(), width=80))
    runs = [task for task in plan.todo if isinstance(task.spec, RunSpec)]
    for task in runs:
        if task.spec.images == 640:
            display.finish(task)
    ended = display._part()
    assert 0 < ended < 0.2  # half of the runs, few of their images
    for task in runs:
        display.finish(task)
    assert display._part() > 0.7


def test_a_note_that_several_tasks_bring_is_printed_once(datayield: Call) -> None:
    screen = io.StringIO()
    plan = open_study("tiny.yaml").plan()
    display = Display(plan, Console(file=screen, width=80))
    for task in plan.todo:
        display.show(task, "warning  no compiler")
    assert screen.getvalue() == "warning  no compiler\n"


def test_a_result_of_an_evaluation_of_some_classes_is_shown(datayield: Call) -> None:
    plan = open_study("tiny.yaml").plan()
    screen = io.StringIO()
    display, task = Display(plan, Console(file=screen, width=80)), plan.todo[0]
    display.start(task)
    some = Classes(some=(0, "b"))
    ev = EvalSpec(name="few", protocol="knn@1", dataset="digits", classes=some)
    record = ResultRecord(
        run=task.spec.id, share=0.0, eval_id=ev.id, eval=ev.model_dump(mode="json"),
        metrics={"accuracy": 0.5}, n_train=2, n_test=2, seconds=1.0, data_digests=(), versions={},
        finished=0.0,
    )  # fmt: skip
    display.show(task, record)
    assert task.label in screen.getvalue()
