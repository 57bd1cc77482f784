"""How a task's failure is told and recorded: it ends this task and no other."""

import os
import time
import traceback
from contextlib import suppress
from pathlib import Path

import torch

from datayield.run.device import peak_memory
from datayield.spec.atomic_files import cannot_write
from datayield.spec.errors import (
    DatayieldError,
    DivergedError,
    StoreError,
    TrainingError,
    UnexpectedError,
)
from datayield.store.folders import RunFolder
from datayield.store.records import FailureRecord


def unexpected(
    error: Exception, label: str, folder: RunFolder, device: torch.device
) -> DatayieldError:
    """What to say of an error that is not the project's own: it ends this task and no other."""
    if out_of_memory(error):
        return TrainingError(
            "out of memory",
            where=label,
            got=f"{peak_memory(device) / 2**30:.1f} GiB at the peak on {device}",
            hint="lower batch (for all runs alike, since it changes contrastive losses), "
            "or use a smaller encoder or view size",
        )
    if isinstance(error, OSError) and error.filename:
        return cannot_write(Path(os.fsdecode(error.filename)), error)
    return UnexpectedError(
        f"an unexpected error ended this task: {type(error).__name__}: {error}".rstrip(": "),
        where=label,
        hint=f"the other tasks continue; the traceback is in {folder.failure}; please report it",
    )


def out_of_memory(error: Exception) -> bool:
    """Whether memory did not suffice, of a device or of the process."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = "DefaultCPUAllocator", "out of memory"  # torch raises a plain error on a CPU
    return isinstance(error, RuntimeError) and any(each in str(error) for each in words)


def write_failure(folder: RunFolder, error: DatayieldError) -> None:
    """Record the error in the run's folder, as far as that can be written."""
    record = FailureRecord(
        message=error.text(),
        time=time.time(),
        traceback=traceback.format_exc(),
        diverged=isinstance(error, DivergedError),
    )
    with suppress(StoreError):  # the disk is full, or the run is another's: it is raised anyway
        folder.write_failure(record)
