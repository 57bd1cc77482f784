"""A chain end to end: simmim, then labels, then fine-tuning; and what stops it."""

import json
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from datayield.nets import encoder as encoders
from datayield.run.loop import pretrain
from datayield.session import open_study
from datayield.spec.errors import InterruptedRunError, TrainingError
from datayield.spec.run.run import RunSpec
from datayield.store.folders import RunFolder, Store
from tests.conftest import Call
from tests.run.loop.test_pretrain import CPU, spec_of, training_data_of

CHAIN = """
study: chain
base:
  data: {dataset: digits, size: 16}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: simmim}
  method: {name: supervised, label: digit, classes: 10}
  optim: {lr: 4e-3}
  batch: 32
  budget: {images: 640}
axes:
  init: [null, {method: {name: simmim}, data: {count: 200}, budget: {images: 320}}]
  data.count: [100]
  seed: [0]
evaluations:
  - {name: digit, protocol: finetune@1, dataset: digits, label: digit, size: 16, train_count: 64,
     test_count: 100, epochs: 2}
  - {name: near, protocol: knn@1, dataset: digits, label: digit, size: 16, train_count: 100,
     test_count: 100}
"""


@pytest.fixture
def study(datayield: Call, tmp_path: Path) -> Path:
    (tmp_path / "chain.yaml").write_text(CHAIN)
    return tmp_path / "chain.yaml"


def test_a_chain_runs_from_end_to_end(datayield: Call, study: Path, tmp_path: Path) -> None:
    done = datayield("run", str(study), "--device", "cpu")
    assert done.code == 0, done.out + done.err
    store = Store(tmp_path / "store")
    scratch, run = (cell.run for cell in open_study(str(study)).cells)
    assert run.before is not None
    earlier = torch.load(store.run(run.before.id).checkpoint(1.0), weights_only=True)["encoder"]
    later = torch.load(store.run(run.id).checkpoint(1.0), weights_only=True)["encoder"]
    other = torch.load(store.run(scratch.id).checkpoint(1.0), weights_only=True)["encoder"]
    first = next(iter(later))
    near = (later[first] - earlier[first]).norm() / earlier[first].norm()
    assert 0 < near < (other[first] - earlier[first]).norm() / earlier[first].norm()
    log = [json.loads(x) for x in store.run(run.id).log.read_text().splitlines()]
    assert log[-1]["loss"] < log[0]["loss"]
    assert "accuracy" in log[-1]["terms"]
    spec = json.loads((store.run(run.id).path / "spec.json").read_text())
    assert spec["init"]["run"]["method"]["name"] == "simmim"
    again = datayield("status", str(study))
    assert again.code == 0
    assert "missing" not in again.out


def test_a_lost_ancestor_is_named_then_replayed(
    datayield: Call, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the earlier run fails, the later one says of which run it wants the encoder."""
    from datayield.run import beside as work

    real = work.train

    def refused(runs, *args):  # type: ignore[no-untyped-def]
        if runs[0].spec.method.name == "simmim":
            raise TrainingError("stopped by the test")
        return real(runs, *args)

    monkeypatch.setattr(work, "train", refused)
    broken = datayield("run", str(study), "--device", "cpu")
    assert broken.code == 1
    text = broken.out + broken.err
    assert "initializes this one is not finished: simmim n=200 C=320 seed 0" in text
    monkeypatch.setattr(work, "train", real)
    assert datayield("run", str(study), "--device", "cpu").code == 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("label: digit, classes", "label: digti, classes", "no labels called 'digti'"),
        ("classes: 10", "classes: 9", "numbered up to 9"),
        ("finetune@1, dataset: digits, label: digit,", "segment@1, dataset: digits,", "no masks"),
    ],
)
def test_wrong_labels_are_refused_before_anything_runs(
    datayield: Call, study: Path, old: str, new: str, words: str
) -> None:
    assert old in CHAIN
    study.write_text(CHAIN.replace(old, new, 1))
    done = datayield("run", str(study), "--device", "cpu")
    assert done.code == 2
    assert words in done.out + done.err


def test_a_stopped_stage_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    """Labels follow the order, and the earlier weights are needed at the start alone."""
    spec = spec_of("simclr").model_dump()
    spec |= {"method": {"name": "supervised", "classes": 3}}
    run = RunSpec.model_validate(spec)
    source = training_data_of(40)._replace(labels=torch.arange(40) % 3)
    earlier = encoders.build(run.encoder, 99).state_dict()
    knobs: dict[str, Any] = {"shares": (0.0, 1.0), "device": CPU}
    straight, halting = RunFolder(tmp_path / "a"), RunFolder(tmp_path / "b")
    list(pretrain(run, source, straight, stop=Event(), init_weights=earlier, **knobs))
    started = torch.load(straight.checkpoint(0.0), weights_only=True)["encoder"]
    assert all(torch.equal(started[name], value) for name, value in earlier.items())
    stop = Event()
    loop = pretrain(run, source, halting, stop=stop, init_weights=earlier, **knobs)
    while next(loop).step < 7:
        pass
    stop.set()
    with pytest.raises(InterruptedRunError):
        next(loop)
    list(pretrain(run, source, halting, stop=Event(), **knobs))
    one, other = straight.run_cost(), halting.run_cost()
    assert one is not None
    assert other is not None
    assert one.weights == other.weights
    mixed = source._replace(labels=torch.zeros(40, dtype=torch.long))
    list(
        pretrain(run, mixed, RunFolder(tmp_path / "c"), stop=Event(), init_weights=earlier, **knobs)
    )
    without = RunFolder(tmp_path / "c").run_cost()
    assert without is not None
    assert without.weights != one.weights
