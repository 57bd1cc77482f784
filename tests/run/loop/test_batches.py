"""Batches made several steps at a time are those made one by one."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from datayield.data.sampling import Resident
from datayield.data.sampling.streamed import Streamed
from datayield.run.loop import Meter, TrainingData, batches, steps_ahead
from datayield.run.loop.batches import Batch
from datayield.spec.run import RunSpec

CPU = torch.device("cpu")


def spec_of(batch: int, size: int = 16, count: int = 2) -> RunSpec:
    raw: dict[str, Any] = {
        "data": {"dataset": "made", "count": 40, "size": size},
        "encoder": {"name": "convnet", "size": size, "width": 8},
        "method": {"name": "simclr"},
        "views": [{"size": size, "count": count}],
        "optim": {"lr": 0.1},
        "batch": batch,
        "budget": {"unit": "images", "amount": 4000},
    }
    return RunSpec.model_validate(raw, strict=False)


def made(source: type, spec: RunSpec, start: int, stop: int) -> Iterator[Batch]:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    data = TrainingData(source(pixels, np.arange(40), CPU), "", "", 0, torch.arange(40))
    return batches(data, spec, slice(0, spec.batch), start, stop, CPU, Meter())


@pytest.mark.parametrize("source", [Resident, Streamed])
def test_they_do_not_depend_on_where_a_run_resumes(source: type) -> None:
    spec = spec_of(8)
    assert steps_ahead(spec, 8, CPU) == 16
    whole = list(made(source, spec, 0, 21))
    assert len(whole) == 21
    for start in (1, 7, 16, 20):
        for one, other in zip(whole[start:], made(source, spec, start, 21), strict=True):
            assert all(torch.equal(a, b) for a, b in zip(one.views, other.views, strict=True))
            assert torch.equal(one.targets[0], other.targets[0])


@pytest.mark.parametrize(
    ("batch", "size", "count", "per_thread"), [(32, 16, 2, 8), (32, 32, 2, 2), (256, 32, 2, 0)]
)
def test_as_many_steps_as_one_operation_takes(
    batch: int, size: int, count: int, per_thread: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert steps_ahead(spec_of(batch, size, count), batch, CPU) == max(1, per_thread)
