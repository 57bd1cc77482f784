"""The engine for a Ray cluster, or a local Ray on this machine, using Ray Core tasks.

RAY_ADDRESS names a cluster, whose nodes need datayield and the images; without it a local Ray with
`jobs` CPUs is started and shut down again. Progress comes through the store, and from nodes that do
not see it through a keeper beside the driver. Ray's own retries are off: the scheduler restarts a
lost task, and says so.
"""

import math
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from datayield.run.engines.keeper import Delivery, Files, Keeper
from datayield.run.engines.mailbox import LOOK_SECONDS, Mailbox, requires_extra
from datayield.run.engines.node import run_on_node
from datayield.run.job import Job, TaskEnd, TaskEvent
from datayield.spec.errors import ConfigError
from datayield.store.folders import Store
from datayield.store.plan import Task

PASSED_ON = ("OMP_NUM_THREADS", "PYTHONPATH")
ANSWER_SECONDS = 10.0
FOLDERS = ("DATAYIELD_DATA", "DATAYIELD_CACHE")  # a node's own settings go first


class Ray:
    """`jobs` tasks at once; each gets an equal part of the CPUs, and of the GPUs if any.

    With several `processes` per task, each process gets a GPU instead, all on one node.
    """

    def __init__(
        self, jobs: int, device: str, store: Store, threads: int, processes: int = 1
    ) -> None:
        with requires_extra("ray"):
            import ray

        self._ray: Any = ray
        own = "RAY_ADDRESS" not in os.environ
        if not own:
            _check_that_it_answers(os.environ["RAY_ADDRESS"])
        settings: dict[str, Any] = {"log_to_driver": False, "logging_level": "warning"}
        if own:
            settings |= {"address": "local", "num_cpus": jobs, "include_dashboard": False}
        try:
            ray.init(**settings)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ConfigError(
                "cannot connect to Ray",
                where="RAY_ADDRESS" if not own else "--executor ray",
                got=os.environ.get("RAY_ADDRESS", "a local Ray"),
                hint=f"Ray says: {str(error).partition(chr(10))[0]}; see ray status",
            ) from None
        there = ray.cluster_resources()
        gpus = 0 if device == "cpu" else int(there.get("GPU", 0))
        self.slots, self._processes = jobs, processes
        per_task = processes if processes > 1 and gpus else 0  # GPUs
        if per_task:
            self._check_gpus(per_task)
        self.sharing = 1 if per_task else math.ceil(jobs / gpus) if gpus else jobs if own else 1
        cpus = 1 if own else max(1, min(int(there.get("CPU", 1)) // jobs, self._most("CPU")))
        self._resources: dict[str, Any] = {
            "num_cpus": cpus,
            "num_gpus": per_task or (1 / self.sharing if gpus else 0),
            "max_retries": 0,
            "runtime_env": {
                "env_vars": _environment(threads if own else max(1, cpus // processes))
            },
        }
        self._mailbox = Mailbox(store)
        self._own, self._keeper = own, None  # the keeper's handle
        self._running: dict[Any, str] = {}  # reference to the end -> run

    def start(self, job: Job) -> None:
        """Submit the task to Ray."""
        store = Store(job.store.root.absolute())
        job = job._replace(store=store, processes=self._processes)
        if self._keeper is None and not self._own:
            self._keeper = self._keeper_of(store)
        folders = {name: os.environ[name] for name in FOLDERS if os.environ.get(name)}
        task = self._ray.remote(_run).options(**self._resources)
        reference = task.remote(job, self._mailbox.folder, Path.cwd(), folders, self._keeper)
        self._running[reference] = job.task.spec.id

    def poll(self) -> Iterator[tuple[str, TaskEvent]]:
        """Events in the mailbox, then tasks that ended."""
        if not self._running:
            return
        ended, _ = self._ray.wait(list(self._running), timeout=LOOK_SECONDS)
        yield from self._mailbox.new_events()
        for reference in ended:
            run = self._running.pop(reference)
            self._mailbox.forget(run)
            yield run, self._end(reference)

    def stop(self) -> None:
        """Ask all tasks to stop, through the store."""
        self._mailbox.ask_to_stop()

    def close(self) -> None:
        """Disconnect, which ends what still runs; a local Ray is shut down."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._ray.shutdown()
        self._mailbox.close()

    def _keeper_of(self, store: Store) -> Any:
        """A keeper on this node, which dies with this process, and is replaced if it dies alone."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = self._ray.get_runtime_context().get_node_id()
        actor = self._ray.remote(Keeper).options(
            num_cpus=0,
            max_restarts=-1,
            scheduling_strategy=NodeAffinitySchedulingStrategy(here, soft=False),
            runtime_env={"env_vars": _environment(1)},
        )
        return actor.remote(store, self._mailbox.folder)

    def _most(self, resource: str) -> int:
        """What the largest node has of a resource."""
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        return max(int(node.get(resource, 0)) for node in nodes)

    def _check_gpus(self, wanted: int) -> None:
        most = self._most("GPU")
        if wanted > most:
            self._ray.shutdown()
            raise ConfigError(
                "no node of the cluster has a GPU for every process of a task",
                where="--processes",
                got=wanted,
                allowed=f"at most {most}",
            )

    def _end(self, reference: Any) -> TaskEnd:
        errors = self._ray.exceptions
        try:
            end: TaskEnd = self._ray.get(reference)
        except errors.RayTaskError as error:  # before it started: cannot be imported there, say
            return TaskEnd("failed", str(error))
        except errors.RayError as error:
            return TaskEnd("lost", f"its worker or node was lost ({type(error).__name__})")
        return end


class _KeeperOverRay(NamedTuple):
    """The keeper as its handle lets a node reach it."""

    handle: Any

    def lend(self, task: Task, borrower: str) -> Files | TaskEnd:
        lent: Files | TaskEnd = self._told("lend", task, borrower)
        return lent

    def receive(self, run_id: str, borrower: str, delivery: Delivery) -> TaskEnd | None:
        end: TaskEnd | None = self._told("receive", run_id, borrower, delivery)
        return end

    def release(self, run_id: str, borrower: str) -> None:
        self._told("release", run_id, borrower)

    def _told(self, method: str, *arguments: object) -> Any:
        import ray

        return ray.get(getattr(self.handle, method).remote(*arguments))


def _run(job: Job, mailbox: Path, home: Path, folders: dict[str, str], keeper: Any) -> TaskEnd:
    """What a worker of Ray calls."""
    return run_on_node(job, mailbox, home, folders, _KeeperOverRay(keeper) if keeper else None)


def _check_that_it_answers(address: str) -> None:
    """Raise ConfigError for a host and port that refuse: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not port.isdigit():  # "auto" or "local"
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            "no Ray cluster answers at this address",
            where="RAY_ADDRESS",
            got=address,
            hint=f"{error}; ray status shows the address on a node of the cluster",
        ) from None


def _environment(threads: int) -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    return {"OMP_NUM_THREADS": str(threads)} | passed_on
