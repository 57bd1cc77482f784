"""The loop: the budget is met, milestones are kept, resume gives the same bits, NaN stops it."""

import multiprocessing
import random
import signal
import time
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch

from datayield import methods
from datayield.data.sampling.resident import Resident
from datayield.maths import contrastive
from datayield.methods import simclr
from datayield.nets import encoder as encoders
from datayield.run.loop import Tick, TrainingData, pretrain
from datayield.spec.atomic_files import read_json
from datayield.spec.errors import InterruptedRunError, StoreError, TrainingError
from datayield.spec.run.budget import Budget
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.subset import Subset
from datayield.spec.run.views import recipe
from datayield.store.folders import RunFolder

CPU = torch.device("cpu")


# Knobs that keep a method small, and spread over the run what depends on t.
SMALL: dict[str, dict[str, object]] = {
    "byol": {"predictor": 16},
    "moco_v3": {"predictor": 16},
    "dino": {"prototypes": 32, "freeze": 0.3, "temperature_warmup": 0.6},
    "lejepa": {"directions": 16},
    "swav": {"prototypes": 32, "queue": 80, "queue_from": 0.3, "freeze": 0.2},
}


def spec_of(method: str = "simclr", n: int = 40, images: int = 640, **optim: object) -> RunSpec:
    simmim = method == "simmim"  # which has no projector, and one view
    heads = {} if simmim else {"projector": (16, 8) if method == "simclr" else (16, 16)}
    return RunSpec(
        data=Subset(dataset="made", count=n, size=16),
        encoder=EncoderSpec(name="convnet", size=16, width=4),
        method=METHOD_SPECS[method].model_validate({**heads, **SMALL.get(method, {})}),
        views=recipe("simmim" if simmim else "asymmetric", 16),
        optim=OptimSpec.model_validate({"lr": 1e-3, **optim}),
        batch=32,
        budget=Budget(unit="images", amount=images),
        seed=3,
    )


def training_data_of(n: int) -> TrainingData:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)
    return TrainingData(Resident(pixels, np.arange(n), CPU), "data", "indices", 0)


def train(
    spec: RunSpec, folder: Path, shares: tuple[float, ...] = (1.0,), save_seconds: float = 60.0
) -> list[Tick]:
    torch.set_num_threads(1)
    assert spec.data.count is not None
    return list(
        pretrain(
            spec,
            training_data_of(spec.data.count),
            RunFolder(folder),
            shares=shares,
            device=CPU,
            stop=Event(),
            save_seconds=save_seconds,
        )
    )


@pytest.mark.parametrize("n", [7, 40])  # smaller than a batch, and not a multiple of it
def test_the_budget_is_met_and_recorded(tmp_path: Path, n: int) -> None:
    spec = spec_of(n=n, images=650)
    ticks = train(spec, tmp_path)
    spent = RunFolder(tmp_path).run_cost()
    assert spent is not None
    assert spent.images_asked == 650
    assert spent.images == 640
    assert spent.steps == 20
    assert spent.views == 1280
    assert ticks[-1].step == 20
    assert not RunFolder(tmp_path).state.exists()


def test_share_0_is_the_untrained_encoder_and_shares_are_kept(tmp_path: Path) -> None:
    spec = spec_of()
    train(spec, tmp_path, shares=(0.0, 0.5, 1.0))
    kept = [
        torch.load(RunFolder(tmp_path).checkpoint(s), weights_only=True) for s in (0.0, 0.5, 1.0)
    ]
    assert [k["step"] for k in kept] == [0, 10, 20]
    untrained = encoders.build(spec.encoder, spec.seed).state_dict()
    assert all(torch.equal(kept[0]["encoder"][k], v) for k, v in untrained.items())
    first = next(iter(untrained))
    assert not torch.equal(kept[1]["encoder"][first], kept[2]["encoder"][first])


@pytest.mark.parametrize("method", sorted(METHOD_SPECS))
def test_the_projector_is_kept_where_there_is_one(tmp_path: Path, method: str) -> None:
    spec = spec_of(method, images=64)
    train(spec, tmp_path)
    kept = torch.load(RunFolder(tmp_path).checkpoint(1.0), weights_only=True)
    encoder = encoders.build(spec.encoder, spec.seed)
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    projector = methods.projector_of(spec, encoder)
    assert all(torch.equal(v, before[k]) for k, v in encoder.state_dict().items())
    assert ("projector" in kept) == (projector is not None) == (method != "simmim")
    if projector is not None:
        fresh = {name: value.clone() for name, value in projector.state_dict().items()}
        projector.load_state_dict(kept["projector"], strict=True)
        assert any(not torch.equal(v, fresh[k]) for k, v in projector.state_dict().items())


