"""Whether the disks have room for what a plan will write."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from datayield.data.catalog import Look
from datayield.data.decoded import bytes_to_decode
from datayield.spec.environment import cache_dir
from datayield.spec.errors import ConfigError, DataError, DatayieldError
from datayield.store.disk_usage import checkpoint_bytes
from datayield.store.folders import Store
from datayield.store.plan import Plan


def disk_refusals(plan: Plan, store: Store, look: Look) -> Iterator[DatayieldError]:
    """Images of evaluations and checkpoints for which there is no room.

    Pretraining images that do not fit are decoded while training, so they are not counted.
    """
    read = {
        (ev.dataset, split, ev.size, ev.fit)
        for task in plan.todo
        for _, ev in task.pending
        for split in ev.splits
    }
    images = sum(bytes_to_decode(look(d, split), size, fit) for d, split, size, fit in sorted(read))
    weights = checkpoint_bytes(plan) or 0
    cache, runs = _existing(cache_dir()), _existing(store.root)
    shared = cache.stat().st_dev == runs.stat().st_dev
    if (free := shutil.disk_usage(cache).free) < images:
        yield DataError(
            f"the decoded images need {_size(images)}, and {_size(free)} are free",
            where=str(cache_dir()),
            got=f"images of the evaluations at their sizes: {_size(images)}",
            hint="free some space, or set DATAYIELD_CACHE to a folder on a larger disk",
        )
    needed = weights + (images if shared else 0)
    if weights and (free := shutil.disk_usage(runs).free) < needed:
        also = f" beside {_size(images)} of decoded images" if shared and images else ""
        yield ConfigError(
            f"the checkpoints need {_size(weights)}{also}, and {_size(free)} are free",
            where=str(store.root),
            got=f"checkpoints of {sum(task.share_left > 0 for task in plan.todo)} runs",
            hint="free some space, or choose a folder on a larger disk with --store or "
            "DATAYIELD_STORE",
        )


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    return folder if folder.exists() else next(p for p in folder.parents if p.exists())


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
