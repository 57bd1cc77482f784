"""How far two processes with half of each batch are from one process with all of it, in float64.

`python -m tests.methods.parallel_table` prints the largest relative differences per method.
"""

from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from datayield import methods
from datayield.nets.distributed import average_gradients, local_slice
from datayield.nets.sync_norm import synchronised
from datayield.optim.build import build as build_optimizer
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.optim import OptimSpec
from tests.methods.test_methods import batch, run_spec
from tests.pair import both

STEPS = 2
# Knobs that put a threshold between t = 0 and t = 0.5, where a method has one.
THRESHOLDS: dict[str, dict[str, Any]] = {
    "dino": {"freeze": 0.3},
    "swav": {"freeze": 0.3, "queue_from": 0.3},
}


class Case(NamedTuple):
    """A method, how many views it gets, how much of its budget is spent, and small crops."""

    name: str
    views: int
    t: float
    small: int = 0


CASES = [Case(name, views, t) for name in METHOD_SPECS for views in (2, 3) for t in (0.0, 0.5)]
CASES += [Case(name, 2, 0.5, small=2) for name in METHOD_SPECS if METHOD_SPECS[name].takes_crops]
CASES += [Case("simmim", 1, 0.5)]
Results = dict[str, dict[str, Tensor]]  # what of it -> name -> value


def results(case: Case) -> Results:
    """Loss, gradients and buffers of a first step, then all state after two optimizer steps."""
    spec = run_spec(case.name, views=case.views, **THRESHOLDS.get(case.name, {}))
    method = synchronised(methods.build(spec)).double()
    optimizer = build_optimizer(method, OptimSpec(lr=1e-2))
    tensors: Results = {}
    for step in range(STEPS):
        torch.manual_seed(step)  # as the loop does
        views = batch(case.views + case.small, seed=step)
        views[case.views :] = [view[..., ::2, ::2] for view in views[case.views :]]
        views = [view.double()[local_slice(len(view))] for view in views]
        loss = method(views, case.t)
        loss.total.backward()
        average_gradients(method.parameters())
        if step == 0:
            tensors["loss"] = {"total": loss.total.detach(), **loss.terms}
            tensors["gradient"] = {
                name: p.grad.clone() for name, p in method.named_parameters() if p.grad is not None
            }
            tensors["buffers"] = {name: b.clone() for name, b in method.named_buffers()}
        optimizer.step()
        optimizer.zero_grad()
        method.after_step(case.t)
    tensors["state"] = {name: value.clone() for name, value in method.state_dict().items()}
    return tensors


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


def all_results() -> dict[tuple[Any, ...], Results]:
    """Every case, in this process."""
    return {tuple(case): results(case) for case in CASES}


@cache
def of_processes() -> list[dict[tuple[Any, ...], Results]]:
    """All cases as each of the two processes has them."""
    return both(all_results)


def differences(case: Case) -> dict[str, float]:
    """Kind of result -> the largest difference of either process from one that is alone."""
    alone = results(case)
    pair = of_processes()
    return {kind: max(difference(one[case][kind], alone[kind]) for one in pair) for kind in alone}


def _print_table() -> None:
    print("largest relative difference, float64")  # noqa: T201
    for name in METHOD_SPECS:
        largest = [differences(case) for case in CASES if case.name == name]
        most = (f"{kind} {max(one[kind] for one in largest):.1e}" for kind in largest[0])
        print(f"{name:14}", *most, sep="  ")  # noqa: T201


if __name__ == "__main__":
    torch.set_num_threads(1)
    _print_table()
