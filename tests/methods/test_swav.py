"""What is particular to SwAV as a method: prototypes, their freeze, and the queue."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from datayield import methods
from datayield.maths.clustering import sinkhorn, swapped_prediction
from datayield.optim.build import build as build_optimizer
from datayield.spec.run.method import SwAVSpec
from datayield.spec.run.optim import OptimSpec
from tests.methods.test_methods import batch, run_spec


def embedded(method: Any, views: list[Tensor]) -> Tensor:
    z = method.projector(method.encoder(torch.cat(views)))
    return torch.stack(F.normalize(z, dim=-1).chunk(len(views)))


def step(method: Any, optimizer: torch.optim.Optimizer, t: float, seed: int = 0) -> None:
    method(batch(seed=seed), t).total.backward()
    optimizer.step()
    optimizer.zero_grad()
    method.after_step(t)


@pytest.mark.parametrize("count", [2, 4])
def test_without_a_queue_codes_are_of_the_first_two_views_in_the_batch(count: int) -> None:
    method = methods.build(run_spec("swav", views=count, queue=0))
    views = batch(count)
    scores = embedded(method, views) @ method.prototypes.T
    codes = torch.stack([sinkhorn(view, 0.05, 3) for view in scores[:2].detach()])
    assert torch.equal(method(views, 0.9).total, swapped_prediction(scores, codes, 0.1))


def test_the_order_of_two_views_does_not_matter() -> None:
    method = methods.build(run_spec("swav", queue=0))
    views = batch()
    torch.testing.assert_close(method(views[::-1], 0.5).total, method(views, 0.5).total)


def test_the_queue_takes_part_once_its_share_has_come() -> None:
    def after(t: float, queue: int) -> tuple[Any, Tensor]:
        method = methods.build(run_spec("swav", queue=queue, queue_from=0.4))
        for seed in range(2):
            method(batch(seed=seed), 0.0)
        return method, method(batch(seed=2), t).total

    assert torch.equal(after(0.39, 40)[1], after(0.39, 0)[1])
    assert not torch.isclose(after(0.4, 40)[1], after(0.4, 0)[1], rtol=1e-5)

    method = methods.build(run_spec("swav", queue=40, queue_from=0.4))
    seen = [embedded(method, batch(seed=seed)).detach() for seed in range(2)]
    z = embedded(method, batch(seed=2))
    scores = z @ method.prototypes.T
    # 32 embeddings of 40 are there: the newest first, and the empty rows do not count.
    codes = torch.stack(
        [
            sinkhorn((torch.cat([now, new, old]) @ method.prototypes.T).detach(), 0.05, 3)[:16]
            for now, new, old in zip(z, seen[1], seen[0], strict=True)
        ]
    )
    want = swapped_prediction(scores, codes, 0.1)
    torch.testing.assert_close(after(0.4, 40)[1], want, rtol=1e-5, atol=0)


def test_the_queue_keeps_the_newest_and_only_while_training() -> None:
    method = methods.build(run_spec("swav", queue=24))
    assert method.queue.shape == (2, 24, 12)
    assert not method.queue.any()
    seen = [embedded(method, batch(seed=seed)).detach() for seed in range(2)]
    for seed in range(2):
        method(batch(seed=seed), 0.0)
    want = torch.cat([seen[1], seen[0]], dim=1)[:, :24]
    torch.testing.assert_close(method.queue, want)
    method.eval()(batch(seed=2), 0.0)
    torch.testing.assert_close(method.queue, want)


def test_a_batch_longer_than_the_queue_fills_it() -> None:
    method = methods.build(run_spec("swav", queue=10))
    method(batch(), 0.0)
    assert bool(method.queue.any(dim=-1).all())


@pytest.mark.parametrize("name", ["adamw", "sgd", "lars"])
def test_prototypes_stand_still_then_move_on_the_sphere(name: Any) -> None:
    method = methods.build(run_spec("swav", freeze=0.2))
    optimizer = build_optimizer(method, OptimSpec(name=name, lr=1e-1, weight_decay=0.1))
    before = method.prototypes.detach().clone()
    torch.testing.assert_close(before.norm(dim=1), torch.ones(20))
    head = method.projector[0].weight.detach().clone()
    for seed in range(3):
        step(method, optimizer, 0.19, seed)
    assert torch.equal(method.prototypes, before)
    assert not torch.equal(method.projector[0].weight, head)
    step(method, optimizer, 0.2)
    assert not torch.isclose(method.prototypes, before, rtol=1e-4).all()
    torch.testing.assert_close(method.prototypes.norm(dim=1).detach(), torch.ones(20))


def test_codes_carry_no_gradient() -> None:
    method = methods.build(run_spec("swav", queue=16, queue_from=0.0))
    method(batch(), 0.5)
    method(batch(seed=1), 0.5).total.backward()
    assert not method.queue.requires_grad


def test_published_epochs_as_shares() -> None:
    spec = SwAVSpec()
    assert (spec.queue_from, spec.freeze) == (50 / 1000, 2 / 1000)
    assert (spec.queue, spec.epsilon, spec.iterations) == (3840, 0.05, 3)
