"""What killed commands left in a store and a cache: removed by the next command that writes."""

from contextlib import suppress
from pathlib import Path

from datayield.spec.atomic_files import sweep
from datayield.store.folders import RunFolder, Store
from datayield.store.run_lock import LOCK_FILE, release_dead


def sweep_litter(store: Store, cache: Path) -> None:
    """Remove incomplete files and folders, locks of dead processes, states of finished runs.

    What another process may still be writing is left alone, for a day at most.
    """
    for path in store.root.glob("runs/*"):
        names = sweep(path)
        for each in names & {"checkpoints", "evals"}:
            sweep(path / each)
        if LOCK_FILE in names:
            release_dead(path)
        RunFolder(path).drop_state_of_finished(names)
    for pattern in ("jobs", "trunks/*", "studies/*", "studies/*/figures"):
        for folder in store.root.glob(pattern):
            sweep(folder)
    for folder in (store.root, *cache.glob("*"), *cache.glob("*/stamps")):
        sweep(folder)
    with suppress(OSError):  # there is none, or another command uses it
        (store.root / "jobs").rmdir()
