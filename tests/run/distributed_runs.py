"""Whole runs through the real loop, in one process or in this process of a pair.

`python -m tests.run.distributed_runs` prints how far two processes end from one after some steps.
"""

import tempfile
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from datayield.augment.views import make_views_of_steps
from datayield.maths import contrastive
from datayield.methods import build as build_method
from datayield.nets.distributed import rank
from datayield.run import distributed as parallel
from datayield.run.loop import TrainingData, pretrain
from datayield.spec.errors import DatayieldError
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.run import RunSpec
from datayield.store.folders import RunFolder
from tests.pair import both
from tests.run.loop.test_pretrain import CPU, spec_of, training_data_of

STEPS = 10
# All methods in float64; in float32, where runs drift apart by rounding, the one that drifts most
# and the one that also shares out its assignments.
CASES = [(name, torch.float64) for name in METHOD_SPECS] + [
    (name, torch.float32) for name in ("byol", "swav")
]


def spec_of_steps(name: str) -> RunSpec:
    """`STEPS` steps, with a clipped gradient for one method."""
    clip = {"clip": 1.0} if name == "vicreg" else {}
    return spec_of(name, images=32 * STEPS, **clip)


def trained(name: str, folder: Path, dtype: torch.dtype) -> dict[str, dict[str, Tensor]]:
    """Weights and buffers after all steps of the real loop; views and all in `dtype`."""
    kept: list[Any] = []

    def build(spec: RunSpec, weights: Any = None) -> Any:
        kept.append(build_method(spec, weights).to(dtype))
        return kept[0]

    def views(*arguments: Any) -> list[list[Tensor]]:
        return [[view.to(dtype) for view in step] for step in make_views_of_steps(*arguments)]

    with (
        patch("datayield.run.loop.member.methods.build", build),
        patch("datayield.run.loop.batches.make_views_of_steps", views),
    ):
        _run(spec_of_steps(name), folder)
    return {
        "weights": {key: value.detach().clone() for key, value in kept[0].named_parameters()},
        "buffers": {key: value.clone() for key, value in kept[0].named_buffers()},
    }


def all_trained(
    folder: Path, cases: list[tuple[str, torch.dtype]]
) -> dict[tuple[str, torch.dtype], dict[str, dict[str, Tensor]]]:
    """Every case in this process of a pair."""
    return {
        (name, dtype): trained(name, folder / str(rank()) / f"{name}-{dtype}", dtype)
        for name, dtype in cases
    }


def apart(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    """The distance between two sets of weights, relative to their length."""
    pairs = [(ours[name].double(), value.double()) for name, value in theirs.items()]
    squares = sum(float((a - b).square().sum()) for a, b in pairs)
    return float((squares / sum(float(b.square().sum()) for _, b in pairs)) ** 0.5)


def _run(spec: RunSpec, folder: Path, stop: Event | None = None, stop_at: int = -1) -> None:
    stop = stop or Event()
    loop = pretrain(
        spec, training_data_of(40), RunFolder(folder), shares=(1.0,), device=CPU, stop=stop
    )
    for tick in loop:
        if tick.step >= stop_at >= 0:
            stop.set()


def processes_recorded(folder: Path) -> tuple[int, int]:
    """Of a finished run: how many processes, and how many images all of them were shown."""
    spec, mine = spec_of(), folder / str(rank())
    _run(spec, mine)
    spent = RunFolder(mine).run_cost()
    assert spent is not None
    return spent.processes, spent.images


def one_wants_to_stop(folder: Path) -> tuple[str, int]:
    """What both say when only the second is asked to stop, and the step that they saved."""
    mine = RunFolder(folder / str(rank()))
    said = ""
    try:
        _run(spec_of(), mine.path, stop_at=7 if rank() == 1 else -1)
    except DatayieldError as error:
        said = f"{type(error).__name__}: {error.message}"
    return said, int(torch.load(mine.state, weights_only=True)["step"])


def without_averaging(folder: Path) -> str:
    """What is said of processes that went ways of their own."""
    with patch("datayield.run.loop.step.average_gradients", lambda _: None):
        return _said(lambda: _run(spec_of(), folder / str(rank())))


def _said(act: Any) -> str:
    try:
        act()
    except DatayieldError as error:
        return f"{type(error).__name__}: {error.text()}"
    return ""


def _led(folder: Path, ours: TrainingData, theirs: TrainingData) -> str:
    """Lead a run on `ours` while the other process follows with `theirs`; what the leader says."""
    spec, home = spec_of(), RunFolder(folder)
    if rank() == 0:

        def lead() -> None:
            parallel.order_followers(spec, ours, home)
            _run(spec, folder)

        return _said(lead)
    with patch("datayield.run.distributed.training_data_of", lambda *_: theirs):
        heard = parallel._broadcast(None)
        assert heard is not None
        parallel._follow_order(heard, CPU, Event())
    return ""


def other_images(folder: Path) -> tuple[str, bool]:
    """The follower holds other images: what the leader says; whether anything was trained."""
    other = training_data_of(40)._replace(data_digest="other pixels")
    return _led(folder, training_data_of(40), other), RunFolder(folder).log.exists()


def not_finite_then_fine(folder: Path) -> tuple[str, str, bool]:
    """A loss that breaks, and after it a run by the same leader and follower."""
    real, calls = contrastive.nt_xent, 0

    def breaks(z: Tensor, temperature: float) -> Tensor:
        nonlocal calls
        calls += 1
        return real(z, temperature) * (float("nan") if calls == 8 else 1.0)

    with patch("datayield.methods.simclr.nt_xent", breaks):
        broken = _led(folder / "broken", training_data_of(40), training_data_of(40))
    fine = _led(folder / "fine", training_data_of(40), training_data_of(40))
    return broken, fine, RunFolder(folder / "fine").run_cost() is not None


def _print_table(folder: Path) -> None:
    both_types = torch.float32, torch.float64
    cases = [(name, dtype) for name in METHOD_SPECS for dtype in both_types]
    two = both(all_trained, folder / "two", cases)[0]
    print(f"distance of all weights after {STEPS} steps, relative to their length")  # noqa: T201
    for name in METHOD_SPECS:
        one32, one64 = (trained(name, folder / f"{name}{d}", d)["weights"] for d in both_types)
        two32, two64 = (two[name, dtype]["weights"] for dtype in both_types)
        print(  # noqa: T201
            f"{name:14} float64, two and one {apart(two64, one64):.1e}"
            f"  float32, two and one {apart(two32, one32):.1e}"
            f"  float32 from float64: two {apart(two32, one64):.1e}, one {apart(one32, one64):.1e}"
        )


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        _print_table(Path(scratch))
