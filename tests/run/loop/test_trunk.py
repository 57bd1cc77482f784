"""Nested budgets that share a trunk end with the bits that each has alone."""

import json
import signal
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import torch

from datayield.run import task as working
from datayield.run.loop import TrainingData
from datayield.session import open_study
from datayield.spec.atomic_files import read_json
from datayield.spec.errors import InterruptedRunError
from datayield.spec.run.budget import Budget
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.run import RunSpec
from datayield.store.folders import Store
from datayield.store.plan import Task
from datayield.store.run_lock import run_lock
from datayield.store.trunk import TrunkMember, parts, steps_there
from tests.conftest import Call
from tests.forked import begin
from tests.run.loop.test_pretrain import CPU, spec_of, train, training_data_of

FREE = sorted(name for name, spec in METHOD_SPECS.items() if not spec.sees_t)
WSD = {"schedule": "wsd", "decay": 0.25}
CONSTANT = {"schedule": "constant"}
BUDGETS = (256, 512, 768)  # 8, 16 and 24 steps of 32 images


def run_of(method: str, images: int, **optim: Any) -> RunSpec:
    trunk = Budget(unit="images", amount=1280)
    return spec_of(method, images=images, warmup=0.1, trunk=trunk.model_dump(), **optim)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))

    def made(spec: RunSpec, device: torch.device) -> TrainingData:
        assert spec.data.count is not None
        return training_data_of(spec.data.count)

    monkeypatch.setattr(working, "training_data_of", made)
    made_store = Store(tmp_path / "store")
    made_store.check_writable()
    return made_store


def tasks_of(
    runs: list[RunSpec], store: Store, shares: tuple[float, ...] = (1.0,), held: str = ""
) -> list[Task]:
    assert len({run.trunk for run in runs}) == 1
    left = [0.0 if store.run(run.id).run_cost() else 1.0 for run in runs]
    members = [
        TrunkMember(run, shares, one, run.id == held) for run, one in zip(runs, left, strict=True)
    ]
    trunk_parts = parts(members, steps_there(store, runs[0].trunk or ""))
    kept: Any = tuple((share, None) for share in shares)
    return [
        Task(run, "run", kept, "missing", "", (), one, None, part=part)
        for run, one, part in zip(runs, left, trunk_parts, strict=True)
    ]


def work_through(tasks: list[Task], store: Store) -> None:
    for task in tasks:
        list(working.run_task(task, store, CPU, Event()))


def alone(spec: RunSpec, folder: Path) -> str:
    from datayield.store.folders import RunFolder

    train(spec, folder)
    spent = RunFolder(folder).run_cost()
    assert spent is not None
    assert spent.shared is None
    return spent.weights


def weights_of(run: RunSpec, store: Store) -> str:
    spent = store.run(run.id).run_cost()
    assert spent is not None
    return spent.weights


# What a method keeps and what an optimizer keeps are saved apart, so not all pairs are needed:
# every method has both schedules and two optimizers, and every optimizer half of the methods.
PAIRS = ((WSD, "adamw"), (CONSTANT, "sgd")), ((CONSTANT, "adamw"), (WSD, "lars"))


@pytest.mark.parametrize(
    ("method", "schedule", "optimizer"),
    [(method, *pair) for i, method in enumerate(FREE) for pair in PAIRS[i % 2]],
    ids=lambda value: value["schedule"] if isinstance(value, dict) else value,
)
def test_shared_and_alone_end_with_the_same_bits(
    store: Store, tmp_path: Path, method: str, schedule: dict[str, Any], optimizer: str
) -> None:
    runs = [run_of(method, images, name=optimizer, **schedule) for images in BUDGETS]
    work_through(tasks_of(runs, store), store)
    for run, before in zip(runs, [None, *runs], strict=False):
        assert weights_of(run, store) == alone(run, tmp_path / run.id)
        spent = store.run(run.id).run_cost()
        assert spent is not None
        assert spent.images == run.images
        if before is None:
            assert spent.shared is None
        else:
            assert spent.shared is not None
            assert spent.shared.run == before.id
            assert spent.shared.images == before.shared_steps * 32 > 0
            assert 0 < spent.shared.seconds < spent.seconds
            assert spent.resumed == 0
    assert not store.trunk(runs[0].trunk or "").exists()  # nobody needs it any more


