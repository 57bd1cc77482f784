"""The training loop: one step, its state on disk, trunks, memory format and threads."""

from datayield.run.loop.cpu_layout import (
    FORMATS,
    apply_settings,
    choose_settings,
    rates_here,
    restore_threads,
    settings_of,
    to_memory_format,
)
from datayield.run.loop.pretrain import Tick, TrainingData
from datayield.run.loop.state import weights_digest
from datayield.run.loop.step import train_step
from datayield.run.loop.tensor_files import CHECKPOINT, STATE, read_tensors
from datayield.run.loop.trunk import take_over

__all__ = [
    "CHECKPOINT",
    "FORMATS",
    "STATE",
    "Tick",
    "TrainingData",
    "apply_settings",
    "choose_settings",
    "rates_here",
    "read_tensors",
    "restore_threads",
    "settings_of",
    "take_over",
    "to_memory_format",
    "train_step",
    "weights_digest",
]
