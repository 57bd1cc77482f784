"""How often the results of a study were looked at: each set of finished work counts once."""

from pathlib import Path

from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.identity import digest
from datayield.store.plan import Plan

NAME = "looks.json"


def counted_look(folder: Path, plan: Plan) -> int:
    """Count a look at what is finished now, unless it was looked at before; how many there were."""
    states = [[task.spec.id, len(task.pending)] for task in plan.tasks if task.state == "done"]
    seen = _seen(folder)
    now = digest(states)
    if states and now not in seen:
        seen.append(now)
        write_json(folder / NAME, {"schema_version": 1, "looks": seen})
    return len(seen)


def _seen(folder: Path) -> list[str]:
    kept = read_json(folder / NAME)
    looks = kept.get("looks") if isinstance(kept, dict) else None
    return [each for each in looks if isinstance(each, str)] if isinstance(looks, list) else []
