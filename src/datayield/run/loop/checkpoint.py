"""The networks of a checkpoint: read as they were sealed, loaded strictly."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from datayield.run.loop.tensor_files import CHECKPOINT, read_tensors
from datayield.spec.errors import StoreError
from datayield.store.folders import RunFolder


def read_checkpoint(folder: RunFolder, run: str, share: float) -> dict[str, Any]:
    """`encoder`, and `projector` if the run has one, each name -> tensor, on the CPU.

    Raises StoreError if there is none at this share, DamagedFileError if it is damaged.
    """
    path = folder.checkpoint(share)
    return read_tensors(path, torch.device("cpu"), CHECKPOINT, run=run, share=share)


def load_weights_into(net: nn.Module, weights: dict[str, Tensor], path: Path) -> None:
    """Load a checkpoint's weights into the net built from the run's spec. Raises StoreError."""
    try:
        net.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        mismatches = str(error).splitlines()[1:]
        raise StoreError(
            "the checkpoint does not match the encoder of its run",
            where=str(path),
            got=f"{mismatches[0].strip()} ({len(mismatches)} such)" if mismatches else str(error),
            hint="they are another run's: remove this checkpoint, and the run is trained again",
        ) from None