def test_without_a_trunk_the_same_budgets_end_otherwise(tmp_path: Path) -> None:
    """So that the test above can fail: a warm-up that is a share of the budget differs."""
    short = run_of("simclr", 256, **CONSTANT)
    own = spec_of("simclr", images=256, warmup=0.1, schedule="constant")
    assert alone(short, tmp_path / "a") != alone(own, tmp_path / "b")


def test_schedules_and_decays_of_one_trunk_share_it_in_any_order(
    store: Store, tmp_path: Path
) -> None:
    runs = [
        run_of("simclr", 1024, **CONSTANT),
        run_of("simclr", 512, **WSD),
        run_of("simclr", 768, schedule="wsd", decay=0.5, final=0.1),
        run_of("simclr", 256, **CONSTANT),
    ]
    tasks = tasks_of(runs, store)
    work_through(tasks, store)
    assert [task.part and task.part.start for task in tasks] == [0, 12, 12, 8]
    for run in runs:
        assert weights_of(run, store) == alone(run, tmp_path / run.id)


def test_milestones_before_the_start_are_those_of_the_run_alone(
    store: Store, tmp_path: Path
) -> None:
    shares = (0.0, 0.1, 0.4, 1.0)
    runs = [run_of("vicreg", images, **WSD) for images in BUDGETS]
    tasks = tasks_of(runs, store, shares)
    assert [task.part and task.part.start for task in tasks] == [0, 6, 12]
    work_through(tasks, store)
    spent = [store.run(run.id).run_cost() for run in runs]
    assert [s and s.shared and s.shared.images for s in spent] == [None, 6 * 32, 12 * 32]
    for run in runs:
        train(run, tmp_path / run.id, shares=shares)
        for share in shares:
            name = store.run(run.id).checkpoint(share).relative_to(store.run(run.id).path)
            one = torch.load(store.run(run.id).checkpoint(share), weights_only=True)
            other = torch.load(tmp_path / run.id / name, weights_only=True)
            assert one.keys() == other.keys()
            assert (one["run"], one["step"]) == (other["run"], other["step"])
            for part in ("encoder", "projector"):
                assert one[part].keys() == other[part].keys()
                assert all(torch.equal(v, other[part][k]) for k, v in one[part].items())
    steps = [json.loads(x)["step"] for x in store.run(runs[-1].id).log.read_text().splitlines()]
    assert steps == list(range(1, 25))


def test_a_trunk_whose_milestones_are_not_there_is_not_used(store: Store, tmp_path: Path) -> None:
    short, long = (run_of("simclr", images, **WSD) for images in BUDGETS[:2])
    work_through(tasks_of([short, long], store)[:1], store)
    assert steps_there(store, short.trunk or "") == {6}
    late, early = (tasks_of([short, long], store, (s, 1.0))[1] for s in (0.75, 0.25))
    assert (late.part and late.part.start, early.part and early.part.start) == (6, 0)
    work_through([early], store)
    spent = store.run(long.id).run_cost()
    assert spent is not None
    assert spent.shared is None
    assert spent.weights == alone(long, tmp_path / "alone")


