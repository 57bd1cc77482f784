"""How often the results of a study were looked at: each set of finished work counts once.

Not while only baselines are finished: no claim can be tested on them alone.
"""

from pathlib import Path
from typing import NamedTuple

from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.identity import digest
from datayield.spec.run import RunSpec
from datayield.store.plan import Plan

NAME = "looks.json"


def counted_look(folder: Path, plan: Plan) -> int:
    """Count a look at what is finished now, unless it was looked at before; how many there were."""
    looks, now = _read(folder), _state(plan)
    if now and now not in looks.seen:
        looks = looks._replace(seen=[*looks.seen, now])
        _write(folder, looks)
    return len(looks.seen) + sum(looks.elsewhere.values())


def count_looks_elsewhere(folder: Path, plan: Plan, looks: int, source: str) -> None:
    """Count, once for each `source`, the looks at a study on another machine.

    `plan`: what was finished there at the last of them.
    """
    kept, last = _read(folder), _state(plan)
    if not looks or not last or source in kept.elsewhere:
        return
    seen = kept.seen if last in kept.seen else [*kept.seen, last]
    _write(folder, _Looks(seen, kept.elsewhere | {source: looks - 1}))


class _Looks(NamedTuple):
    seen: list[str]  # digests of what was finished
    elsewhere: dict[str, int]  # source -> looks there, without the last, which is among `seen`


def _state(plan: Plan) -> str:
    """A digest of what is finished; empty while that is no run."""
    done = [task for task in plan.tasks if task.state == "done"]
    if not any(isinstance(task.spec, RunSpec) for task in done):
        return ""
    return digest([[task.spec.id, len(task.pending)] for task in done])


def _read(folder: Path) -> _Looks:
    """What was counted; nothing where the file is missing or makes no sense."""
    raw = read_json(folder / NAME)
    kept = raw if isinstance(raw, dict) else {}
    seen, elsewhere = kept.get("looks"), kept.get("elsewhere")
    seen = seen if isinstance(seen, list) else []
    elsewhere = elsewhere if isinstance(elsewhere, dict) else {}
    return _Looks(
        [each for each in seen if isinstance(each, str)],
        {source: looks for source, looks in elsewhere.items() if isinstance(looks, int)},
    )


def _write(folder: Path, looks: _Looks) -> None:
    written = {"schema_version": 1, "looks": looks.seen, "elsewhere": looks.elsewhere}
    write_json(folder / NAME, written)
