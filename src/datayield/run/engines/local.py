"""The engine for one task at a time: in this process, where a debugger reaches it."""

from collections.abc import Iterator
from threading import Event

from datayield.run.job import Job, TaskEnd, TaskEvent
from datayield.run.task import attempt


class InProcess:
    """Each call of `poll` works until there is an event."""

    slots = 1
    sharing = 1

    def __init__(self, stop: Event) -> None:
        self._stop = stop  # set by Ctrl-C itself: there are no events during a step
        self._current: tuple[str, Iterator[TaskEvent]] | None = None

    def start(self, job: Job) -> None:
        """Begin a task."""
        self._current = job.task.spec.id, attempt(job, self._stop)

    def poll(self) -> Iterator[tuple[str, TaskEvent]]:
        """The next event of the task."""
        assert self._current is not None
        run_id, events = self._current
        event = next(events)
        if isinstance(event, TaskEnd):
            self._current = None
        yield run_id, event

    def stop(self) -> None:
        """A no-op: the task checks the same event."""

    def close(self) -> None:
        """A no-op: there are no workers."""
