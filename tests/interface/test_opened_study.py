"""A study in Python: what it returns is what the command line prints, and errors are raised."""

import doctest
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datayield import study
from datayield.analysis.results.collect import collect
from datayield.interface import OpenedStudy, opened_study
from datayield.interface.frames import columns_of
from datayield.run.scheduler import StudyOutcome
from datayield.session import Session
from datayield.spec.errors import ConfigError, DatayieldError, FailedRunsError
from tests.cli.test_answer_study import GRID, plant
from tests.conftest import Call
from tests.interface.test_mapping import MINE
from tests.stored import result, trained


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a study and a store whose runs are planted: compute helps."""
    path = tmp_path_factory.mktemp("grid")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        patch.setenv("DATAYIELD_STORE", str(path / "store"))
        (path / "grid.yaml").write_text(GRID)
        plant(2)
        yield path


@pytest.fixture(scope="module")
def grid(folder: Path) -> OpenedStudy:
    """That study, opened."""
    return study(folder / "grid.yaml", store=folder / "store")


def test_what_it_returns_is_what_the_commands_print(
    grid: OpenedStudy, folder: Path, datayield: Call
) -> None:
    of = str(folder / "grid.yaml"), "--store", str(folder / "store")
    answer = grid.answer()
    assert answer.to_dict() == json.loads(datayield("answer", *of, "--json").out)
    choice = answer.to_dict()["recommendation"]
    assert (answer.lever, answer.reason) == (choice["lever"], choice["reason"])
    assert answer.probability == pytest.approx(choice["probability"], abs=1e-4)
    assert answer.decided == (answer.lever != "inconclusive")
    assert "train longer" in answer.advice
    assert repr(answer).splitlines()[0] == f"{answer.advice}."
    printed = datayield("answer", *of).out
    assert sorted(repr(answer).split()) == sorted(printed.split())  # lines may be of other widths
    status = grid.status()
    assert status.to_dict() == json.loads(datayield("status", *of, "--json").out)
    assert (status.complete, set(status.states)) == (True, {"done"})
    assert "done" in repr(status)
    plan = grid.plan()
    told = json.loads(datayield("plan", *of, "--json").out)
    assert plan.to_dict() | {"measured": None} == told
    assert (plan.pending, plan.refusals) == ([], ())


def test_a_notebook_gets_the_card_in_html(grid: OpenedStudy) -> None:
    card = grid.answer(prices={"image": 0.02, "currency": "USD"})._repr_html_()
    assert card is not None
    assert "train longer." in card
    assert "USD" in card
    assert card.count("<table") == card.count("</table>")


def test_prices_and_the_point_are_those_asked_for(grid: OpenedStudy) -> None:
    answer = grid.answer(at={"images": 120, "epochs": 10}, prices={"image": 0.5})
    assert answer.cards[0].at[:2] == (120, 1200.0)
    assert {x.lever: x.cost for x in answer.levers}["images"] == pytest.approx(60)
    with pytest.raises(ConfigError, match="did you mean 'images'"):
        grid.answer(at={"image": 3})
    with pytest.raises(ConfigError, match="invalid number"):
        grid.answer(prices={"image": float("nan")})
    with pytest.raises(ConfigError, match="where:   spend"):
        grid.answer(spend=-1)


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_results_are_a_frame(grid: OpenedStudy, kind: Any) -> None:
    frame: Any = grid.results(kind)
    columns = {str(c): [*frame[c]] for c in getattr(frame, "column_names", frame.columns)}
    if kind == "arrow":
        columns = {name: frame[name].to_pylist() for name in columns}
    assert {"run", "method", "n", "images", "seed", "value", "eval"} < columns.keys()
    values = np.array(columns["value"])
    runs = np.array(columns["kind"]) == "run"
    expected = 0.4 + 0.04 * (np.array(columns["images"]) / 640) ** 0.8
    expected += 0.001 * np.array(columns["seed"])
    assert runs.sum() == 18
    assert values[runs] == pytest.approx(expected[runs])


def test_an_axis_is_a_column(datayield: Call) -> None:
    of = study(MINE | {"axes": MINE["axes"] | {"optim.lr": [0.001, 0.002]}})
    session = of.session
    for task in session.plan().tasks:
        folder = session.store.run(task.spec.id)
        trained(folder, *task.shares)
        for share, ev in task.evals:
            folder.write_result(result(task.spec.id, share, ev.id, accuracy=0.5))
    rows = collect(session.study, session.cells, session.plan(), session.store).rows
    columns = columns_of(rows)
    assert {len(cells) for cells in columns.values()} == {len(rows)}
    assert set(columns["optim.lr"]) == {None, "0.001", "0.002"}  # None: of baselines
    assert "axes" not in columns


def test_a_missing_library_is_said(grid: OpenedStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ConfigError, match="polars is not installed") as told:
        grid.results("polars")
    assert "pip install polars" in str(told.value)
    with pytest.raises(ConfigError, match="did you mean 'pandas'"):
        grid.results("pandsa")  # type: ignore[arg-type]


def test_nothing_finished_is_said(datayield: Call) -> None:
    of = study(MINE)
    for ask in (of.answer, of.results, of.report):
        with pytest.raises(ConfigError, match="no run of this study is finished"):
            ask()
    with pytest.raises(ConfigError, match="--jobs"):
        of.run(jobs=0)
    with pytest.raises(ConfigError, match="--minutes"):
        of.run(minutes=3)
    with pytest.raises(ConfigError, match="--save-every"):
        of.run(save_every=-1)


def test_a_plan_says_what_run_would_refuse(datayield: Call) -> None:
    of = study(MINE, set={"base.data.dataset": "./nothing"})
    plan = of.plan()
    assert plan.refusals
    assert "run would refuse" in repr(plan)
    assert "It cannot run" in (plan._repr_html_() or "")
    with pytest.raises(DatayieldError, match=r"'.*nothing' not found"):
        of.run()


@pytest.mark.parametrize(
    ("outcome", "raised"),
    [
        (StudyOutcome(0, (("a run", "out of memory"),), (), False), FailedRunsError),
        (StudyOutcome(0, (), (), True), KeyboardInterrupt),
    ],
    ids=["failed", "stopped"],
)
def test_a_run_that_fails_or_is_stopped_raises(
    outcome: StudyOutcome,
    raised: type[BaseException],
    datayield: Call,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = study(MINE)
    monkeypatch.setattr(Session, "run", lambda *_: outcome)
    with pytest.raises(raised, match=r"a run: out of memory|the same call resumes"):
        of.run()


def test_under_torchrun_it_is_refused(datayield: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ConfigError, match="torchrun"):
        study(MINE).run()


def test_a_study_runs_and_leaves_an_encoder(datayield: Call) -> None:
    of = study(MINE, set={"axes.data.count": [60]})
    status = of.run(jobs=1)
    assert (status.complete, status.states) == (True, {"done": 3})
    assert of.run().complete  # nothing to do
    assert of.load_encoder(run=of.session.cells[0].run.id).features == 32


def test_the_example_in_its_docstring(datayield: Call) -> None:
    assert doctest.testmod(opened_study) == (0, 2)
