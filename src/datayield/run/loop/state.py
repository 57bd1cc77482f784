"""Everything that survives a step: weights, optimizer, progress and cost."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from datayield.run.loop.tensor_files import STATE, read_tensors, write_tensors
from datayield.spec.errors import StoreError
from datayield.store.cpu_settings import USUAL, Layout
from datayield.store.folders import RunFolder


@dataclass
class Meter:
    """The cost of a run so far, over all its attempts. Seconds cover training only.

    Steps that it reused (`shared`: from which run, images, seconds) count as if it had taken them
    itself. `layout`, `threads` (None: torch's default) and `compiled` are those it started with
    (`cpu_layout`, `compile`), and `stack` the runs that it is stacked with, itself among them, if
    any.
    """

    seconds: float = 0.0
    wait_seconds: float = 0.0
    view_seconds: float = 0.0
    resumed: int = 0
    estimate: tuple[float, float, float] | None = None
    shared: dict[str, Any] | None = None
    layout: Layout = USUAL
    threads: int | None = None
    compiled: bool = False
    stack: tuple[str, ...] = ()


def save_state(
    folder: RunFolder,
    run_id: str,
    images: tuple[str, str],
    step: int,
    steps: int,
    method: nn.Module,
    optimizer: torch.optim.Optimizer,
    meter: Meter,
) -> None:
    """Write everything needed to resume bit-identically at `step`.

    `images`: digests of the decoded pixels and of the subset's indices that the run trains on.
    """
    state = state_of(run_id, images, step, method, optimizer, meter)
    write_tensors(folder, folder.state, STATE, state)
    folder.write_progress(step, steps, meter.stack)


def state_of(
    run_id: str,
    images: tuple[str, str],
    step: int,
    method: nn.Module,
    optimizer: torch.optim.Optimizer,
    meter: Meter,
) -> dict[str, Any]:
    """Everything that survives a step, as `load_state` expects it."""
    return {
        "run": run_id,
        "images": list(images),
        "step": step,
        "method": method.state_dict(),
        "optimizer": optimizer.state_dict(),
        "meter": asdict(meter),
    }


def load_state(
    folder: RunFolder,
    run_id: str,
    images: tuple[str, str],
    method: nn.Module,
    optimizer: torch.optim.Optimizer,
    device: torch.device,
) -> tuple[int, Meter]:
    """Restore `method` and `optimizer` in place, strictly; returns the step to resume at.

    Step 0 and a fresh meter if nothing was saved. Raises DamagedFileError for a damaged file or
    another run's, and StoreError if the images are no longer those that the run started with.
    """
    if not folder.state.exists():
        return 0, Meter()
    state = read_tensors(folder.state, device, STATE, run=run_id)
    if tuple(state.get("images", ())) != images:
        raise StoreError(
            "the images have changed since this run started",
            where=str(folder.state),
            hint="restore the old images, or delete the file to restart with the new ones",
        )
    method.load_state_dict(state["method"], strict=True)
    optimizer.load_state_dict(state["optimizer"])
    meter = Meter(**state["meter"])
    meter.resumed += 1
    return int(state["step"]), meter


def weights_digest(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and bytes: equal digests mean equal bits."""
    sha = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        sha.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        sha.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return sha.hexdigest()
