"""The training loop: one step, its state on disk, trunks, memory format and threads."""

from datayield.run.loop.batches import TrainingData, batches, steps_ahead
from datayield.run.loop.checkpoint import load_weights_into, read_checkpoint
from datayield.run.loop.compile import compile_loss
from datayield.run.loop.cpu_layout import (
    FORMATS,
    apply_settings,
    choose_settings,
    rates_here,
    restore_threads,
    settings_of,
    to_memory_format,
)
from datayield.run.loop.member import Member
from datayield.run.loop.pretrain import Tick, pretrain, train
from datayield.run.loop.stack import StackShape, shape_of
from datayield.run.loop.state import Meter, weights_digest
from datayield.run.loop.step import train_step
from datayield.run.loop.tensor_files import CHECKPOINT, STATE, read_tensors
from datayield.run.loop.trunk import take_over

__all__ = [
    "CHECKPOINT",
    "FORMATS",
    "STATE",
    "Member",
    "Meter",
    "StackShape",
    "Tick",
    "TrainingData",
    "apply_settings",
    "batches",
    "choose_settings",
    "compile_loss",
    "load_weights_into",
    "pretrain",
    "rates_here",
    "read_checkpoint",
    "read_tensors",
    "restore_threads",
    "settings_of",
    "shape_of",
    "steps_ahead",
    "take_over",
    "to_memory_format",
    "train",
    "train_step",
    "weights_digest",
]
