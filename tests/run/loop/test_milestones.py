"""Which milestones are runs in their own right, shown by training both."""

from pathlib import Path

import pytest
import torch

from datayield.run.loop.tensor_files import CHECKPOINT, read_tensors
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.milestone_run import run_at
from datayield.store.folders import RunFolder
from tests.run.loop.test_pretrain import CPU, spec_of, train

FREE = {name for name, spec in METHOD_SPECS.items() if not spec.sees_t}


@pytest.mark.parametrize("method", sorted(METHOD_SPECS))
def test_at_a_constant_rate_a_milestone_is_the_shorter_run(tmp_path: Path, method: str) -> None:
    """Without a trunk or a warm-up, where the method does not look at how much is left."""
    whole, half = (
        spec_of(method, images=images, warmup=0.0, schedule="constant") for images in (512, 256)
    )
    train(whole, tmp_path / "whole", shares=(0.5, 1.0))
    train(half, tmp_path / "half")
    milestone, end = (
        read_tensors(RunFolder(tmp_path / name).checkpoint(share), CPU, CHECKPOINT)["encoder"]
        for name, share in (("whole", 0.5), ("half", 1.0))
    )
    same = all(torch.equal(milestone[name], end[name]) for name in end)
    assert run_at(whole, 0.5) == (half if method in FREE else None)
    assert same or method not in FREE
    assert not same or method != "byol"  # its teacher's pace follows what is left
