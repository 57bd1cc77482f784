"""Several runs of one shape as one batched network: their weights side by side, one forward pass.

Each run keeps its own method, whose weights and buffers become slices of the stacked ones, and so
its own optimizer, teacher, checkpoints and states. A run's bits depend on its place and on how many
places there are, not on who else is there: copies take the places of runs that are missing. Only
the forward and the backward pass are common: `torch.func.vmap` turns every operation into one on
all runs. Where a step waits for its launches, as small networks do on a GPU, K runs then take
little longer than one. On a CPU, where the operations themselves take the time, it does not pay
(docs/explanation/stacking.md).
"""

import copy
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.func import functional_call, vmap
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from datayield.methods import Loss, Method, drawn
from datayield.run.loop.batches import Batch
from datayield.run.loop.step import rate_at, seed_layers, stream_at, update
from datayield.spec.run import AnyObjective, RunSpec

# Numbers of an objective that may differ within a stack: its loss is multiplied or divided by them.
# Others decide which operations are made at all, such as the step at which a queue is first used.
VARIED = ("temperature", "beta", "scale", "invariance", "variance", "covariance", "sigreg")


class StackedNetwork:
    """The methods of runs at some of `size` places; copies of the first are at the others.

    Made once the methods are on their device, before their optimizers are. `losses` gives a loss
    for each place, `backward` fills in the gradients of every method's own parameters.
    """

    def __init__(
        self, methods: Sequence[Method], places: Sequence[int] = (), size: int | None = None
    ) -> None:
        self.places = tuple(places or range(len(methods)))
        at = dict(zip(self.places, methods, strict=True))
        size = size or len(methods)
        methods = [at[k] if k in at else copy.deepcopy(methods[0]) for k in range(size)]
        self.methods = tuple(methods)
        self._base = methods[0]
        self._weights = _stacked([dict(m.named_parameters()) for m in methods])
        self._buffers = _stacked([dict(m.named_buffers()) for m in methods])
        for k, method in enumerate(methods):
            for name, parameter in method.named_parameters():
                parameter.data = self._weights[name].detach()[k]
            for name, _ in list(method.named_buffers()):
                owner, _, last = name.rpartition(".")
                method.get_submodule(owner)._buffers[last] = self._buffers[name][k]
        device = next(iter(self._weights.values())).device
        self._varied = _varied([m.spec for m in methods], device)

    def leave(self, going: Sequence[bool]) -> None:
        """Only the methods for which `going` is true are trained from now on."""
        self.places = tuple(k for k, goes in zip(self.places, going, strict=True) if goes)

    def losses(self, batches: Sequence[Batch], t: float) -> Loss:
        """The losses at the K places, and their terms: [K] each; a batch for each method given."""
        at = dict(zip(self.places, batches, strict=True))
        batches = [at.get(k, batches[0]) for k in range(len(self.methods))]
        views = [torch.stack(same) for same in zip(*(b.views for b in batches), strict=True)]
        targets = [torch.stack(same) for same in zip(*(b.targets for b in batches), strict=True)]

        def one(
            weights: dict[str, Tensor],
            buffers: dict[str, Tensor],
            varied: dict[str, Tensor],
            views: list[Tensor],
            targets: list[Tensor],
        ) -> tuple[Tensor, dict[str, Tensor]]:
            with _Spec(self._base, varied), _WideNorm():
                total, terms = functional_call(self._base, (weights, buffers), (views, t, *targets))
            return total, terms

        with _attention(views[0]):
            total, terms = vmap(one, randomness="different")(
                self._weights, self._buffers, self._varied, views, targets
            )
        return Loss(total, terms)

    def backward(self, total: Tensor) -> None:
        """Set the gradients of every method's parameters to those of its own loss in `total` [K].

        A parameter that took no part has none, as for a run alone.
        """
        for weight in self._weights.values():
            weight.grad = None
        torch.autograd.backward(total.sum())
        for k in self.places:
            for name, parameter in self.methods[k].named_parameters():
                slope = self._weights[name].grad
                parameter.grad = None if slope is None else slope[k]


