"""A small study of files whose runs are stored without training, and changes to packs."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from datayield.session import Session, open_study
from datayield.spec.run import RunSpec
from datayield.store.plan import Task
from datayield.store.right_items import RightItems
from tests.stored import result, run_cost

STUDY = """
study: small
question: what is in a pack?
base:
  data: {dataset: ./images, size: 32}
  encoder: {name: convnet, size: 32, width: 4}
  views: {recipe: mild, size: 32}
  method: {name: simclr, projector: [32, 16]}
  optim: {lr: 1e-3}
  batch: 8
axes:
  seed: [0, 1]
  data.count: [8, 16]
  budget: [{images: 32}]
evaluations:
  - {name: class, protocol: linear@1, dataset: ./images, train: "train[:50%]",
     test: "train[50%:]", size: 32}
claims:
  - {id: more, says: more images help, cites: nobody, test: gain, of: class, over: data.count}
"""
IMAGES = 32
TESTED = 100  # items of the stored results, more than there are images: nothing reads both


def write_study(folder: Path) -> Path:
    """The study's file and its images, of two classes, in `folder`; the file."""
    rng = np.random.default_rng(0)
    for k in range(IMAGES):
        path = folder / "images" / ("dark", "light")[k % 2] / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 100, (32, 32, 3)) + 100 * (k % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    study = folder / "small.yaml"
    study.write_text(STUDY)
    return study


def store_results(session: Session, tasks: int | None = None) -> None:
    """Leave what finished runs leave: of all tasks, or of the first few."""
    for k, task in enumerate(session.plan().tasks[:tasks]):
        _store(session, task, k)


def _store(session: Session, task: Task, number: int) -> None:
    folder = session.store.run(task.spec.id)
    if isinstance(task.spec, RunSpec):
        folder.write_run_cost(run_cost(images=32, seconds=float(task.spec.data.count or 0)))
        folder.append_log('{"step": 4, "share": 1.0, "loss": 1.0}')
    right = np.random.default_rng(number).random((1, TESTED)) < 0.5 + 0.05 * number
    bits = RightItems(np.packbits(right, axis=1), (TESTED,), "abc")
    for share, ev in task.evals:
        record = result(task.spec.id, share, ev.id, accuracy=float(right.mean()))
        evaluated = ev.model_dump(mode="json")
        folder.write_result(record.model_copy(update={"n_test": TESTED, "eval": evaluated}), bits)


def opened_study(folder: Path) -> Session:
    """The study in `folder`, with a store there."""
    return open_study(str(write_study(folder)), store=folder / "store")


def changed(pack: Path, into: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of the pack whose files (name -> bytes) were changed."""
    with zipfile.ZipFile(pack) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return into
