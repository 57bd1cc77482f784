"""The runs of a pack in another store: trained no more, written over nowhere, looks counted."""

from pathlib import Path
from typing import NamedTuple

import pytest

from datayield.pack import Taken, make_pack, opened, take_runs
from datayield.session import Session, open_study
from datayield.spec.errors import BusyError, PackError
from datayield.spec.run import RunSpec
from datayield.store.folders import Store
from datayield.store.plan import Task
from datayield.store.run_lock import run_lock
from tests.conftest import Call
from tests.pack.packed import changed, opened_study, store_results
from tests.stored import result, run_cost


class Elsewhere(NamedTuple):
    """A study whose results are in a pack, and an empty store for it."""

    pack: Path
    session: Session


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    session = opened_study(tmp_path)
    store_results(session)
    pack = make_pack(session, tmp_path / "small.zip").path
    return Elsewhere(pack, open_study(str(session.source), store=tmp_path / "other"))


def taken(pack: Path, store: Store) -> Taken:
    with opened(pack) as (_, packed):
        return take_runs(pack, packed, store)


def a_run(session: Session) -> Task:
    return next(task for task in session.plan().tasks if isinstance(task.spec, RunSpec))


def test_the_study_is_finished_and_its_tables_are_those_of_the_first_store(
    elsewhere: Elsewhere, tmp_path: Path, datayield: Call
) -> None:
    pack, session = elsewhere
    tasks = len(session.plan().tasks)
    assert len(session.plan().todo) == tasks
    assert taken(pack, session.store) == (tasks, 0, ())
    assert session.plan().todo == []
    assert taken(pack, session.store) == (0, tasks, ())
    again = make_pack(session, tmp_path / "again.zip").path
    assert again.read_bytes() == pack.read_bytes()  # looks are among what is packed


def test_only_what_a_longer_study_adds_is_pending(elsewhere: Elsewhere) -> None:
    pack, session = elsewhere
    taken(pack, session.store)
    longer = open_study(
        str(session.source), store=session.store.root, overrides={"axes.seed": [0, 1, 2]}
    )
    seeds = {task.spec.seed for task in longer.plan().todo}
    assert seeds == {2}


def test_a_run_with_other_weights_is_kept(elsewhere: Elsewhere) -> None:
    pack, session = elsewhere
    task = a_run(session)
    folder = session.store.run(task.spec.id)
    folder.write_run_cost(run_cost(weights="others"))
    share, ev = task.evals[0]
    folder.write_result(result(task.spec.id, share, ev.id, accuracy=0.123))
    before = {each: each.read_bytes() for each in folder.path.rglob("*.json")}
    assert taken(pack, session.store).kept == (task.label,)
    assert {each: each.read_bytes() for each in folder.path.rglob("*.json")} == before


def test_a_run_with_the_same_weights_gets_the_evaluations_that_it_lacks(
    elsewhere: Elsewhere,
) -> None:
    pack, session = elsewhere
    task = a_run(session)
    session.store.run(task.spec.id).write_run_cost(run_cost(seconds=77.0))
    assert a_run(session).state != "done"
    done = taken(pack, session.store)
    assert (done.there, done.kept) == (0, ())
    folder = session.store.run(task.spec.id)
    cost = folder.run_cost()
    assert cost is not None
    assert cost.seconds == 77.0  # what this store measured stays
    assert all(folder.has_result(share, ev.id) for share, ev in task.evals)


def test_a_run_that_is_being_trained_is_left(elsewhere: Elsewhere) -> None:
    pack, session = elsewhere
    session.store.check_writable()
    folder = session.store.run(a_run(session).spec.id)
    with run_lock(folder.path), pytest.raises(BusyError, match="another process"):
        taken(pack, session.store)
    assert not folder.has_run_cost()
    taken(pack, session.store)
    assert folder.has_run_cost()


def test_nothing_is_taken_of_a_pack_with_a_changed_record(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    pack, session = elsewhere

    def raise_a_score(files: dict[str, bytes]) -> None:
        name = next(name for name in files if "/evals/" in name and name.endswith(".json"))
        files[name] = files[name].replace(b'"accuracy": 0.', b'"accuracy": 0.9')

    forged = changed(pack, tmp_path / "forged.zip", raise_a_score)
    with pytest.raises(PackError, match="damaged") as raised:
        taken(forged, session.store)
    assert "datayield verify forged.zip" in str(raised.value.hint)
    assert not session.store.root.exists()


def test_looks_elsewhere_count_once(elsewhere: Elsewhere, tmp_path: Path) -> None:
    pack, session = elsewhere
    first = opened_study(tmp_path)
    plan = first.plan()
    looks = first.context(plan).looks
    taken(pack, session.store)
    taken(pack, session.store)
    assert session.context(session.plan()).looks == looks
    share, ev = a_run(session).evals[0]
    session.store.run(a_run(session).spec.id).result(share, ev.id).unlink()
    assert session.context(session.plan()).looks == looks + 1


def test_the_command_says_what_it_took(elsewhere: Elsewhere, datayield: Call) -> None:
    pack, session = elsewhere
    done = datayield("unpack", str(pack), "--store", str(session.store.root))
    tasks = len(session.plan().tasks)
    assert f"small: {tasks} runs and baselines added to" in done.out
    done = datayield("unpack", str(pack), "--store", str(session.store.root))
    assert f"{tasks} runs and baselines already there" in done.out
