"""A check of the machine: versions, device, folders, data. Changes nothing."""

import os
import shutil
from typing import Any

import torch
from rich.console import Console

from datayield.run.device import choose, describe, fast_bf16, versions
from datayield.run.loop import choose_settings, rates_here
from datayield.run.timing import NETS, train_rates
from datayield.spec.environment import cache_dir, data_dir, store_dir, threads_wanted
from datayield.spec.run import EncoderSpec
from datayield.store.cpu_settings import TrainRate


def examine(measure: bool = False) -> dict[str, Any]:
    """Findings as JSON-ready values; `measure` adds half a minute of training."""
    device = choose("auto")
    folder = data_dir()
    free = shutil.disk_usage(_existing(str(cache_dir()))).free
    findings: dict[str, Any] = {
        "versions": versions(),
        "device": {
            "chosen": str(device),
            "name": describe(device),
            "bf16 in hardware": fast_bf16(device),
            "threads": torch.get_num_threads(),
        },
        "folders": {
            "data (DATAYIELD_DATA)": str(folder) if folder else "not set: built-in data only",
            "cache (DATAYIELD_CACHE)": f"{cache_dir()} ({free / 1e9:.0f} GB free)",
            "store (DATAYIELD_STORE)": str(store_dir()),
        },
        "problems": [],
    }
    if folder is not None and not folder.is_dir():
        findings["problems"].append(f"DATAYIELD_DATA={folder} is not a folder")
    if measure:
        rates = train_rates(device)
        if device.type == "cpu":
            rates_here().save(rates)
        findings["training, images per second"] = [rate._asdict() for rate in rates]
        findings["fastest here"] = {spec.name: _fastest(rates, spec.name) for spec in NETS}
    if device.type == "cpu":
        findings["runs on this CPU"] = {
            f"{spec.name} in {precision}": _way(spec, precision, device)
            for spec in NETS
            for precision in ("fp32", "bf16")
        }
    return findings


def _fastest(rates: list[TrainRate], encoder: str) -> str:
    """The fastest of all, with the speed-up from its precision, which the study chooses."""
    best, *others = (rate for rate in rates if rate.encoder == encoder)  # the fastest first
    other = next(rate for rate in others if rate.precision != best.precision)
    gain = best.images_per_second / other.images_per_second
    return (
        f"{best.precision}, {best.layout}, {best.threads} threads; {gain:.2f} times the best in "
        f"{other.precision}, which is another study"
    )


def _way(encoder: EncoderSpec, precision: str, device: torch.device) -> str:
    chosen = choose_settings(encoder, precision, device)
    threads = f"{chosen.threads or torch.get_num_threads()} threads"
    held = " (OMP_NUM_THREADS)" if threads_wanted() else ""
    return f"{chosen.layout}, {threads}{held}: {chosen.why}"


def show(console: Console, findings: dict[str, Any]) -> None:
    """Findings as text for a person."""
    for title, value in findings.items():
        if isinstance(value, dict):
            console.print(f"[bold]{title}[/bold]")
            for key, item in value.items():
                console.print(f"  {key:26} {item}", highlight=False, markup=False, soft_wrap=True)
        elif isinstance(value, list) and value:
            console.print(f"[bold]{title}[/bold]")
            for item in value:
                line = (
                    item
                    if isinstance(item, str)
                    else "  ".join(f"{v}" for v in item.values() if v not in ("", None, [], {}))
                )
                console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    if not findings["problems"]:
        console.print("no problems found")


def _existing(path: str) -> str:
    """The nearest folder above `path` that exists."""
    while not os.path.isdir(path):  # noqa: PTH112 - strings climb to "/" on every system
        path = os.path.dirname(path)  # noqa: PTH120
    return path
