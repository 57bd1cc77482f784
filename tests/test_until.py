"""Running a study until it is decided what to buy: planted scores stand for trained models."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from rich.console import Console

from datayield.execution import Execution
from datayield.session import Session, open_study
from datayield.spec.run import RunSpec
from datayield.store.plan import Plan
from datayield.store.planned_time import PlannedTime
from datayield.until import run_until_decided
from tests.analysis.levers.made import Truth, compute_helps, images_help, nothing_helps
from tests.conftest import TINY, Call
from tests.stored import result, trained

GRID = (
    (
        TINY[: TINY.index("axes:")]
        + """
axes:
  data.count: [250, 500, 1000]
  budget: [{images: 25000}, {images: 50000}, {images: 100000}]
  seed: [0, 1, 2, 3]
evaluations:
  - {name: count, protocol: linear@1, dataset: "sprites?n=1000&n_test=600", label: count}
"""
    )
    .replace("n=300", "n=1000")
    .replace("{projector: [32, 16]}", "{name: simclr, projector: [32, 16]}")
)


class Outcome(NamedTuple):
    failed: tuple[tuple[str, str], ...] = ()
    stopped: bool = False


class PlantedSession:
    """A session whose runs take no time: their errors follow a law, with noise."""

    def __init__(self, session: Session, truth: Truth, noise: float) -> None:
        self.session, self.truth, self.noise = session, truth, noise
        self.cells, self.ran = session.cells, list[RunSpec]()

    def plan(self, keep: bool = False) -> Plan:
        return self.session.plan(keep=keep)

    def time(self, plan: Plan, jobs: int | None) -> PlannedTime:
        return self.session.time(plan, jobs)

    def answer(self, plan: Plan) -> object:
        return self.session.answer(plan)

    def run(self, plan: Plan, *_: object) -> Outcome:
        for task in plan.tasks:
            folder, spec = self.session.store.run(task.spec.id), task.spec
            score = 0.3
            if isinstance(spec, RunSpec):
                rng = np.random.default_rng(int(spec.id, 16) % 2**32)
                score = 1 - self.truth(spec.data.count or 0, spec.images)
                score += rng.normal(0, self.noise)
                self.ran.append(spec)
            trained(folder, *task.shares)
            for share, ev in task.evals:
                made = result(spec.id, share, ev.id, accuracy=score)
                folder.write_result(made.model_copy(update={"n_test": 4000}))
        return Outcome()


@pytest.fixture
def opened(tmp_path: Path, datayield: Call) -> Session:
    (tmp_path / "grid.yaml").write_text(GRID)
    return open_study("grid.yaml")


def looks(session: PlantedSession, minutes: float = 60.0) -> list[tuple[str, int]]:
    made = run_until_decided(session, Console(quiet=True), minutes, 60.0, Execution())  # type: ignore[arg-type]
    return [(each.answer.recommendation.lever, each.pending) for each in made]


@pytest.mark.parametrize(
    ("truth", "lever"),
    [(images_help, "images"), (compute_helps, "compute"), (nothing_helps, "stop")],
)
def test_it_stops_once_it_is_decided(opened: Session, truth: Truth, lever: str) -> None:
    session = PlantedSession(opened, truth, noise=0.002)
    seen = looks(session)
    assert seen[-1][0] == lever
    assert seen[-1][1] > 0  # without the whole study
    assert {spec.seed for spec in session.ran[:9]} == {0}


def test_noise_makes_it_add_runs_until_none_is_left_or_it_is_clear(opened: Session) -> None:
    session = PlantedSession(opened, nothing_helps, noise=0.03)
    seen = looks(session)
    pending = [left for _, left in seen]
    assert pending == sorted(pending, reverse=True)
    assert len(seen) > 2
    assert len({spec.id for spec in session.ran}) == len(session.ran)
    assert seen[-1][0] in ("stop", "inconclusive")


def test_a_second_call_looks_before_it_picks_runs(opened: Session) -> None:
    session = PlantedSession(opened, nothing_helps, noise=0.03)
    looks(session, minutes=0.0)  # one baseline, then out of time
    while not all(spec.seed > 0 for spec in session.ran[-1:]):
        looks(session, minutes=0.0)
    first = [spec for spec in session.ran if spec.seed == 0]
    assert len(first) == 9
    assert len({spec.id for spec in session.ran}) == len(session.ran)


def test_what_is_decided_already_runs_nothing(opened: Session) -> None:
    session = PlantedSession(opened, images_help, noise=0.002)
    first = looks(session)
    ran = len(session.ran)
    assert looks(session) == first[-1:]
    assert len(session.ran) == ran


def test_nothing_is_decided_before_one_seed_of_every_setting(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datayield.until._fitting", lambda tasks, room: tasks[:7])
    session = PlantedSession(opened, images_help, 0.0)
    console = Console(quiet=True)
    told = []
    for look in run_until_decided(session, console, 60.0, 60.0, Execution()):  # type: ignore[arg-type]
        seeds = {(run.data.count, run.images) for run in session.ran if run.seed == 0}
        told.append((look.decided, len(seeds)))
    assert len(told) > 1
    assert all(not decided for decided, seeds in told if seeds < 9)
    assert told[-1] == (True, 9)


def test_no_time_means_one_batch(opened: Session) -> None:
    session = PlantedSession(opened, nothing_helps, noise=0.03)
    assert len(looks(session, minutes=0.0)) == 1


def test_an_unknown_condition_is_refused(datayield: Call) -> None:
    done = datayield("run", "tiny.yaml", "--until", "bored")
    assert done.code == 2
    assert "--until" in done.err
    done = datayield("run", "tiny.yaml", "--minutes", "5")
    assert done.code == 2
    assert "add --until decided" in done.err
    assert "decided" in done.err
