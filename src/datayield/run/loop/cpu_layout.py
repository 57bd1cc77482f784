"""Memory format and threads of a run on a CPU, as `datayield doctor --measure` found them fastest.

Chosen as a run begins, from the kept measurement, and kept in its state: a run that is continued
goes on in the same way.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from datayield.nets.distributed import world_size
from datayield.run.device import cores
from datayield.spec.environment import threads_wanted
from datayield.spec.run import EncoderSpec
from datayield.store.cpu_settings import USUAL, CpuSettings, Layout, Rates, fastest_settings

FORMATS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}


def rates_here() -> Rates:
    """What was measured on this machine with this torch."""
    return Rates(cores(), str(torch.__version__))


def choose_settings(encoder: EncoderSpec, precision: str, device: torch.device) -> CpuSettings:
    """How a run is to begin. With a GPU or several processes: as ever."""
    if device.type != "cpu" or world_size() > 1:
        return CpuSettings(USUAL, None, "measured for one process on a CPU only")
    threads, fixed = torch.get_num_threads(), threads_wanted()
    return fastest_settings(rates_here().load(), encoder, precision, threads, fixed)


def apply_settings(method: nn.Module, layout: Layout, threads: int | None) -> None:
    """Weights in `layout`, in place, and this process at `threads`; OMP_NUM_THREADS holds."""
    method.to(memory_format=FORMATS[layout])
    if threads is not None and not threads_wanted():
        torch.set_num_threads(min(threads, cores()))


def to_memory_format(views: list[Tensor], layout: Layout) -> list[Tensor]:
    """Views [B, 3, S, S] in `layout`; those that are so already are not copied."""
    return [view.contiguous(memory_format=FORMATS[layout]) for view in views]


@contextmanager
def restore_threads() -> Iterator[None]:
    """After the block the process has as many threads as before it."""
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
