"""How often the results of a study were looked at: each set of finished work counts once.

Not while only baselines are finished: no claim can be tested on them alone.
"""

from pathlib import Path

from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.identity import digest
from datayield.spec.run import RunSpec
from datayield.store.plan import Plan

NAME = "looks.json"


def counted_look(folder: Path, plan: Plan) -> int:
    """Count a look at what is finished now, unless it was looked at before; how many there were."""
    done = [task for task in plan.tasks if task.state == "done"]
    states = [[task.spec.id, len(task.pending)] for task in done]
    seen = _seen(folder)
    now = digest(states)
    if now not in seen and any(isinstance(task.spec, RunSpec) for task in done):
        seen.append(now)
        write_json(folder / NAME, {"schema_version": 1, "looks": seen})
    return len(seen)


def _seen(folder: Path) -> list[str]:
    kept = read_json(folder / NAME)
    looks = kept.get("looks") if isinstance(kept, dict) else None
    return [each for each in looks if isinstance(each, str)] if isinstance(looks, list) else []
