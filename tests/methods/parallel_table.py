"""How far two processes with half of each batch are from one process with all of it, in float64.

`python -m tests.methods.parallel_table` prints the largest relative differences per method.
"""

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from datayield import methods
from datayield.nets.gather import average_gradients, mine, rank
from datayield.nets.sync_norm import synchronised
from datayield.optim.build import build as build_optimizer
from datayield.spec.method import METHOD_SPECS
from datayield.spec.run import OptimSpec
from tests.methods.test_methods import batch, run_spec

PROCESSES = 2
STEPS = 2
# Knobs that put a threshold between t = 0 and t = 0.5, where a method has one.
THRESHOLDS: dict[str, dict[str, Any]] = {
    "dino": {"freeze": 0.3},
    "swav": {"freeze": 0.3, "queue_from": 0.3},
}


class Case(NamedTuple):
    """A method, how many views it gets, and how much of its budget is spent."""

    name: str
    views: int
    t: float


CASES = [Case(name, views, t) for name in METHOD_SPECS for views in (2, 3) for t in (0.0, 0.5)]
Results = dict[str, dict[str, Tensor]]  # what of it -> name -> value


def results(case: Case) -> Results:
    """Loss, gradients and buffers of a first step, then all state after two optimizer steps."""
    spec = run_spec(case.name, views=case.views, **THRESHOLDS.get(case.name, {}))
    method = synchronised(methods.build(spec)).double()
    optimizer = build_optimizer(method, OptimSpec(lr=1e-2))
    found: Results = {}
    for step in range(STEPS):
        torch.manual_seed(step)  # as the loop does
        views = [view.double()[mine(len(view))] for view in batch(case.views, seed=step)]
        loss = method(views, case.t)
        loss.total.backward()
        average_gradients(method.parameters())
        if step == 0:
            found["loss"] = {"total": loss.total.detach(), **loss.terms}
            found["gradient"] = {
                name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None
            }
            found["buffers"] = {name: b.clone() for name, b in method.named_buffers()}
        optimizer.step()
        optimizer.zero_grad()
        method.after_step(case.t)
    found["state"] = {name: value.clone() for name, value in method.state_dict().items()}
    return found


def difference(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> float:
    """Largest difference of any tensor, relative to its own largest entry.

    A tensor that ought to be zero is held against a millionth of the largest of them all.
    """
    assert ours.keys() == theirs.keys()
    largest = max(float(value.abs().max()) for value in theirs.values())
    return max(
        float((ours[name] - value).abs().max()) / max(float(value.abs().max()), 1e-6 * largest)
        for name, value in theirs.items()
    )


@cache
def of_processes() -> list[dict[Case, Results]]:
    """All cases as each of the two processes has them; one pair goes through all."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "error", "-m", "tests.methods.parallel_table", folder]
        env = {**os.environ, "WORLD_SIZE": str(PROCESSES), "OMP_NUM_THREADS": "1"}
        started = [
            subprocess.Popen(command, env={**env, "RANK": str(i)}, cwd=Path(__file__).parents[2])
            for i in range(PROCESSES)
        ]
        assert [process.wait(timeout=300) for process in started] == [0] * PROCESSES
        return [
            {Case(*key): value for key, value in torch.load(Path(folder) / f"{i}.pt").items()}
            for i in range(PROCESSES)
        ]


def _one_of_them(folder: str) -> None:
    i = int(os.environ["RANK"])
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=i, world_size=PROCESSES
    )
    assert rank() == i
    torch.save({tuple(case): results(case) for case in CASES}, Path(folder) / f"{i}.pt")
    dist.destroy_process_group()


def _print_table() -> None:
    kinds = ("loss", "gradient", "buffers", "state")
    print("largest relative difference, float64", *kinds, sep="\t")  # noqa: T201
    for name in METHOD_SPECS:
        found = dict.fromkeys(kinds, 0.0)
        for case in CASES:
            if case.name == name:
                alone = results(case)
                for kind in kinds:
                    for process in of_processes():
                        apart = difference(process[case][kind], alone[kind])
                        found[kind] = max(found[kind], apart)
        print(name, *(f"{value:.1e}" for value in found.values()), sep="\t")  # noqa: T201


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _one_of_them(sys.argv[1])
    else:
        torch.set_num_threads(1)
        _print_table()
