"""What killed commands left in a store and a cache: removed by the next command that writes."""

import os
from contextlib import suppress
from pathlib import Path

from datayield.spec.atomic_files import sweep
from datayield.store.folders import STATE_FILES, RunFolder, Store
from datayield.store.run_lock import LOCK_FILE, release_dead


def sweep_litter(store: Store, cache: Path) -> None:
    """Remove incomplete files and folders, locks of dead processes, states of finished runs.

    What another process may still be writing is left alone, for a day at most.
    """
    for run in _inside(store.root / "runs"):
        names = sweep(run)
        for each in names & {"checkpoints", "evals"}:
            sweep(f"{run}/{each}")
        if LOCK_FILE in names:
            release_dead(Path(run))
        if not names.isdisjoint(STATE_FILES):
            RunFolder(Path(run)).drop_state_of_finished(names)
    for pattern in ("jobs", "trunks/*", "studies/*", "studies/*/figures"):
        for folder in store.root.glob(pattern):
            sweep(folder)
    for folder in (store.root, *cache.glob("*"), *cache.glob("*/stamps")):
        sweep(folder)
    with suppress(OSError):  # there is none, or another command uses it
        (store.root / "jobs").rmdir()


def _inside(folder: Path) -> list[str]:
    """Paths of all that is in a folder; none where it is missing. As text: runs are many."""
    try:
        return [each.path for each in os.scandir(folder)]
    except OSError:
        return []
