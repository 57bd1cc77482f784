"""The fastest training settings on this machine's CPU: measured rates, and the choice for a run.

`datayield doctor --measure` caches the rates per host, number of CPUs and version of torch. Runs
only read them: if each run measured, its last bits would depend on chance.
"""

import math
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.environment import cache_dir
from datayield.spec.run import EncoderSpec

Layout = Literal["channels_last", "contiguous"]
USUAL: Layout = "channels_last"
WORTH = 1.05  # smaller speed-ups are ignored: short measurements scatter
CONV, VIT = "resnet18", "vit_tiny"  # the encoders measured, each for its kind


class TrainRate(NamedTuple):
    """Images per second forward and backward, no views and no optimizer."""

    encoder: str
    precision: str
    layout: Layout  # of images and weights in memory
    threads: int
    images_per_second: float


class CpuSettings(NamedTuple):
    """Memory format and threads of a run, and why. They change only the last bits."""

    layout: Layout
    threads: int | None  # None: torch's default
    why: str


class Rates:
    """A small JSON file in the cache folder; a lost update costs only a measurement."""

    def __init__(self, cpus: int, torch: str) -> None:
        name = f"{socket.gethostname()}-{cpus}cpus-torch{torch}.json"
        self.path: Path = cache_dir() / "rates" / name

    def save(self, rates: Iterable[TrainRate]) -> None:
        """Replace earlier rates of the same encoder, precision, layout and threads."""
        newest = {rate[:-1]: rate for rate in [*self.load(), *rates]}
        write_json(self.path, [rate._asdict() for rate in newest.values()])

    def load(self) -> list[TrainRate]:
        """The measured rates; empty if nothing was measured here."""
        stored = read_json(self.path)
        return [
            TrainRate(**rate)
            for rate in (stored if isinstance(stored, list) else ())
            if _is_rate(rate)
        ]


def _is_rate(rate: object) -> bool:
    """Whether a cached entry has the form that `save` gives it."""
    if not isinstance(rate, dict) or rate.keys() != set(TrainRate._fields):
        return False
    speed, threads = rate["images_per_second"], rate["threads"]
    known = rate["layout"] in ("channels_last", "contiguous") and isinstance(threads, int)
    return known and threads > 0 and isinstance(speed, int | float) and 0 < speed < math.inf


def fastest_settings(
    rates: Iterable[TrainRate], encoder: EncoderSpec, precision: str, threads: int, fixed: bool
) -> CpuSettings:
    """The fastest settings measured for the encoder's kind; defaults if none is clearly faster.

    `threads`: torch's default; `fixed`: the user has set this number.
    """
    kind = VIT if encoder.is_vit else CONV
    of_kind = [
        rate
        for rate in rates
        if (rate.encoder, rate.precision) == (kind, precision)
        and (rate.threads == threads or not fixed)
        and encoder.timm_name is None  # of any kind
    ]
    usual = [rate for rate in of_kind if (rate.layout, rate.threads) == (USUAL, threads)]
    if not usual:
        return CpuSettings(USUAL, None, "not measured (run datayield doctor --measure)")
    best = max(of_kind, key=lambda rate: rate.images_per_second)
    gain = best.images_per_second / usual[0].images_per_second
    if gain < WORTH:
        return CpuSettings(USUAL, None, f"no measured setting is {WORTH - 1:.0%} faster")
    default = f"{USUAL} with {threads} threads"
    why = f"measured {gain:.2f} times as fast as {default}"
    return CpuSettings(best.layout, best.threads if best.threads != threads else None, why)
