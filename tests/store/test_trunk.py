"""States of a trunk are deleted once no run needs them, and never under another process."""

from pathlib import Path

import pytest

from datayield.run.loop.tensor_files import write_trunk_state
from datayield.spec.errors import BusyError
from datayield.store.folders import Store
from datayield.store.run_lock import run_lock
from datayield.store.trunk import forget
from tests.store.test_run_lock import _left
from tests.stored import archive, run_cost


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two runs of the trunk `t`, both finished, and a state that they have in common."""
    store = Store(tmp_path / "store")
    store.check_writable()
    for run in ("a", "b"):
        store.run(run).write_run_cost(run_cost())
    archive(store.trunk("t") / "8.pt")
    return store


def test_states_are_deleted_once_each_run_has_started(store: Store) -> None:
    (store.run("b").path / "spent.json").unlink()
    forget(store, "t", ("a", "b"))
    assert (store.trunk("t") / "8.pt").exists()
    archive(store.run("b").state)
    forget(store, "t", ("a", "b"))
    assert not store.trunk("t").exists()


def test_who_lost_its_run_deletes_nothing(store: Store) -> None:
    with run_lock(store.run("a").path) as lock:
        held = store.run("a")._replace(lock=lock)
        _left(held.path, host="elsewhere")
        with pytest.raises(BusyError):
            forget(store, "t", ("a", "b"), held)
    assert (store.trunk("t") / "8.pt").exists()


def test_nothing_is_deleted_while_another_process_works_on_a_run(store: Store) -> None:
    with run_lock(store.run("a").path) as lock:
        held = store.run("a")._replace(lock=lock)
        other = _left(store.run("b").path, host="elsewhere")
        forget(store, "t", ("a", "b"), held)
        assert (store.trunk("t") / "8.pt").exists()
        other.unlink()
        forget(store, "t", ("a", "b"), held)
        assert not store.trunk("t").exists()


def test_a_file_that_is_being_written_stays(store: Store) -> None:
    writing = store.trunk("t") / ".16.pt.part.tmp"
    writing.touch()
    forget(store, "t", ("a", "b"))
    assert list(store.trunk("t").iterdir()) == [writing]


def test_a_folder_removed_under_a_write_is_made_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = Path.replace, []

    def removed_once(path: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == 1:
            path.unlink()
            (store.trunk("t") / "8.pt").unlink()
            store.trunk("t").rmdir()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", removed_once)
    write_trunk_state(store.run("a"), store.trunk("t") / "16.pt", {"step": 16})
    assert len(calls) == 2
    assert (store.trunk("t") / "16.pt").exists()
