"""Tasks that differ only in their seed, as one line."""

from typing import NamedTuple

from datayield.store.plan import Task


class Together(NamedTuple):
    """Tasks of one label, state and reason, whose seeds are `0-9` in `label`."""

    label: str
    tasks: tuple[Task, ...]

    @property
    def first(self) -> Task:
        """Any of them: they are in the same state for the same reason."""
        return self.tasks[0]


def together(tasks: list[Task]) -> list[Together]:
    """The tasks grouped into lines, in the order of each line's first task."""
    lines: dict[tuple[str, str, str], list[Task]] = {}
    for task in tasks:
        seed, several = f" seed {task.spec.seed}", " seeds {}"
        cell = task.label.replace(seed, several, 1)
        lines.setdefault((cell, task.state, task.why), []).append(task)
    return [
        Together(
            mine[0].label if len(mine) == 1 else cell.replace("{}", _runs_of(mine), 1), tuple(mine)
        )
        for (cell, _, _), mine in lines.items()
    ]


def _runs_of(tasks: list[Task]) -> str:
    """Seeds 0, 1, 2, 5 -> '0-2,5'."""
    parts: list[list[int]] = []
    for seed in sorted({task.spec.seed for task in tasks}):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ",".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)
