"""Where the tasks of a study run, and how many at once: the command line's options, checked."""

import math
from importlib.util import find_spec
from typing import NamedTuple

from datayield.spec.environment import process_rank
from datayield.spec.errors import ConfigError
from datayield.spec.run import RunSpec
from datayield.store.plan import Plan


class Execution(NamedTuple):
    """Where tasks run, and how many at once."""

    executor: str = "local"  # or "ray", "slurm"
    jobs: int | None = 1  # None: as many as pay
    slurm: tuple[str, ...] = ()  # "key=value"
    processes: int = 1  # at each task, in one torchrun
    stack: int | None = 1  # runs of one shape in one network; None: chosen by measurement


ONE_AT_A_TIME = Execution()


def parse_execution(
    executor: str,
    jobs: str | None = None,
    slurm: tuple[str, ...] = (),
    inside: int = 1,
    stack: str = "auto",
) -> Execution:
    """The command line's options, checked; `inside`: processes at each task. Raises ConfigError.

    Without `jobs`: as many as pay on this machine, one with another executor or under torchrun.
    """
    if executor not in ("local", "ray", "slurm"):
        raise ConfigError(
            "unknown executor", where="--executor", got=executor, allowed=["local", "ray", "slurm"]
        )
    if slurm and executor != "slurm":
        raise ConfigError("Slurm settings require --executor slurm", where="--slurm", got=executor)
    processes = process_rank().processes
    alone = processes == 1 and inside == 1
    if jobs is None:
        jobs = "auto" if executor == "local" and alone else "1"
    if jobs == "auto" and executor != "local":
        raise ConfigError(
            "auto works only for --executor local",
            where="--jobs",
            got=jobs,
            hint=f"state the number of concurrent tasks for {executor}",
        )
    _check_count("jobs", jobs)
    _check_count("stack", stack)
    if inside > 1 and executor == "local":
        raise ConfigError(
            "--processes needs --executor ray or slurm",
            where="--processes",
            got=inside,
            allowed="1, or with --executor ray or slurm",
            hint=f"torchrun --nproc-per-node {inside} -m datayield run ...",
        )
    if not alone and stack not in ("auto", "1"):
        raise ConfigError(
            "runs that several processes share are not stacked",
            where="--stack",
            got=stack,
            allowed=["auto", "1"],
            hint="omit it, or train each run in one process",
        )
    if processes > 1 and (executor != "local" or jobs != "1"):
        raise ConfigError(
            f"torchrun started {processes} processes for each run, so runs are sequential",
            where="--jobs" if executor == "local" else "--executor",
            got=jobs if executor == "local" else executor,
            hint="omit it, or start datayield without torchrun",
        )
    choose_stack = executor == "local" and alone  # elsewhere this process does not see the device
    together = (None if choose_stack else 1) if stack == "auto" else int(stack)
    return Execution(executor, None if jobs == "auto" else int(jobs), slurm, inside, together)


def _check_count(option: str, given: str) -> None:
    if given != "auto" and not (given.isascii() and given.isdigit() and int(given) > 0):
        raise ConfigError(
            f"invalid number for --{option}",
            where=f"--{option}",
            got=given,
            allowed="1, 2, ... or auto",
        )


def check_installed(executor: str) -> None:
    """Raises ConfigError where the package of the executor is not installed."""
    package = {"ray": "ray", "slurm": "submitit"}.get(executor)
    if package is not None and find_spec(package) is None:
        raise ConfigError(
            f"{executor} is not installed",
            where="--executor",
            got=f"no package {package}",
            hint=f'pip install "datayield[{executor}]", or use --executor local',
        )


def check_save_seconds(seconds: float) -> None:
    """Raises ConfigError unless `seconds` is a time to wait between two saved states."""
    if not 0 <= seconds < math.inf:  # nan is neither
        raise ConfigError(
            "invalid number of seconds between saved states",
            where="--save-every",
            got=seconds,
            allowed="a finite number, 0 or more; 0 saves after every step",
            hint="a large number, such as 1e9, saves only when the run is stopped",
        )


def check_until(until: str | None, minutes: float | None = None) -> None:
    """Raises ConfigError for anything but None or "decided", and for `minutes` without it."""
    if until is None and minutes is not None:
        raise ConfigError(
            "--minutes applies only with --until",
            where="--minutes",
            got=f"{minutes:g}",
            hint="add --until decided, or leave out --minutes: a run that is stopped resumes",
        )
    if until not in (None, "decided"):
        raise ConfigError(
            "unknown condition to stop at",
            where="--until",
            got=until,
            allowed=["decided"],
            hint="omit it to run the whole study",
        )


def check_batches(plan: Plan, processes: int) -> None:
    """Raises ConfigError where a batch cannot be shared out evenly among the processes."""
    todo = [task for task in plan.todo if task.share_left > 0]
    for batch in (task.spec.batch for task in todo if isinstance(task.spec, RunSpec)):
        if batch % processes:
            raise ConfigError(
                f"a batch of {batch} images is not divisible by {processes} processes",
                where="base.batch",
                got=batch,
                allowed=f"a multiple of {processes}",
                hint="use another number of processes; changing batch changes the run",
            )
