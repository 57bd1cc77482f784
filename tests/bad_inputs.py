"""Bad inputs of evaluations, through the real command line: `python -m tests.bad_inputs`.

Prints a Markdown table: input, exit code, message. Each case runs in a folder of its own, on
generated images; tests/test_bad_evaluations.py holds the same cases to their codes and words.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

STUDY = """
study: tiny
base:
  data: {{dataset: "sprites?n=64&n_test=32", size: 32, count: 60}}
  encoder: {{name: convnet, size: 32, width: {width}}}
  views: {{recipe: mild, size: 32}}
  method: {{name: simclr, projector: [8, 8]}}
  optim: {{lr: 1e-3}}
  batch: 20
  budget: {{images: 60}}
{more}
axes: {{seed: [0]}}
evaluations:
  - {{name: task, size: 32, {task}}}
"""
LINEAR = "protocol: linear@1, dataset: ./task"

Make = Callable[[Path], None]


class Case(NamedTuple):
    """`make` writes tiny.yaml and data; with `spoil`, the study runs once before it is spoilt."""

    name: str
    make: Make
    code: int
    says: tuple[str, ...]  # all of these, in what is printed
    spoil: Make | None = None


def study(task: str = LINEAR, width: int = 4, more: str = "") -> Make:
    """Write tiny.yaml."""

    def make(folder: Path) -> None:
        text = STUDY.format(task=task, width=width, more=more)
        # Absolute: sources are kept by name, and the tests' process sees many folders.
        (folder / "tiny.yaml").write_text(text.replace("./task", str(folder / "task")))

    return make


def images(train: dict[str, int], test: dict[str, int]) -> Make:
    """Folders task/train and task/test of class -> number of images; none for an empty split."""

    def make(folder: Path) -> None:
        rng = np.random.default_rng(0)
        for split, classes in (("train", train), ("test", test)):
            for name, many in classes.items():
                place = folder / "task" / split / name
                place.mkdir(parents=True)
                for i in range(many):
                    pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                    Image.fromarray(pixels).save(place / f"{i:02}.png")

    return make


def masks(wrong: int, of: int = 8) -> Make:
    """Parquet of images with masks, of which the first `wrong` in train are 16 px, not 32."""

    def make(folder: Path) -> None:
        feature = {"_type": "Image"}
        told = json.dumps({"info": {"features": {"image": feature, "mask": feature}}})
        (folder / "task").mkdir()
        for split, shift in (("train", 0), ("test", of)):
            sizes = [16 if split == "train" and i < wrong else 32 for i in range(of)]
            columns = {
                "image": [_png(32, i + shift, colour=True) for i in range(of)],
                "mask": [_png(size, i, colour=False) for i, size in enumerate(sizes)],
            }
            arrays = {
                name: pa.array([{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(values)])
                for name, values in columns.items()
            }
            table = pa.table(arrays).replace_schema_metadata({"huggingface": told})
            pq.write_table(table, folder / "task" / f"{split}-00000-of-00001.parquet")

    return make


def _png(size: int, seed: int, *, colour: bool) -> bytes:
    rng = np.random.default_rng(seed)
    shape = (size, size, 3) if colour else (size, size)
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 256 if colour else 3, shape, dtype=np.uint8)).save(out, "PNG")
    return out.getvalue()


def both(*makes: Make) -> Make:
    """One after another."""

    def make(folder: Path) -> None:
        for each in makes:
            each(folder)

    return make


def _checkpoint(folder: Path) -> Path:
    """The finished run's last checkpoint, its result taken away so that it is evaluated again."""
    (checkpoint,) = (folder / "store" / "runs").glob("*/checkpoints/1.000000.pt")
    for result in (checkpoint.parent.parent / "evals").glob("1.000000-*.json"):
        result.unlink()
    return checkpoint


def not_a_number(folder: Path) -> None:
    """Weights as those of an encoder that has diverged."""
    import torch

    path = _checkpoint(folder)
    kept = torch.load(path)
    for value in kept["encoder"].values():
        if value.is_floating_point():
            value.fill_(float("nan"))
    torch.save(kept, path)


