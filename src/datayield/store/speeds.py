"""Speed of this machine: seconds per image in past runs and in short measurements."""

import math
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.environment import cache_dir, process_rank
from datayield.spec.errors import StoreError
from datayield.spec.evaluation import EvalSpec
from datayield.spec.identity import digest
from datayield.spec.run import EncoderSpec, RunSpec
from datayield.store.scaling import TimedKind

KEPT = 9  # the newest samples of each key


def speed_key(spec: RunSpec) -> str:
    """Equal for runs with the same time per image, whatever N, budget, seed and initial weights."""
    parts = spec.model_dump(mode="json", exclude={"data", "budget", "seed", "optim"})
    return digest({**parts, "init": None, "optim": spec.optim.name, "stored": spec.data.size})


def kind_of(device: str, jobs: int = 1) -> str:
    """The key of `device` (cpu, cuda) for times, separate if several processes train together.

    Also separate if several runs share the device, where each is slower than one alone.
    """
    processes = process_rank().processes
    name = device if processes == 1 else f"{device}x{processes}"
    return name if jobs == 1 else f"{name}-{jobs}jobs"


@cache
def eval_key(encoder: EncoderSpec | None, spec: EvalSpec) -> str:
    """Like `speed_key`, for an evaluation of features of an encoder (or of pixels)."""
    return digest([spec.id, encoder.model_dump(mode="json") if encoder else None])


@cache
def features_key(encoder: EncoderSpec | None, spec: EvalSpec) -> str:
    """Of the seconds per image that an encoder takes for the features of an evaluation."""
    return digest(["features", encoder.model_dump(mode="json") if encoder else None, spec.size])


class Speeds:
    """Samples of seconds per image (runs) and seconds (evaluations), by key, on one device.

    A small JSON file in the cache folder, one per host and device; a lost update costs only a
    sample, so it needs no lock.
    """

    def __init__(self, device: str) -> None:
        self.path: Path = cache_dir() / "speeds" / f"{socket.gethostname()}-{device}.json"
        self._samples = _samples_in(read_json(self.path))

    def add(
        self,
        key: str,
        seconds: float,
        source: Literal["run", "measured"],
        flops: float | None = None,
        encoder: str = "",
    ) -> None:
        """Add a sample. A short measurement counts only until there is a real run.

        `flops` of one image, and the name of the `encoder`: for runs, to scale others by.
        """
        entry = self._samples.setdefault(key, {"run": [], "measured": []})
        entry[source] = [*entry[source], seconds][-KEPT:]
        if flops is not None:
            entry |= {"flops": flops, "encoder": encoder}
        with suppress(StoreError):  # the disk of the cache is full: a sample less
            write_json(self.path, self._samples)

    def samples(self, key: str) -> list[float]:
        """Seconds recorded under `key`: from real runs if there are any, else from measurements."""
        entry = self._samples.get(key, {})
        return list(entry.get("run") or entry.get("measured") or [])

    def from_runs(self, key: str) -> bool:
        """Whether `samples(key)` are from real runs."""
        return bool(self._samples.get(key, {}).get("run"))

    def timed_kinds(self) -> list[TimedKind]:
        """Each known kind of run, by the median of its times: a rough guide for other kinds."""
        return [
            TimedKind(
                str(entry.get("encoder", "")), entry["flops"], sorted(seconds)[len(seconds) // 2]
            )
            for entry in self._samples.values()
            if entry.get("flops") and (seconds := entry["run"] or entry["measured"])
        ]


def _samples_in(stored: Any) -> dict[str, Any]:
    """The entries of a file that have the form `add` gives them; others are ignored."""
    entries = stored.items() if isinstance(stored, dict) else ()
    return {key: entry for key, entry in entries if _is_entry(entry)}


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not {"run", "measured"} <= entry.keys():
        return False
    lists = entry["run"], entry["measured"]
    if not all(isinstance(seconds, list) for seconds in lists):
        return False
    numbers = [*lists[0], *lists[1], entry.get("flops") or 1.0]
    return len(numbers) > 1 and all(
        isinstance(x, int | float) and math.isfinite(x) and x >= 0 for x in numbers
    )
