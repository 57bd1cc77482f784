"""How far a loss is from its independent implementations, and from its own symmetries."""

import importlib.util
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from tests.agreement.cases import SIZES, VIEWS, Case, Loss


class Got(NamedTuple):
    """A loss and its gradient with respect to the first input."""

    value: Tensor
    gradient: Tensor


def has_lightly() -> bool:
    return importlib.util.find_spec("lightly") is not None


def by_lightly(case: Case) -> Loss:
    """Lightly's version of a case; ImportError without lightly."""
    from tests.agreement import lightly_losses

    assert case.by_lightly is not None
    loss: Loss = getattr(lightly_losses, case.by_lightly)
    return loss


def gap(a: Tensor, b: Tensor) -> float:
    """Largest difference of entries, or that over the largest entry of `b` where it is below 1.

    So neither a small gradient nor a large loss passes for close.
    """
    return float((a.double() - b.double()).abs().max() / b.double().abs().max().clamp(max=1))


def relative(a: Tensor, b: Tensor) -> float:
    """Largest difference of entries, over the largest entry of `b`."""
    return float((a.double() - b.double()).abs().max() / b.double().abs().max())


def run(loss: Loss, inputs: list[Tensor]) -> Got:
    first = inputs[0].detach().clone().requires_grad_()
    value = loss(first, *(x.detach() for x in inputs[1:]))
    (gradient,) = torch.autograd.grad(value, first)
    return Got(value.detach(), gradient)


def widest(a: Got, b: Got) -> float:
    return max(gap(a.value, b.value), gap(a.gradient, b.gradient))


def everything(case: Case, views: tuple[int, ...] = VIEWS) -> Iterator[list[Tensor]]:
    """Inputs of all numbers of views and sizes of batch and embedding."""
    for count in views:
        for seed, (batch, dim) in enumerate(SIZES):
            yield case.inputs(count, batch, dim, seed)


def from_published(case: Case) -> Got:
    """The gaps of value and gradient from the loops."""
    pairs = [(run(case.ours, x), run(case.published, x)) for x in everything(case)]
    value = max(gap(a.value, b.value) for a, b in pairs)
    gradient = max(gap(a.gradient, b.gradient) for a, b in pairs)
    return Got(torch.tensor(value), torch.tensor(gradient))


def from_lightly(case: Case) -> float:
    """The wider gap of value and gradient, over the views that lightly can take."""
    loss = by_lightly(case)
    return max(
        widest(run(case.ours, x), run(loss, x)) for x in everything(case, case.lightly_views)
    )


def gradient_is_right(case: Case) -> bool:
    """torch.autograd.gradcheck, with central differences, at every number of views."""
    for count in VIEWS:
        first, *others = case.inputs(count, *SIZES[0])
        if not torch.autograd.gradcheck(
            lambda z, others=others: case.ours(z, *others),
            first.requires_grad_(),
            raise_exception=False,
        ):
            return False
    return True


def order_of_images(case: Case) -> float:
    """How much value or gradient change when the images of the batch change places."""
    widths = []
    for x in everything(case):
        order = torch.arange(x[0].shape[1]).flip(0).roll(1)
        before, after = run(case.ours, x), run(case.ours, [z[:, order] for z in x])
        widths.append(widest(after, Got(before.value, before.gradient[:, order])))
    return max(widths)


def view_orders(views: int, parts: tuple[int, ...]) -> list[Tensor]:
    """Views reversed and rolled, those of each part, and the rest, among themselves."""
    groups = torch.arange(views).split([*parts, views - sum(parts)])
    return [
        torch.cat([group.flip(0) for group in groups]),
        torch.cat([group.roll(1) for group in groups]),
    ]


def order_of_views(case: Case) -> float:
    """How much value or gradient change when views that are alike change places."""
    widths = []
    for x in everything(case):
        before = run(case.ours, x)
        for order in view_orders(len(x[0]), case.parts):
            after = run(case.ours, [z[order] for z in x])
            widths.append(widest(after, Got(before.value, before.gradient[order])))
    return max(widths)


def across_parts(case: Case) -> float | None:
    """The least change of the loss when views of different parts change places.

    None where all views are alike. Not a symmetry of the loss: it should be far from zero.
    """
    if not case.parts:
        return None
    changes = []
    for x in everything(case, VIEWS[1:]):
        order = torch.arange(len(x[0])).flip(0)
        changes.append(gap(case.ours(*(z[order] for z in x)), case.ours(*x)))
    return min(changes)


def from_float32(case: Case) -> Got:
    """Largest relative differences of value and gradient between float32 and float64."""
    values, gradients = [], []
    for x in everything(case):
        single = [z.float() for z in x]
        low, high = run(case.ours, single), run(case.ours, [z.double() for z in single])
        assert low.value.dtype == torch.float32
        values.append(relative(low.value, high.value))
        gradients.append(relative(low.gradient, high.gradient))
    return Got(torch.tensor(max(values)), torch.tensor(max(gradients)))