class Stacked(Protocol):
    """One run of a stack: what a step needs of it."""

    spec: RunSpec
    method: Method
    optimizer: torch.optim.Optimizer


def stacked_step(
    network: StackedNetwork,
    runs: Sequence[Stacked],
    ready: Sequence[Batch],
    step: int,
    seed: int = 0,
) -> list[Loss]:
    """One step of all `runs`, on a batch each: their losses before it, still on the device.

    What objectives sample is what each would sample alone; layers of an encoder that sample, such
    as dropout, draw from one stream for all, of `seed`.
    """
    spec, device = runs[0].spec, ready[0].views[0].device.type
    t, whole = step / spec.steps, []
    for run, batch in zip(runs, ready, strict=True):
        seed_layers(stream_at(run.spec.seed, step), device)
        whole.append(Batch(batch.views, (*batch.targets, *drawn(run.method, batch.views))))
    seed_layers(stream_at(seed, step), device)
    with torch.autocast(device, torch.bfloat16, enabled=spec.precision == "bf16"):
        losses = network.losses(whole, t)
    network.backward(losses.total)
    for run in runs:
        update(run.method, run.optimizer, run.spec, t, rate_at(run.spec, step))
    return [
        Loss(losses.total[k], {name: term[k] for name, term in losses.terms.items()})
        for k in network.places
    ]


def _stacked(tensors: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Each name's tensors side by side, [K, ...]: leaves that require what they required."""
    return {
        name: torch.stack([of[name].detach() for of in tensors]).requires_grad_(
            tensors[0][name].requires_grad
        )
        for name in tensors[0]
    }


def _varied(specs: Sequence[AnyObjective], device: torch.device) -> dict[str, Tensor]:
    """The numbers of the objectives that may differ, [K] each.

    Tensors also where they are equal: a device rounds a division by a plain number differently.
    """
    first = specs[0]
    names = [name for name in VARIED if hasattr(first, name)]
    values = {name: [getattr(spec, name) for spec in specs] for name in names}
    return {
        name: torch.tensor(of, dtype=torch.float64, device=device) for name, of in values.items()
    }


class _Spec:
    """Within the context, `method` reads the objective's numbers that differ from `varied`."""

    def __init__(self, method: Any, varied: dict[str, Tensor]) -> None:
        self._method, self._spec, self._numbers = method, method.spec, varied

    def __enter__(self) -> None:
        if self._numbers:
            self._method.spec = self

    def __exit__(self, *_: object) -> None:
        self._method.spec = self._spec

    def __getattr__(self, name: str) -> Any:
        numbers = self.__dict__["_numbers"]
        return numbers[name] if name in numbers else getattr(self.__dict__["_spec"], name)


class _WideNorm(TorchFunctionMode):
    """BatchNorm of bfloat16 in float32, rounded at the end.

    Alone it computes so too, with float32 weights; batched, torch wants one type for all of them.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is not F.batch_norm or args[0].dtype != torch.bfloat16:
            return func(*args, **kwargs)
        x, *others = args
        return func(x.float(), *others, **kwargs).to(x.dtype)


def _attention(x: Tensor) -> AbstractContextManager[Any]:
    """On a CPU torch's fused attention takes one run after another: as products it is batched."""
    plain = [SDPBackend.MATH]
    every = [*plain, SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]
    return sdpa_kernel(plain if x.device.type == "cpu" else every)


class StackShape(NamedTuple):
    """What runs of one stack have in common."""

    encoder: str
    method: str
    views: tuple[Any, ...]
    batch: int
    steps: int
    precision: str
    optim: str
    labelled: bool


def shape_of(spec: RunSpec) -> StackShape:
    """Runs may be stacked if their shapes are equal.

    Seed, images, learning rate, decay and schedule may differ, as may an objective's weights.
    """
    method = spec.method.model_dump()
    for name in (*VARIED, "momentum"):  # a teacher moves by itself
        method.pop(name, None)
    return StackShape(
        encoder=spec.encoder.model_dump_json(),
        method=json.dumps(method, sort_keys=True),
        views=spec.views,
        batch=spec.batch,
        steps=spec.steps,
        precision=spec.precision,
        optim=spec.optim.name,
        labelled=spec.label is not None,
    )
