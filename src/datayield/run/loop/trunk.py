"""Start a run from a state of its trunk: its folder is set up as if the run had been interrupted.

From then on it is an ordinary run with its own state.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from datayield import methods
from datayield.run.loop.member import save_checkpoint
from datayield.run.loop.state import Meter
from datayield.run.loop.tensor_files import STATE, TRUNK, read_tensors, write_tensors
from datayield.spec.atomic_files import write_text
from datayield.spec.errors import BusyError, DamagedFileError, StoreError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.log import read_log
from datayield.store.trunk import start_of, steps_there


def take_over(
    spec: RunSpec,
    store: Store,
    folder: RunFolder,
    images: tuple[str, str],
    shares: tuple[float, ...],
    estimate: tuple[float, float, float] | None = None,
) -> int:
    """Start the run from the latest state on its trunk; returns the step, 0 for a fresh start.

    A no-op if the run already has a state. `images`: the digests that the state must have. An
    unreadable state is removed, since no run needs it.
    """
    if spec.trunk is None or folder.state.exists():
        return 0
    start = start_of(spec, shares, steps_there(store, spec.trunk))
    try:
        if start and _state_at(spec, store, start)["images"] == list(images):
            _begin_from(spec, store, folder, start, shares, estimate)
            return start
    except DamagedFileError as error:
        Path(error.where).unlink(missing_ok=True)
    except BusyError:
        raise
    except StoreError:
        pass  # deleted in between
    return 0


def _begin_from(
    spec: RunSpec,
    store: Store,
    folder: RunFolder,
    start: int,
    shares: tuple[float, ...],
    estimate: tuple[float, float, float] | None,
) -> None:
    for share in shares:
        step = round(share * spec.steps)
        if step < start and not folder.has_checkpoint(share):
            method = methods.build(spec.model_copy(update={"init": None}))
            method.load_state_dict(_state_at(spec, store, step)["method"], strict=True)
            save_checkpoint(folder, spec, share, step, method)
    state = _state_at(spec, store, start)
    meter, whose = Meter(**state["meter"]), state["run"]
    shared = {"run": whose, "images": start * spec.batch, "seconds": meter.seconds}
    # Loading it counts as a resume, which it is not.
    begun = replace(meter, resumed=-1, estimate=estimate, shared=shared)
    state |= {"run": spec.id, "meter": vars(begun)}
    _copy_log(store.run(whose), folder, start, spec.steps)
    write_tensors(folder, folder.state, STATE, state)
    folder.write_progress(start, spec.steps)


def _state_at(spec: RunSpec, store: Store, step: int) -> dict[str, Any]:
    assert spec.trunk is not None
    path = store.trunk(spec.trunk) / f"{step}.pt"
    return read_tensors(path, torch.device("cpu"), TRUNK, trunk=spec.trunk, step=step)


def _copy_log(other: RunFolder, folder: RunFolder, start: int, steps: int) -> None:
    kept = [
        line | {"share": round(line["step"] / steps, 6)}
        for line in read_log(other.log)
        if line["step"] <= start
    ]
    if kept:
        folder.check()
        write_text(folder.log, "".join(json.dumps(line) + "\n" for line in kept), folder.check)
