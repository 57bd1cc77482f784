"""Free memory under the tightest limit; nothing else queries it."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

IMAGES_SHARE = 0.5  # of free memory; the rest is for weights, activations and a safety margin


def images_fit(nbytes: int, device: "torch.device") -> bool:
    """Whether `nbytes` of images leave half of the device's free memory for everything else."""
    return nbytes <= IMAGES_SHARE * free_bytes(device)


def free_bytes(device: "torch.device") -> float:
    """Bytes free on a GPU; on any other device, the RAM that this process may still allocate."""
    if device.type == "cuda":
        import torch

        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return float(torch.cuda.mem_get_info(device)[0] + unused)
    return free_ram()


def free_ram() -> float:
    """Bytes of RAM that this process may still allocate."""
    return max(0.0, min(_free_of_host(), default=_half_of_ram()))


def _free_of_host() -> Iterator[float]:
    """Free bytes under each limit: the machine, `ulimit -v` and `-d`, each enclosing cgroup."""
    yield from _fields(Path("/proc/meminfo"), "MemAvailable:", 1024)
    status = Path("/proc/self/status")
    if sys.platform != "win32":
        yield from _below_ulimits(status)
    yield from _cgroups(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))


def _below_ulimits(status: Path) -> Iterator[float]:
    import resource  # not on Windows

    for limit, held in (("RLIMIT_AS", "VmSize:"), ("RLIMIT_DATA", "VmData:")):
        ceiling = resource.getrlimit(getattr(resource, limit))[0]
        if ceiling != resource.RLIM_INFINITY:
            yield from (ceiling - used for used in _fields(status, held, 1024))


def _half_of_ram() -> float:
    """A guess for systems that do not report free memory; 4 GiB where they report none at all."""
    if not hasattr(os, "sysconf"):
        return float(4 << 30)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2


def _cgroups(listed: Path, root: Path) -> Iterator[float]:
    """Limit minus usage in every cgroup (v1 or v2) of this process.

    File pages count as used, except inactive ones, which are reclaimed when memory is short.
    """
    with suppress(OSError):
        for line in listed.read_text().splitlines():
            _, controllers, name = line.split(":", 2)
            if controllers == "":
                top, files = root, ("memory.max", "memory.current", "inactive_file ")
            elif "memory" in controllers.split(","):
                top = root / "memory"
                names = "memory.limit_in_bytes", "memory.usage_in_bytes"
                files = (*names, "total_inactive_file ")
            else:
                continue
            folder = top / name.strip("/")
            for each in (folder, *folder.parents):
                with suppress(OSError, ValueError):
                    limit, used = (int((each / file).read_text()) for file in files[:2])
                    yield limit - used + sum(_fields(each / "memory.stat", files[2], 1))
                if each == top:
                    break


def _fields(path: Path, name: str, unit: int) -> Iterator[int]:
    with suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(name):
                yield int(line.split()[1]) * unit
