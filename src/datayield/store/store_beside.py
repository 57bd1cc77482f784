"""The store beside the file of a study: used where the current folder has none, else told of."""

from collections.abc import Iterable
from pathlib import Path

from datayield.spec.environment import DEFAULT_STORE, is_default_store, store_dir
from datayield.spec.named_paths import pasteable
from datayield.store.folders import Store


def usual_store(source: Path | None) -> Path:
    """The store of a study where none is named; `source`: its file.

    DATAYIELD_STORE, else the one in the current folder, or beside the file if only that is there.
    """
    root = store_dir()
    beside = root if source is None else source.parent / DEFAULT_STORE
    if is_default_store(root) and not root.exists() and beside.is_dir():
        return beside
    return root


def store_beside(source: Path | None, store: Store, runs: Iterable[str]) -> list[str]:
    """A note where `store` was not chosen and has none of the runs, but that by the file has.

    `source`: the file of the study; `runs`: the ids of its runs.
    """
    if source is None or not is_default_store(store.root):
        return []
    ids, other = [*runs], Store(source.parent / DEFAULT_STORE)
    if not other.root.is_dir() or (store.root.exists() and store.root.samefile(other.root)):
        return []
    if any(store.run(each).has_run_cost() for each in ids):
        return []
    finished = sum(other.run(each).has_run_cost() for each in ids)
    if not finished:
        return []
    words = f"{finished:,} of its {len(ids):,} runs are" if finished > 1 else "a run is"
    there = pasteable(other.root)
    return [f"{words} finished in the store beside the study: --store {there} uses it"]
