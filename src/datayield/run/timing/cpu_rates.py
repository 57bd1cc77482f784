"""Training speed of this device by precision, memory format and threads: a few short steps each."""

import time

import torch
from torch import Tensor, nn

from datayield.nets import encoder as encoders
from datayield.run.device import keep_freed_memory
from datayield.run.loop import FORMATS, to_memory_format
from datayield.spec.run import EncoderSpec
from datayield.store.cpu_settings import CONV, VIT, Layout, TrainRate

SECONDS = 1.0  # of steps for each line, after one to warm up
BATCH = 32
NETS = (
    EncoderSpec(name=CONV, stem="cifar", size=32),
    EncoderSpec(name=VIT, patch=8, size=64),
)


def train_rates(device: torch.device) -> list[TrainRate]:
    """The fastest first for each encoder. Restores the number of threads.

    A different precision makes a different study; layout and threads change only the last bits.
    How runs use the rates: `store.cpu_settings`.
    """
    if device.type == "cpu":
        keep_freed_memory()
    threads = torch.get_num_threads()
    counts = _counts(threads) if device.type == "cpu" else [threads]
    rates = []
    try:
        for spec in NETS:
            of_encoder = [
                TrainRate(spec.name, precision, layout, count, round(rate, 1))
                for precision in ("fp32", "bf16")
                for layout in ("channels_last", "contiguous")
                for count in counts
                if layout == "channels_last" or not spec.is_vit
                for rate in [_rate(spec, precision, layout, count, device)]
            ]
            rates += sorted(of_encoder, key=lambda each: -each.images_per_second)
    finally:
        torch.set_num_threads(threads)
    return rates


def _rate(
    spec: EncoderSpec, precision: str, layout: Layout, threads: int, device: torch.device
) -> float:
    torch.set_num_threads(threads)
    net = encoders.build(spec, 0).to(device).to(memory_format=FORMATS[layout])
    images = torch.rand(BATCH, 3, spec.size, spec.size, device=device)
    images = images.to(memory_format=torch.channels_last)  # the layout that views have
    _step(net, images, layout, precision)
    done, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < SECONDS or not done:
        _step(net, images, layout, precision)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        done += 1
    return done * BATCH / spent


def _counts(threads: int) -> list[int]:
    """All of them, and the powers of two below."""
    return [*(2**i for i in range((threads - 1).bit_length())), threads]


def _step(net: nn.Module, images: Tensor, layout: Layout, precision: str) -> None:
    with torch.autocast(images.device.type, torch.bfloat16, enabled=precision == "bf16"):
        out: Tensor = net(*to_memory_format([images], layout))
    torch.autograd.backward(out.float().square().mean())