@pytest.mark.parametrize("lost", ["deleted", "damaged", "other images"])
def test_a_lost_state_costs_only_time(
    store: Store, tmp_path: Path, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = (run_of("barlow_twins", images, **WSD) for images in BUDGETS[:2])
    tasks = tasks_of([short, long], store)
    work_through(tasks[:1], store)
    (state,) = store.trunk(short.trunk or "").iterdir()
    if lost == "deleted":
        state.unlink()
    elif lost == "damaged":
        state.write_bytes(state.read_bytes()[:1000])
    else:
        other = training_data_of(40)._replace(data_digest="other pixels")
        monkeypatch.setattr(working, "training_data_of", lambda spec, device: other)
    work_through(tasks[1:], store)
    spent = store.run(long.id).run_cost()
    assert spent is not None
    assert spent.shared is None
    assert spent.weights == alone(long, tmp_path / "alone")


@pytest.mark.parametrize("stops_after", [3, 14])  # in the first run; past the start of the second
def test_stopped_and_resumed_on_a_trunk(store: Store, tmp_path: Path, stops_after: int) -> None:
    runs = [run_of("barlow_twins", images, **WSD) for images in BUDGETS[:2]]
    stop, seen = Event(), 0
    with pytest.raises(InterruptedRunError):  # noqa: PT012 - stops inside
        for task in tasks_of(runs, store):
            for _ in working.run_task(task, store, CPU, stop):
                seen += 1
                if seen == stops_after:
                    stop.set()
    work_through([task for task in tasks_of(runs, store) if task.share_left], store)
    spent = [store.run(run.id).run_cost() for run in runs]
    assert [s and s.resumed for s in spent] == ([1, 0] if stops_after == 3 else [0, 1])
    assert spent[1] is not None
    assert spent[1].shared is not None
    assert spent[1].shared.images == 6 * 32
    for run in runs:
        assert weights_of(run, store) == alone(run, tmp_path / run.id)


def killed_here(root: str, images: tuple[int, ...]) -> None:
    """What the process that is killed does: both runs, a state saved at every step."""
    working.training_data_of = lambda spec, device: training_data_of(spec.data.count)  # type: ignore[assignment]
    store = Store(Path(root))
    for task in tasks_of([run_of("vicreg", n, **WSD) for n in images], store):
        list(working.run_task(task, store, CPU, Event(), save_seconds=0.0))


def test_killed_on_its_way_from_the_trunk_and_resumed(store: Store, tmp_path: Path) -> None:
    images = (320, 1280)
    runs = [run_of("vicreg", n, **WSD) for n in images]
    process = begin(killed_here, str(store.root), images)
    progress, deadline = store.run(runs[1].id).path / "progress.json", time.monotonic() + 120
    while (read_json(progress) or {"step": -1})["step"] < 10:
        assert time.monotonic() < deadline
        assert process.is_alive(), "it ended before it could be killed"
        time.sleep(0.001)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    work_through(tasks_of(runs, store)[1:], store)
    spent = store.run(runs[1].id).run_cost()
    assert spent is not None
    assert spent.resumed == 1
    assert spent.shared is not None
    assert spent.shared.run == runs[0].id
    assert spent.weights == alone(runs[1], tmp_path / "alone")


def test_a_run_neither_waits_for_nor_hurts_one_that_another_process_holds(
    store: Store, tmp_path: Path
) -> None:
    runs = [run_of("simclr", images, **CONSTANT) for images in BUDGETS]
    with run_lock(store.run(runs[0].id).path):
        tasks = tasks_of(runs, store, held=runs[0].id)
        assert [task.part and task.part.start for task in tasks] == [0, 0, 16]
        work_through(tasks[1:], store)
        assert store.trunk(runs[0].trunk or "").exists()  # the one that is held has not begun
    work_through(tasks[:1], store)
    assert not store.trunk(runs[0].trunk or "").exists()
    for run in runs:
        assert weights_of(run, store) == alone(run, tmp_path / run.id)


STUDY = """
study: nested
base:
  data: {dataset: digits, size: 16, count: 100}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: mild}
  method: {name: simclr, projector: [32, 16]}
  optim: {lr: 4e-3, schedule: wsd, decay: 0.25, warmup: 0.1, trunk: {images: 1280}}
  batch: 32
axes:
  budget: [{images: 1280}, {images: 320}, {images: 640}]
  seed: [0]
evaluations:
  - {name: near, protocol: knn@1, dataset: digits, label: digit, size: 16, train_count: 100,
     test_count: 100, at: [0.5, 1.0]}
"""


def test_a_study_with_a_trunk_from_end_to_end(datayield: Call, tmp_path: Path) -> None:
    path = tmp_path / "nested.yaml"
    path.write_text(STUDY)
    planned = json.loads(datayield("plan", str(path), "--json").out)
    runs = [task for task in planned["tasks"] if task["images"]]
    assert [task["label"].split()[2] for task in runs] == ["C=320", "C=640", "C=1.28k"]
    assert [task["images"] for task in runs] == [320, 640 - 256, 1280 - 480]
    assert planned["images_taken_over"] == 256 + 480
    done = datayield("run", str(path), "--device", "cpu")
    assert done.code == 0, done.err
    assert "33% of training every run separately" in " ".join(done.err.split())
    store = Store(tmp_path / "store")
    assert list((store.root / "trunks").iterdir()) == []
    spent = [store.run(cell.run.id).run_cost() for cell in open_study(str(path)).cells]
    assert [s and s.shared and s.shared.images for s in spent] == [480, None, 256]
    assert [s and s.images for s in spent] == [1280, 320, 640]
    assert datayield("status", str(path)).code == 0
