"""Names of devices, and which of them are certainly not there: known without torch."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from datayield.spec.errors import ConfigError

NAMES = ("auto", "cpu", "cuda", "cuda:0", "mps")
_NAME = re.compile(r"auto|cpu|mps|cuda(:\d{1,4})?")
# What a driver leaves on Linux: NVIDIA's, that of WSL, and AMD's, which torch calls cuda too.
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
_ELSEWHERE = ("sbatch", "ray")  # with these, tasks may run on other machines


def check_device_name(name: str) -> None:
    """Raises ConfigError if it is none of `NAMES`, with any number."""
    if not _NAME.fullmatch(name):
        raise ConfigError("unknown device", where="--device", got=name, allowed=NAMES)


def device_refusals(name: str) -> Iterator[ConfigError]:
    """Why no task can run on the device `name` of this machine, where that is certain."""
    try:
        check_device_name(name)
    except ConfigError as error:
        yield error
        return
    if reason := _absent(name):
        yield ConfigError(
            f"this machine has no device {name}",
            where="--device",
            got=f"{name}: {reason}",
            allowed=["auto", "cpu"],
            hint="use --device auto" + (", or check the driver with nvidia-smi" * (name != "mps")),
        )


def runs_elsewhere() -> bool:
    """Whether tasks may be meant for other machines, whose devices are not known here."""
    return any(shutil.which(command) for command in _ELSEWHERE)


def _absent(name: str) -> str:
    """Why there is no such device; empty where there is one, or only torch can tell."""
    if name == "mps":
        return "" if sys.platform == "darwin" else "only Macs have one"
    if not name.startswith("cuda"):
        return ""
    if _built_without_cuda():
        return "the installed torch has no GPU support"
    if sys.platform == "linux" and not any(Path(driver).exists() for driver in _DRIVERS):
        return "no GPU driver is loaded"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return f"CUDA_VISIBLE_DEVICES is {hidden!r}"
    there = len(hidden.split(",")) if hidden else len([*Path("/dev").glob("nvidia[0-9]*")])
    number = int(name.partition(":")[2] or 0)
    return f"there are {there}, numbered from 0" if there and number >= there else ""


def _built_without_cuda() -> bool:
    """As torch's own `version.py` says, read as text since importing torch takes seconds."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return False
    try:
        text = Path(found.origin).with_name("version.py").read_text("utf-8")
    except OSError:
        return False
    stated = re.findall(r"^(?:cuda|hip)\b[^=\n]*=\s*(\S+)", text, re.MULTILINE)
    return bool(stated) and set(stated) == {"None"}
