"""How fast this device trains, by precision, memory format and threads: a few short steps each."""

import time
from typing import NamedTuple

import torch
from torch import Tensor, nn

from datayield.nets import encoder as encoders
from datayield.run.device import keep_freed_memory
from datayield.spec.encoder import EncoderSpec

SECONDS = 1.0  # of steps for each line, after one to warm up
BATCH = 32
NETS = (
    EncoderSpec(name="resnet18", stem="cifar", size=32),
    EncoderSpec(name="vit_tiny", patch=8, size=64),
)


class TrainRate(NamedTuple):
    """Images per second forward and backward, no views and no optimizer."""

    encoder: str
    precision: str
    layout: str  # of images and weights in memory
    threads: int
    images_per_second: float


def train_rates(device: torch.device) -> list[TrainRate]:
    """The fastest first for each encoder. Leaves the number of threads as it was.

    What differs in precision is another study; layout and threads move the last bits only. Runs
    use channels_last and as many threads as torch finds (OMP_NUM_THREADS).
    """
    if device.type == "cpu":
        keep_freed_memory()
    threads = torch.get_num_threads()
    counts = sorted({1, threads}) if device.type == "cpu" else [threads]
    rates = []
    try:
        for spec in NETS:
            found = [
                TrainRate(spec.name, precision, layout, count, round(rate, 1))
                for precision in ("fp32", "bf16")
                for layout in ("channels_last", "contiguous")
                for count in counts
                if layout == "channels_last" or not spec.is_vit
                for rate in [_rate(spec, precision, layout, count, device)]
            ]
            rates += sorted(found, key=lambda each: -each.images_per_second)
    finally:
        torch.set_num_threads(threads)
    return rates


def _rate(
    spec: EncoderSpec, precision: str, layout: str, threads: int, device: torch.device
) -> float:
    torch.set_num_threads(threads)
    kind = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    net = encoders.build(spec, 0).to(device).to(memory_format=kind)
    images = torch.rand(BATCH, 3, spec.size, spec.size, device=device).to(memory_format=kind)
    _step(net, images, precision)
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < SECONDS or not done:
        _step(net, images, precision)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        done += 1
    return done * BATCH / spent


def _step(net: nn.Module, images: Tensor, precision: str) -> None:
    with torch.autocast(images.device.type, torch.bfloat16, enabled=precision == "bf16"):
        out: Tensor = net(images)
    torch.autograd.backward(out.float().square().mean())
