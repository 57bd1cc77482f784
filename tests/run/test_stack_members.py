"""Who is stacked with whom: the same before and after a kill."""

from pathlib import Path

import pytest

from datayield.run.stack_members import stack_members
from datayield.session import open_study
from datayield.store.folders import Store
from datayield.store.plan import Task
from tests.conftest import Call
from tests.stored import archive, trained

SIX = """
study: six
question: which places?
base:
  data: {dataset: digits, size: 16}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: mild, size: 16}
  method: {name: simclr, projector: [8, 8]}
  optim: {lr: 0.001}
  batch: 20
  budget: {images: 120}
axes: {data.count: [20, 40], seed: [0, 1, 2]}
evaluations:
  - {name: digit, protocol: knn@1, dataset: digits, label: digit, size: 16}
"""


class Stored:
    """The pending pretraining of a study of six runs of one shape."""

    def __init__(self) -> None:
        self.session = open_study("six.yaml")
        self.store: Store = self.session.store
        self.store.check_writable()
        self.ids = [task.spec.id for task in self.pending()]

    def pending(self) -> list[Task]:
        return [task for task in self.session.plan().todo if task.share_left > 0]

    def stacks(self, size: int) -> list[tuple[str, ...]]:
        found = stack_members(self.pending(), self.store, size)
        assert all(run in stack for run, stack in found.items())
        return list(dict.fromkeys(found.values()))

    def begin(self, run: str, stack: tuple[str, ...], step: int = 0) -> None:
        folder = self.store.run(run)
        folder.path.mkdir(exist_ok=True)
        archive(folder.state)
        folder.write_progress(step, 6, stack)


@pytest.fixture
def study(datayield: Call) -> Stored:
    Path("six.yaml").write_text(SIX)
    return Stored()


def test_new_runs_are_stacked_in_the_order_of_the_plan(study: Stored) -> None:
    ids = tuple(study.ids)
    assert study.stacks(4) == [ids[:4], ids[4:]]
    assert study.stacks(5) == [ids[:5]]  # the last is alone
    assert study.stacks(1) == []


def test_what_is_left_after_a_kill_is_stacked_as_before(study: Stored) -> None:
    ids = tuple(study.ids)
    study.begin(ids[1], ids[:4], step=3)  # the states of the others were not written yet
    assert sorted(study.stacks(4)) == sorted([ids[:4], ids[4:]])
    trained(study.store.run(ids[0]), 1.0)
    left = stack_members(study.pending(), study.store, 4)
    assert [left[run] for run in ids[1:4]] == 3 * [ids[:4]]
    assert [left[run] for run in ids[4:]] == 2 * [ids[4:]]


def test_a_run_that_began_alone_stays_alone_and_one_of_a_stack_in_it(study: Stored) -> None:
    ids = tuple(study.ids)
    study.begin(ids[0], (), step=2)
    study.begin(ids[1], ids[1:3], step=2)
    left = stack_members(study.pending(), study.store, 1)
    assert left == {ids[1]: ids[1:3], ids[2]: ids[1:3]}
