"""Start a run from a state of its trunk: its folder is set up as if the run had been interrupted.

From then on it is an ordinary run with its own state.
"""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch

from datayield import methods
from datayield.run.loop.pretrain import save_checkpoint
from datayield.run.loop.state import Meter, read_tensors
from datayield.spec.atomic_files import write_json, write_text, write_with
from datayield.spec.errors import StoreError
from datayield.spec.run import RunSpec
from datayield.store.folders import RunFolder, Store
from datayield.store.trunk import start_of, steps_there


def take_over(
    spec: RunSpec,
    store: Store,
    images: tuple[str, str],
    shares: tuple[float, ...],
    estimate: tuple[float, float, float] | None = None,
) -> int:
    """Start the run from the latest state on its trunk; returns the step, 0 for a fresh start.

    A no-op if the run already has a state. `images`: the digests that the state must have. An
    unreadable state is skipped, since the run does not need it.
    """
    folder = store.run(spec.id)
    if spec.trunk is None or folder.state.exists():
        return 0
    start = start_of(spec, shares, steps_there(store, spec.trunk))
    with suppress(StoreError):  # deleted in between, or damaged
        if start and _state_at(spec, store, start)["images"] == list(images):
            _begin_from(spec, store, folder, start, shares, estimate)
            return start
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
        if step < start and not folder.checkpoint(share).exists():
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
    write_with(folder.state, lambda file: torch.save(state, file))
    write_json(folder.path / "progress.json", {"step": start, "steps": spec.steps})


def _state_at(spec: RunSpec, store: Store, step: int) -> dict[str, Any]:
    assert spec.trunk is not None
    return read_tensors(store.trunk(spec.trunk) / f"{step}.pt", torch.device("cpu"))


def _copy_log(other: RunFolder, folder: RunFolder, start: int, steps: int) -> None:
    if not other.log.exists():
        return
    lines = [json.loads(line) for line in other.log.read_text(encoding="utf-8").splitlines()]
    kept = [
        line | {"share": round(line["step"] / steps, 6)} for line in lines if line["step"] <= start
    ]
    write_text(folder.log, "".join(json.dumps(line) + "\n" for line in kept))
