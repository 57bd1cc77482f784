"""Timing a plan: every kind is timed within the limit, largest first, and at the limit it stops."""

import time
from pathlib import Path

import pytest
import torch
import yaml

from datayield.run.timing.eval_timing import _extrapolated, evaluation_timing
from datayield.run.timing.plan_timing import measure
from datayield.run.timing.step_timing import seconds_per_image
from datayield.session import Session, open_study
from datayield.spec.evaluation import PROTOCOLS, EvalItems, EvalSpec
from datayield.store.speeds import Speeds
from tests.conftest import TINY

CPU = torch.device("cpu")


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    torch.set_num_threads(1)
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    raw = yaml.safe_load(TINY)
    raw["axes"]["seed"] = [0]
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(raw))
    return open_study(str(tmp_path / "tiny.yaml"), store=tmp_path / "store", device="cpu")


def test_all_kinds_are_timed(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datayield.run.timing.plan_timing.SECONDS_PER_KIND", 0.1)
    plan = session.plan()
    assert session.time(plan).basis[:5] == (0, 0, 0, 0, 8)
    seen = list(session.measure(plan, time.monotonic() + 60))
    assert [(each.number, each.of) for each in seen] == [*((k, 8) for k in range(1, 9)), (8, 8)]
    assert seen[0].what.endswith("convnet, batch 32")  # training first
    made = session.plan()
    assert session.time(made).basis == (0, 8, 0, 0, 0, ())
    assert made.estimate is not None
    assert made.estimate.basis == "measured"
    assert not next(session.measure(made, time.monotonic() + 60)).what  # nothing is left


def test_it_stops_at_the_limit(session: Session) -> None:
    plan, speeds = session.plan(), Speeds("cpu")
    assert [e.what for e in measure(plan, speeds, CPU, {}, time.monotonic())] == [""]
    first = next(measure(plan, speeds, CPU, {}, time.monotonic() + 1))
    assert (first.number, first.of) == (1, 8)


def test_a_batch_that_takes_too_long_is_not_timed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = []
    monkeypatch.setattr(
        "datayield.run.timing.step_timing._step_seconds",
        lambda spec, device, seconds: batches.append(spec.batch) or [1.0, spec.batch / 10],
    )
    spec = session.cells[0].run.model_copy(update={"batch": 4096})
    assert seconds_per_image(spec, CPU, 20.0) == pytest.approx(0.1)
    assert batches == [16, 50]  # 0.1 s an image: 3 steps and one to warm up


def test_times_of_fewer_items_are_extrapolated_by_their_growth() -> None:
    assert _extrapolated([(512, 1.0)], 512) == 1.0
    assert _extrapolated([(512, 1.0)], 5120) == pytest.approx(10.0)
    assert _extrapolated([(512, 1.0), (2048, 16.0)], 4096) == pytest.approx(64.0)  # as kNN
    assert _extrapolated([(512, 1.0), (2048, 1.0)], 4096) == pytest.approx(2**0.3)  # a fixed cost
    delayed = [(128, 0.01), (256, 0.06)]  # by another process; squares would give 92 s
    assert _extrapolated(delayed, 10_000) == pytest.approx(0.06 * 10_000 / 256)


@pytest.mark.parametrize("protocol", [name for name in PROTOCOLS if "segment" not in name])
def test_every_protocol_can_be_timed(session: Session, protocol: str) -> None:
    ev = EvalSpec.model_validate(
        {"name": "task", "protocol": protocol, "dataset": "made", "size": 16}
    )
    encoder = session.cells[0].run.encoder
    timing = evaluation_timing(encoder, ev, CPU, EvalItems(200, 100), 0.05)
    assert timing is not None
    assert timing.rest > 0
    assert ev.tunes or timing.per_image > 0
