"""A look at results counts once for each set of finished work."""

from pathlib import Path

from datayield.session import open_study
from datayield.spec.run import BaselineSpec, RunSpec
from datayield.store.looks import NAME, counted_look
from tests.conftest import TINY, Call
from tests.stored import result, trained


def test_each_set_of_finished_work_counts_once(tmp_path: Path, datayield: Call) -> None:
    Path("tiny.yaml").write_text(TINY)
    session = open_study("tiny.yaml")
    folder = session.page.parent
    assert counted_look(folder, session.plan()) == 0
    assert not (folder / NAME).exists()
    tasks = session.plan().tasks
    baselines = [task for task in tasks if isinstance(task.spec, BaselineSpec)]
    runs = [task for task in tasks if isinstance(task.spec, RunSpec)]
    order = [(0, baselines[0]), (1, runs[0]), (2, runs[1])]  # baselines alone compare nothing
    for many, task in order:
        trained(session.store.run(task.spec.id), *task.shares)
        for share, ev in task.evals:
            session.store.run(task.spec.id).write_result(
                result(task.spec.id, share, ev.id, accuracy=0.5)
            )
        plan = session.plan()
        assert [counted_look(folder, plan) for _ in (0, 1)] == [many, many]
    (folder / NAME).write_text("[]")
    assert counted_look(folder, session.plan()) == 1
