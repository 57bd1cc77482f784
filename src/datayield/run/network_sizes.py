"""Sizes of images that timm's networks do not take: tried in another process, once and kept."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from datayield.run.network_trial import NetworkUse, trials
from datayield.run.other_process import asked_apart, kept_answers
from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.errors import ConfigError, StoreError
from datayield.spec.run import RunSpec
from datayield.store.plan import Plan


def size_refusals(plan: Plan) -> Iterator[ConfigError]:
    """Views and evaluations whose size a timm network of the plan does not take."""
    uses = _uses(plan)
    for use, problem in zip(uses, _problems([*uses]), strict=True):
        if problem:
            yield ConfigError(
                f"timm/{use.name} does not take images of {use.side} px",
                where=uses[use],
                got=problem,
                hint="change this size, or encoder.size (a network that accepts a size is built "
                "for it); timm/resnet18 takes any size",
            )


def _uses(plan: Plan) -> dict[NetworkUse, str]:
    """What the pending tasks ask of timm's networks, and where the study says so."""
    found: dict[NetworkUse, str] = {}
    for task in plan.todo:
        encoder = task.spec.encoder
        if encoder is None or encoder.timm_name is None:
            continue
        if isinstance(task.spec, RunSpec) and task.share_left > 0:
            for view in task.spec.views:
                use = NetworkUse(encoder.timm_name, encoder.size, view.size, tokens=False)
                found.setdefault(use, "views: size")
        for _, ev in task.pending:
            masks = ev.traits.reads_masks
            use = NetworkUse(encoder.timm_name, encoder.size, ev.size, tokens=masks)
            found.setdefault(use, task.size_key(ev))
    return found


def _problems(uses: Sequence[NetworkUse]) -> list[str]:
    """What is wrong with each use; empty where it works, or cannot be tried."""
    if not uses:
        return []
    path = kept_answers("timm-")
    known = _known(path)
    if late := [use for use in uses if use not in known]:
        known |= zip(late, _tried(late), strict=False)
        with suppress(StoreError):  # it is only asked again
            write_json(path, [[use, problem] for use, problem in known.items()])
    return [known.get(use, "") for use in uses]


def _tried(uses: Sequence[NetworkUse]) -> list[str]:
    """As `trials`, in another process where torch is not loaded; empty if that fails."""
    if "torch" in sys.modules:
        return trials(uses)
    problems = asked_apart("datayield.run.network_trial", uses)
    return problems if isinstance(problems, list) else []  # the run tells


def _known(path: Path) -> dict[NetworkUse, str]:
    """What was found before; without what is not as it was written."""
    kept = read_json(path)
    pairs = kept if isinstance(kept, list) else []
    return {
        NetworkUse(*pair[0]): pair[1]
        for pair in pairs
        if isinstance(pair, list)
        and len(pair) == 2
        and isinstance(pair[0], list)
        and len(pair[0]) == len(NetworkUse._fields)
        and isinstance(pair[1], str)
    }
