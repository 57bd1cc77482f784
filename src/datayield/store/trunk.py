"""Trunks: steps that runs of nested budgets have in common, and the states saved on them.

A state depends only on (trunk, step), so it is stored under the trunk's digest and not in a run's
folder: any run of the trunk may save it, and any other may start from it. It is an optimisation:
without it, a run trains from an earlier state or from the start.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from datayield.spec.run import RunSpec
from datayield.spec.study import Cell
from datayield.store.folders import RunFolder, Store, ends_as_archive
from datayield.store.run_lock import holder


class TrunkMember(NamedTuple):
    """A planned run of a trunk: where its encoder is kept, and what is left to train."""

    spec: RunSpec
    shares: tuple[float, ...]
    left: float  # fraction of its pretraining
    held: bool  # by another process, which is not relied on


class TrunkPart(NamedTuple):
    """What a planned run reuses from its trunk, and saves on it for others."""

    runs: tuple[str, ...]  # all planned runs of the trunk
    start: int = 0  # step from which it is expected to train; 0: the start, or its own state
    leaves: tuple[int, ...] = ()  # steps at which it saves its state


def shortest_first(cells: Sequence[Cell]) -> list[Cell]:
    """The same cells, with those of one trunk sorted by the length of their shared part.

    Each then starts where the previous one left the trunk, and small budgets finish early.
    """
    members: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.run.trunk is not None:
            members.setdefault(cell.run.trunk, []).append(cell)
    sorted_ = {
        key: iter(sorted(group, key=lambda cell: cell.run.shared_steps))
        for key, group in members.items()
    }
    return [cell if cell.run.trunk is None else next(sorted_[cell.run.trunk]) for cell in cells]


def parts(members: Sequence[TrunkMember], there: Iterable[int]) -> list[TrunkPart]:
    """The part of each run of one trunk, in execution order.

    `there`: steps whose states are already in the store.
    """
    runs, expected, assigned = tuple(member.spec.id for member in members), set(there), []
    for i, (spec, shares, left, held) in enumerate(members):
        leaves: set[int] = set()
        for later in (m for m in members[i + 1 :] if m.left == 1):
            until = min(spec.shared_steps, later.spec.shared_steps)
            leaves |= {until, *(k for k in _kept(later.spec, later.shares) if k <= until)}
        fresh = start_of(spec, shares, expected) if left == 1 else 0
        begins = fresh if left == 1 else round((1 - left) * spec.steps)
        assigned.append(TrunkPart(runs, fresh, tuple(sorted(leaves)) if left > 0 else ()))
        if left > 0 and not held:
            expected |= {step for step in leaves if step >= begins}
    return assigned


def start_of(spec: RunSpec, shares: Iterable[float], there: Collection[int]) -> int:
    """The last step of the trunk that `spec` can start from, 0 if there is none.

    Encoders that it keeps at `shares` before that step must exist too.
    """
    kept = _kept(spec, shares)
    return max(
        (
            step
            for step in there
            if step <= spec.shared_steps and all(k in there for k in kept if k < step)
        ),
        default=0,
    )


def steps_there(store: Store, trunk: str) -> set[int]:
    """Steps of a trunk whose states are in the store."""
    named = (path for path in store.trunk(trunk).glob("*.pt") if path.stem.isdecimal())
    return {int(path.stem) for path in named if ends_as_archive(path)}


def forget(store: Store, trunk: str, runs: Iterable[str], held: RunFolder | None = None) -> None:
    """Delete the states of a trunk once each of `runs` has started or finished.

    Not while another process works on one of them, which may write there. `held`: the folder of the
    run that the caller holds. Raises BusyError if it has lost that run to another process.
    """
    if held is not None:
        held.check()
    folders = [store.run(run) for run in runs]
    if not all(folder.has_state() or folder.has_run_cost() for folder in folders):
        return
    others = [folder.path for folder in folders if held is None or folder.path != held.path]
    if any(holder(path) == "running" for path in others):
        return
    with suppress(OSError):
        for state in store.trunk(trunk).glob("*.pt"):
            state.unlink(missing_ok=True)
        store.trunk(trunk).rmdir()  # if another study's process is not writing there


def _kept(spec: RunSpec, shares: Iterable[float]) -> set[int]:
    return {round(share * spec.steps) for share in shares}