def test_milestones_do_not_change_the_run(tmp_path: Path) -> None:
    train(spec_of(), tmp_path / "a", shares=(1.0,))
    train(spec_of(), tmp_path / "b", shares=(0.1, 0.3, 0.7, 1.0))
    a, b = RunFolder(tmp_path / "a").run_cost(), RunFolder(tmp_path / "b").run_cost()
    assert a is not None
    assert b is not None
    assert a.weights == b.weights


# What a method keeps and what an optimizer keeps are saved apart: every method is stopped with
# AdamW, which keeps most, and with one of the others.
@pytest.mark.parametrize(
    ("method", "optimizer"),
    [
        (method, optimizer)
        for i, method in enumerate(sorted(METHOD_SPECS))
        for optimizer in ("adamw", ("sgd", "lars")[i % 2])
    ],
)
def test_stopped_and_resumed_ends_with_the_same_bits(
    tmp_path: Path, method: str, optimizer: str
) -> None:
    spec = spec_of(method, images=32 * 14, name=optimizer)
    train(spec, tmp_path / "whole")
    folder = RunFolder(tmp_path / "parts")
    stop = Event()
    for stops_after in (3, 9):
        stop.clear()
        loop = pretrain(
            spec, training_data_of(40), folder, shares=(0.5, 1.0), device=CPU, stop=stop
        )
        with pytest.raises(InterruptedRunError, match="saved"):  # noqa: PT012 - stops inside
            for tick in loop:
                if tick.step >= stops_after:
                    stop.set()
    stop.clear()
    list(pretrain(spec, training_data_of(40), folder, shares=(0.5, 1.0), device=CPU, stop=stop))
    whole, parts = RunFolder(tmp_path / "whole").run_cost(), folder.run_cost()
    assert whole is not None
    assert parts is not None
    assert parts.resumed == 2
    assert parts.weights == whole.weights
    lines = [line for line in folder.log.read_text().splitlines() if '"step": 10,' in line]
    assert len(lines) == 1


def _kill_after(step: int, method: str, folder: Path, images: int) -> int:
    """Start the run in a process of its own, SIGKILL it past `step`; the step it had saved.

    It is forked: to import torch again takes longer than to train.
    """
    arguments = (spec_of(method, images=images), folder)
    process = multiprocessing.get_context("fork").Process(
        target=train, args=arguments, kwargs={"save_seconds": 0.0}
    )
    process.start()
    deadline = time.monotonic() + 120
    progress = folder / "progress.json"
    while (read_json(progress) or {"step": -1})["step"] < step:
        assert time.monotonic() < deadline
        assert process.is_alive(), "it ended before it could be killed"
        time.sleep(0.01)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return int((read_json(progress) or {})["step"])


@pytest.mark.parametrize("method", ["dino", "swav"])  # with the most state; all are stopped above
def test_killed_and_resumed_ends_with_the_same_bits(tmp_path: Path, method: str) -> None:
    steps = 120  # the last 70 give a busy machine time to kill it
    images = 32 * steps
    train(spec_of(method, images=images), tmp_path / "whole")
    folder = RunFolder(tmp_path / "killed")
    rng = random.Random(method)
    chosen = rng.randrange(1, 30), rng.randrange(40, 50)  # before and after a share of 0.3
    killed_at = [_kill_after(step, method, folder.path, images) for step in chosen]
    assert killed_at == sorted(killed_at)
    train(spec_of(method, images=images), folder.path)
    whole, killed = RunFolder(tmp_path / "whole").run_cost(), folder.run_cost()
    assert whole is not None
    assert killed is not None
    assert killed.resumed == len(chosen)
    assert killed.weights == whole.weights


def test_a_run_does_not_go_on_with_other_images(tmp_path: Path) -> None:
    spec, folder, stop = spec_of(), RunFolder(tmp_path), Event()
    stop.set()
    with pytest.raises(InterruptedRunError):
        list(pretrain(spec, training_data_of(40), folder, shares=(1.0,), device=CPU, stop=stop))
    stop.clear()
    saved = folder.state.read_bytes()
    for changed in (
        training_data_of(40)._replace(data_digest="other pixels"),
        training_data_of(40)._replace(indices_digest="another subset"),
    ):
        with pytest.raises(StoreError, match="have changed since this run started"):
            list(pretrain(spec, changed, folder, shares=(1.0,), device=CPU, stop=stop))
    assert folder.state.read_bytes() == saved
    train(spec, tmp_path)
    assert folder.run_cost() is not None


def test_a_loss_that_is_not_finite_names_step_rate_and_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    real = contrastive.nt_xent

    def breaks(z: torch.Tensor, temperature: float) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return real(z, temperature) * (float("nan") if calls == 8 else 1.0)

    monkeypatch.setattr(simclr, "nt_xent", breaks)
    with pytest.raises(TrainingError) as caught:
        train(spec_of(), tmp_path)
    text = caught.value.text()
    assert "nan at step 7 of 20" in text
    assert "learning rate" in text
    assert "optim.clip" in text
    assert RunFolder(tmp_path).run_cost() is None
