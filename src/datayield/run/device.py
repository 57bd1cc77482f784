"""The device a run uses: chosen, checked, described."""

import ctypes
import platform
import sys
from importlib.metadata import version
from typing import Literal

import torch

from datayield import __version__
from datayield.run.device_names import check_device_name
from datayield.spec.environment import process_rank
from datayield.spec.errors import ConfigError

DeviceKind = Literal["cpu", "cuda", "mps"]


def choose(name: str) -> torch.device:
    """`auto`, `cpu`, `cuda`, `cuda:1` or `mps` as an available device. Raises ConfigError.

    Under torchrun each process gets its own CUDA device.
    """
    check_device_name(name)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    here = process_rank()
    if here.processes > 1 and kind in ("cuda", "mps"):
        if index or kind == "mps":
            raise ConfigError(
                f"{here.processes} processes cannot share one device",
                where="--device",
                got=name,
                allowed="auto, cuda, cpu",
                hint="CUDA_VISIBLE_DEVICES selects the visible devices",
            )
        index, name = str(here.local_rank), f"cuda:{here.local_rank}"
    count = torch.cuda.device_count()
    if kind == "cuda" and int(index or 0) >= count:
        raise ConfigError(
            f"this machine has {count} CUDA devices",
            where="--device",
            got=name,
            hint="use --device auto, or check the driver with nvidia-smi"
            if here.processes == 1
            else "start fewer processes (torchrun --nproc-per-node)",
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise ConfigError(
            "no Apple GPU found", where="--device", got=name, hint="use --device auto"
        )
    return torch.device(name)


def keep_freed_memory() -> bool:
    """Let glibc reuse large blocks instead of returning them to the system at every step.

    Otherwise a tensor of a few MiB is mapped again each time, and the first access to every page
    faults: a fifth of a step of `convnet` in bf16, within the noise for ResNet-18.
    Results are bit-identical; the process holds its peak memory until it ends, which is what
    `peak_memory` reports anyway. Returns False if the C library is not glibc.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    trim, threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
    return bool(mallopt(trim, 2**31 - 1)) and any(mallopt(threshold, n << 20) for n in (1024, 32))


def describe(device: torch.device) -> str:
    """The device's own name, for provenance."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{cpu_name()} ({torch.get_num_threads()} threads)"


def cpu_name() -> str:
    """The processor's model name, if the system reports it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - not a real file
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        return platform.processor() or platform.machine()
    return platform.machine()


def fast_bf16(device: torch.device) -> bool:
    """Whether bf16 matrix products run in hardware on this device."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported())
    return False


def peak_memory(device: torch.device) -> int:
    """Bytes: the most allocated on a GPU, or the most this process held on a CPU.

    0 for a CPU on Windows, which does not say.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def versions() -> dict[str, str]:
    """Versions of the libraries that affect a result's last digits.

    As installed: timm and torchvision take seconds to import, which many a run does not need.
    """
    return {
        "datayield": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "torchvision": version("torchvision"),
        "timm": version("timm"),
        "platform": platform.platform(),
    }
