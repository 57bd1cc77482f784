"""How long a plan takes by the clock, where several runs share the machine."""

from typing import NamedTuple

from datayield.store.estimate import TimeEstimate
from datayield.store.estimate_basis import EstimateBasis

RUN_SECONDS = 1.0  # of a run besides its steps and evaluations, in its process


class PlannedTime(NamedTuple):
    """Seconds until all that is pending is done; None where they are unknown.

    `jobs`: runs side by side; together they do `speed` times the work of one process. `basis`: what
    the time of their work rests on.
    """

    seconds: TimeEstimate | None
    jobs: int
    speed: float
    basis: EstimateBasis


def by_the_clock(work: TimeEstimate, tasks: int, speed: float) -> TimeEstimate:
    """The seconds of so many tasks, by processes that together do `speed` times the work of one."""
    low, likely, high = ((part + RUN_SECONDS * tasks) / speed for part in work[:3])
    return work._replace(low=low, likely=likely, high=high)
