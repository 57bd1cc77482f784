"""Memory format and threads of a CPU run: the fastest found by `datayield doctor --measure`.

Chosen when a run starts, from the cached measurement, and saved in its state, so that a resumed run
uses the same settings.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from datayield.nets.distributed import world_size
from datayield.spec.environment import cores, threads_wanted
from datayield.spec.run import EncoderSpec, RunSpec, flops_per_image
from datayield.store.cpu_settings import USUAL, CpuSettings, Layout, Rates, fastest_settings

ONE_THREAD_BELOW = 2e9  # FLOPs a step
FORMATS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


def rates_here() -> Rates:
    """The rates measured on this machine with this torch version."""
    return Rates(cores(), str(torch.__version__))


def choose_settings(encoder: EncoderSpec, precision: str, device: torch.device) -> CpuSettings:
    """The settings that a run starts with; the defaults with a GPU or several processes."""
    if device.type != "cpu" or world_size() > 1:
        return CpuSettings(USUAL, None, "measured for one process on a CPU only")
    threads, fixed = torch.get_num_threads(), threads_wanted()
    return fastest_settings(rates_here().load(), encoder, precision, threads, fixed)


def settings_of(spec: RunSpec, device: torch.device) -> CpuSettings:
    """The settings that a run starts with: one thread where its steps are small.

    There threads mostly wait for each other: a second one adds little on an idle machine, and
    takes most away on a busy one, where the thread that the other waits for may have lost its core
    (`benchmarks/threads.py`). OMP_NUM_THREADS takes precedence.
    """
    usual = choose_settings(spec.encoder, spec.precision, device)
    flops = flops_per_image(spec)
    small = flops is not None and flops * spec.batch < ONE_THREAD_BELOW
    if device.type != "cpu" or world_size() > 1 or threads_wanted() or not small:
        return usual
    rates = rates_here().load()
    layout = fastest_settings(rates, spec.encoder, spec.precision, 1, fixed=True).layout
    return CpuSettings(layout, 1, "its steps are too small to share among threads")


def apply_settings(method: nn.Module, layout: Layout, threads: int | None) -> None:
    """Set `layout` of the weights, in place, and `threads`; OMP_NUM_THREADS takes precedence."""
    method.to(memory_format=FORMATS[layout])
    if threads is not None and not threads_wanted():
        torch.set_num_threads(min(threads, cores()))


def to_memory_format(views: list[Tensor], layout: Layout) -> list[Tensor]:
    """Views [B, 3, S, S] in `layout`; copied only if necessary."""
    return [view.contiguous(memory_format=FORMATS[layout]) for view in views]


@contextmanager
def restore_threads() -> Iterator[None]:
    """Restore the process's number of threads after the block."""
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
