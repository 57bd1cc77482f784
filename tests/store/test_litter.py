"""What killed commands left is swept; what live ones use is not."""

import os
from pathlib import Path

from datayield.spec.atomic_files import part_name
from datayield.store.folders import Store
from datayield.store.litter import sweep_litter
from datayield.store.run_lock import run_lock
from tests.store.test_run_lock import _dead_pid, _left
from tests.stored import archive, trained


def test_litter_of_a_store_is_swept_and_the_rest_is_kept(tmp_path: Path) -> None:
    store, cache = Store(tmp_path / "store"), tmp_path / "cache"
    dead, live = store.run("dead"), store.run("live")
    for folder in (dead, live):
        trained(folder, 1.0)
    kept = {path for path in tmp_path.rglob("*") if path.is_file()}
    here = f"-{os.getpid()}-"
    for place in (
        store.root,
        dead.path / "evals",
        store.trunk("t"),
        store.study("s") / "figures",
        cache / "x",
    ):
        place.mkdir(parents=True, exist_ok=True)
        (place / f".a.json.{part_name().replace(here, f'-{_dead_pid()}-')}.tmp").touch()
    for folder in (dead, live):
        archive(folder.state)
        folder.write_progress(1, 2)
    _left(dead.path, pid=_dead_pid())
    with run_lock(live.path):
        mine = live.path / f".a.json.{part_name()}.tmp"
        mine.touch()
        sweep_litter(store, cache)
        used = {mine, live.state, live.path / "progress.json", live.path / "lock.json"}
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == kept | used
    sweep_litter(Store(tmp_path / "absent"), cache)
