"""`torch.compile` for the loss of a run, behind a switch: DATAYIELD_COMPILE=1, off by default.

Fused kernels round in a different order, so results agree within tolerance and are not
bit-identical. A run continues as it began, whatever the switch says when it resumes, and its cost
record says whether it was compiled.
"""

import os
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from datayield.methods import Loss, Method, SimMIM
from datayield.methods.dino import DINO
from datayield.methods.swav import SwAV
from datayield.nets.distributed import world_size
from datayield.run.loop.compiled_check import disagreement
from datayield.spec.environment import cache_dir

Backend = str | Callable[..., Any]

SPECS = 64  # graphs of one method in one process: of its numbers, phases and shapes of views


class CompiledLoss:
    """A method's loss, encoder and heads included, as one graph; a number is passed as a tensor.

    Numbers that change from step to step must not be constants of the graph. Each graph is compared
    with the plain loss before its first step (`compiled_check`). Where the compiler fails or is
    wrong, `problem` says so and the loss is computed plainly from then on. Both passes are compiled
    before anything is computed, so a step is never taken twice.
    """

    def __init__(self, module: nn.Module, plain: Callable[..., Loss], backend: Backend) -> None:
        self.module, self.plain, self._graph = module, plain, plain
        self.problem, self._checked = compiler_problem(backend), set[Any]()
        if not self.problem:
            self._graph = torch.compile(plain, fullgraph=True, dynamic=False, backend=backend)

    def __call__(self, *args: Any) -> Loss:
        """The loss; the arguments are those of the method's own."""
        if not self.problem:
            try:
                self._check(args)
                if not self.problem:
                    return self._compiled(*args)
            except Exception as error:
                if not _of_the_compiler(error):
                    raise
                self.problem = _first_line(error)
        return self.plain(*args)

    def _compiled(self, *args: Any) -> Loss:
        loss: Loss = self._graph(*map(_as_tensor, args))
        return loss

    def _check(self, args: tuple[Any, ...]) -> None:
        device = args[0][0].device
        modes = (self.module.training, torch.is_autocast_enabled(device.type))
        graph = (*modes, *map(_fixed, args))
        if graph not in self._checked:
            self._checked.add(graph)
            self.problem = disagreement(self.module, self.plain, self._compiled, args, device)


def compile_loss(method: Method, backend: Backend = "inductor") -> CompiledLoss | None:
    """Compile the loss of `method` in place, forward and backward; None where it stays plain.

    Names of parameters stay, so states and checkpoints are unchanged. There is one graph per shape
    of the views and phase of the schedule, kept on disk for all runs of a study that share them.
    Plain are runs of several processes, which exchange tensors within the loss, and SimMIM with a
    ViT, which hides patches by a hook that changes with the step. Views are never compiled: their
    blur and hue apply to a different number of images at each step.
    """
    hides = isinstance(method, SimMIM) and method.encoder.prefix > 0
    if world_size() > 1 or hides:
        return None
    _configure()
    part = "loss_at" if isinstance(method, DINO | SwAV) else "forward"  # without a schedule
    compiled = CompiledLoss(method, getattr(method, part), backend)
    setattr(method, part, compiled)
    return compiled


@cache
def compiler_problem(backend: Backend) -> str:
    """Why this process cannot compile at all, from a graph of one operation; empty if it can.

    So that runs after the first do not each spend seconds on finding out.
    """
    try:
        torch.compile(torch.sin, backend=backend)(torch.ones(2))
    except Exception as error:
        if not _of_the_compiler(error):
            raise
        return _first_line(error)
    return ""


def _configure() -> None:
    """Settings of the compiler: where it keeps its files, and that dropout draws as without it."""
    # One thread: no pool of processes beside each worker, which would outlive one that is killed.
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    import torch._dynamo.config as dynamo  # a second, which only those who compile wait for
    import torch._functorch.config as functorch
    import torch._inductor.config as inductor
    from torch._inductor.runtime.cache_dir_utils import default_cache_dir

    usual = default_cache_dir()  # which torch itself may have set in the meantime
    if os.environ.get("TORCHINDUCTOR_CACHE_DIR", usual) == usual:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache_dir() / "compiled")
    dynamo.recompile_limit = SPECS
    functorch.force_non_lazy_backward_lowering = True
    inductor.fallback_random = True
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\._inductor")


def _as_tensor(value: Any) -> Any:
    return torch.tensor(value, dtype=torch.float64) if isinstance(value, float) else value


def _fixed(value: Any) -> Any:
    """What a graph is made for, of an argument of the loss: not the values of numbers."""
    if isinstance(value, Tensor):
        return value.shape, value.stride(), value.dtype
    if isinstance(value, list | tuple):
        return tuple(map(_fixed, value))
    return None if isinstance(value, float) else value


def _of_the_compiler(error: Exception) -> bool:
    from torch._dynamo.exc import FailOnRecompileLimitHit, TorchDynamoException

    return isinstance(error, TorchDynamoException | FailOnRecompileLimitHit | OSError)


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line), type(error).__name__)
