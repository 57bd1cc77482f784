"""What does the work: the device, the processes that share it, and how fast it is."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from datayield.propose import (
    SETUPS,
    Proposal,
    PublishedFile,
    Setup,
    SetupTiming,
    Situation,
    study_text,
    trial,
)
from datayield.session import Session, open_study
from datayield.spec.atomic_files import write_text
from datayield.spec.run import RunSpec
from datayield.store.estimate import pretraining, speeds_of

MEASURING_SECONDS = 8.0  # of a setup: about a second for each kind of work


class Machine(NamedTuple):
    """What does the work: its device, the processes that share it, published weights on it."""

    device: str
    jobs: int
    parallel: float  # times the work of one process
    bf16: bool
    weights: PublishedFile | None


def machine_of(device_name: str) -> Machine:
    from datayield.data.free_memory import free_bytes
    from datayield.run.device import choose, fast_bf16
    from datayield.run.engines.slots import most_jobs, speed_of
    from datayield.run.weights_at_hand import weights_at_hand

    device = choose(device_name)
    jobs = most_jobs(device.type, free_bytes(device))
    bf16 = device.type == "cuda" and fast_bf16(device)
    return Machine(
        device_name, jobs, speed_of(jobs, device.type), bf16, next(weights_at_hand(), None)
    )


def timings_of(
    situation: Situation, machine: Machine, folder: Path, say: Callable[[str], None]
) -> Iterator[SetupTiming]:
    """Time each setup when it is asked for, by a study of one run; not larger than the images."""
    from datayield.run.timing.shared_cores import as_one_of

    for setup in SETUPS:
        if setup.size > max(situation.images.side, SETUPS[0].size):
            return
        session = opened(trial(situation, setup), folder, machine)
        say(f"timing {setup.encoder} at {setup.size} px")
        seconds, timing = MEASURING_SECONDS, None
        while timing is None:  # a busy machine may need longer for the first step
            plan = session.plan()
            with as_one_of(machine.jobs):
                for _ in session.measure(plan, time.monotonic() + seconds):
                    pass
            timing, seconds = _timed(session, setup), 2 * seconds
        yield timing


def opened(proposal: Proposal, folder: Path, machine: Machine) -> Session:
    """A proposal as a session whose file and store are in a folder of their own."""
    path = folder / "study.yaml"
    write_text(path, study_text(proposal))
    return open_study(str(path), store=folder / "store", device=machine.device)


def _timed(session: Session, setup: Setup) -> SetupTiming | None:
    """What is known of one image and of one encoder's evaluations; None where no step was timed."""
    image, evaluation = None, None
    for task in session.plan().tasks:
        if isinstance(task.spec, RunSpec):
            steps = pretraining(task.spec, 1.0, speeds_of(session.device))
            image = None if steps is None else steps.likely / task.spec.images
        elif task.spec.name == "untrained" and task.estimate is not None:
            evaluation = task.estimate.likely
    if image is None or evaluation is None:
        return None
    return SetupTiming(setup, image, evaluation)
