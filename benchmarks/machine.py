"""What a benchmark ran on: the first line of every file of results."""

import datetime
import json
import platform
from collections.abc import Sequence
from pathlib import Path

import PIL
import torch
import torchvision


def machine(device: torch.device) -> dict[str, object]:
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "cpu": cpu_name(),
        "cores": torch.get_num_threads(),
        "gpu": gpu,
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "pillow": PIL.__version__,
    }


def keep(name: str, lines: Sequence[object]) -> None:
    """Write the lines of a benchmark of today to results/, below what they were measured on."""
    path = Path(__file__).with_name("results") / f"{name}_{datetime.date.today()}.jsonl"
    rows = [{"cpu": cpu_name()}, *lines]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def cpu_name() -> str:
    """As Linux names it, else the architecture."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            return next(line.split(":")[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.machine()