def of_another_width(folder: Path) -> None:
    """Weights of the same encoder at twice the width, under the name of this run."""
    import torch

    path = _checkpoint(folder)
    kept = torch.load(path)
    wider = {k: torch.cat([v, v]) if v.ndim else v for k, v in kept["encoder"].items()}
    torch.save({**kept, "encoder": wider}, path)


TWO = {"a": 12, "b": 12}
INIT = "  init: {name: wider, encoder: {name: convnet, size: 32, width: 8}}"
SEGMENT = "protocol: segment@1, dataset: ./task, epochs: 1"
CASES = (
    Case("a label of test that train has no image of", both(study(), images(TWO, {**TWO, "c": 6})),
         0, ("1 class", "missing")),
    Case("a class with one image in train", both(study(), images({**TWO, "c": 1}, {**TWO, "c": 4})),
         0, (" finished",)),
    Case("every class with one image in train", both(study(), images({"a": 1, "b": 1}, TWO)),
         2, ("no class has two training items", "train_count")),
    Case("one class only", both(study(), images({"a": 12}, {"a": 12})),
         2, ("at least two classes", "12 items of 1 class")),
    Case("a task with no test split", both(study(), images(TWO, {})),
         2, ("has no split 'test'", "train[:80%]")),
    Case("per_class: 1 for linear@1", both(study(f"{LINEAR}, per_class: 1"), images(TWO, TWO)),
         2, ("use per_class >= 2, or knn@1",)),
    Case("more per class than a class has", both(study(f"{LINEAR}, per_class: 9"),
         images({"a": 12, "b": 4}, TWO)),
         2, ("got: 9", "allowed: 1 to 4", "label_fraction")),
    Case("one mask of another size than its image", both(study(SEGMENT), masks(1)),
         0, (" finished",)),
    Case("all masks of another size", both(study(SEGMENT), masks(8)),
         2, ("its mask is 16 x 16, not 32 x 32 as the image",)),
    Case("segmentation of a set without masks", both(study(SEGMENT), images(TWO, TWO)),
         2, ("has no masks", "finetune@1")),
    Case("features that are not numbers", both(study(), images(TWO, TWO)),
         0, ("the file was changed",), not_a_number),
    Case("weights of another width", both(study(), images(TWO, TWO)),
         0, ("the file was changed",), of_another_width),
    Case("init: an encoder of another width", both(study(more=INIT), images(TWO, TWO)),
         2, ("width",)),
)  # fmt: skip
RUN = ("run", "tiny.yaml")


def table() -> Iterator[str]:
    """The rows, as they come."""
    yield "| input | exit code | message |"
    yield "|---|---|---|"
    for case in CASES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            case.make(folder)
            done = _called(folder)
            if case.spoil:
                case.spoil(folder)
                done = _called(folder)
            text = _message(done.stdout + done.stderr, name)
            yield f"| {case.name} | {done.returncode} | {text} |"


def _called(folder: Path) -> "subprocess.CompletedProcess[str]":
    own = {"DATAYIELD_STORE": str(folder / "store"), "DATAYIELD_CACHE": str(folder / "cache")}
    outside = {k: v for k, v in os.environ.items() if k != "DATAYIELD_DATA"}
    command = [sys.executable, "-m", "datayield", *RUN]
    more = {"OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=folder, env=outside | own | more, text=True, capture_output=True, check=False
    )


def _message(said: str, folder: str) -> str:
    """The error, or what is printed of the task; on one line."""
    lines = [line.strip() for line in said.replace(f"{folder}/", "").splitlines() if line.strip()]
    starts = [i for i, line in enumerate(lines) if line.startswith(("error", "failed"))]
    end = next((i for i, line in enumerate(lines) if " finished" in line), len(lines))
    wanted = lines[starts[-1] : end] if starts else [x for x in lines if "missing in" in x]
    wanted = wanted or [x for x in lines if "skipped" in x or " finished" in x]
    return "<br>".join(" ".join(line.split()) for line in wanted).replace("|", "\\|")


if __name__ == "__main__":
    for row in table():
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
