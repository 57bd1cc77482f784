"""`datayield pick`: what is chosen, what is left out, what is promised, and every refusal."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from datayield.session import open_study
from tests.conftest import Call
from tests.docs.test_output_schemas import check

STUDY = """
study: picks
base:
  data: {dataset: digits, count: 64, size: 16}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: mild, size: 16}
  method: {name: simclr, projector: [16, 16]}
  optim: {lr: 1e-3}
  batch: 32
  budget: {images: 64}
axes:
  seed: [0]
evaluations:
  - {name: shapes, protocol: linear@1, dataset: ./shapes, size: 16}
  - {name: rank, protocol: spectrum@1, dataset: digits, size: 16}
"""


def shape(kind: int, seed: int) -> Image.Image:
    """A bright square (0) or bar (1) somewhere on noise."""
    rng = np.random.default_rng([kind, seed])
    image = rng.integers(0, 80, (16, 16, 3), dtype=np.uint8)
    top, left = rng.integers(0, 9, 2)
    image[top : top + 6, left : left + (2 if kind else 6)] = 230
    return Image.fromarray(image)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study that ran, its images, and a pool that has some of them."""
    folder = tmp_path_factory.mktemp("picks")
    for split, first, many in (("train", 0, 60), ("test", 100, 10)):
        for kind in (0, 1):
            where = folder / "shapes" / split / ("square", "bar")[kind]
            where.mkdir(parents=True)
            for i in range(first, first + many):
                shape(kind, i).save(where / f"{i}.png")
    pool = folder / "pool"
    pool.mkdir()
    for i in range(40):
        shape(i % 2, 1000 + i).save(pool / f"new{i:02}.png")
    shutil.copy(folder / "shapes/train/bar/3.png", pool / "known.png")
    for i in (100, 101):
        shutil.copy(folder / f"shapes/test/square/{i}.png", pool / f"test{i}.png")
    shutil.copy(pool / "new05.png", pool / "zz_again.png")
    (pool / "broken.png").write_bytes(b"\x89PNG broken")
    (folder / "picks.yaml").write_text(STUDY)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DATAYIELD_CACHE", str(folder / "cache"))
        patch.delenv("DATAYIELD_DATA", raising=False)
        session = open_study("picks.yaml", store=folder / "store")
        session.run(session.plan(), Console(quiet=True))
    return folder


@pytest.fixture
def study(datayield: Call, trained: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command line in the folder of the study that ran."""
    monkeypatch.chdir(trained)
    monkeypatch.setattr("datayield.pick.held_out.REPEATS", 2)
    monkeypatch.setenv("DATAYIELD_STORE", str(trained / "store"))
    monkeypatch.setenv("DATAYIELD_CACHE", str(trained / "cache"))
    return datayield


def picked(study: Call, *more: str) -> Any:
    done = study("pick", "picks.yaml", "pool", *more, "--json")
    assert done.code == 0, done.err
    return check("pick", done.out)


def test_images_to_label(study: Call, tmp_path: Path) -> None:
    out = tmp_path / "picked.csv"
    done = study("pick", "picks.yaml", "pool", str(out), "--label", "12")
    assert done.code == 0, done.err
    assert "12 images to label, of 40, for shapes (120 labelled)" in done.out
    assert (
        "left out: 1 unusable, 1 labelled already, 2 in a test split and 1 copied within the pool\n"
        in done.out
    )
    assert "the study does not vary the number of labels" in done.out
    assert "with labels that the study has: " in " ".join(done.out.split())
    with out.open(newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [row["rank"] for row in rows] == [str(i + 1) for i in range(12)]
    images = {row["image"] for row in rows}
    assert len(images) == 12
    assert images <= {f"new{i:02}.png" for i in range(40)}
    assert sum(int(row["stands_for"]) for row in rows) == 40
    assert {row["predicted"] for row in rows} <= {"square", "bar"}
    assert all(0 <= float(row["margin"]) <= 1 for row in rows)
    assert all((Path("shapes/train") / row["nearest_task_image"]).exists() or
               Path("shapes", row["nearest_task_image"]).exists() for row in rows)  # fmt: skip
    assert "own_cosine" not in rows[0]
    again = study("pick", "picks.yaml", "pool", str(out), "--label", "12")
    assert (again.code, "nothing to do" in again.out) == (0, True)
    other = study("pick", "picks.yaml", "pool", str(out), "--label", "11")
    assert (other.code, "not this table" in other.err) == (2, True)


def test_images_to_collect(study: Call) -> None:
    told = picked(study, "--collect", "10")
    assert (told["by"], told["candidates"], len(told["images"])) == ("near_target", 40, 10)
    assert told["test"]["measure"] == "coverage"
    assert told["test"]["start"] == 64
    assert told["expected"]["gain"] is None
    assert all(-1 <= row["own_cosine"] <= 1 for row in told["images"])


def test_what_a_study_was_pretrained_on_may_be_labelled_but_not_collected(study: Call) -> None:
    own = ("pick", "picks.yaml", "digits", "--split", "train", "--json")
    to_label = json.loads(study(*own, "--label", "5").out)
    to_collect = json.loads(study(*own, "--collect", "5").out)
    assert to_label["listed"] == to_collect["listed"]
    assert to_label["candidates"] - to_collect["candidates"] == 64
    assert to_collect["left_out"]["pretrained"] == 64


def test_few_are_shown_without_a_table(study: Call) -> None:
    done = study("pick", "picks.yaml", "pool", "--label", "12", "--by", "margin")
    assert done.code == 0, done.err
    assert "  and 2 more: name a file" in done.out
    shown = [line for line in done.out.splitlines() if line.startswith("  ")]
    assert len(shown) == 11


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("pool",), "got:     neither"),
        (("pool", "--label", "5", "--collect", "5"), "--label 5 --collect 5"),
        (("pool", "--label", "5", "--by", "near_target"), "clusters, margin, diverse, random"),
        (("pool", "--collect", "5", "--by", "near_targt"), "did you mean 'near_target'?"),
        (("pool", "--label", "41"), "allowed: 1 to 40"),
        (("pool", "x.txt", "--label", "5"), "for example x.csv"),
        (("nowhere", "--label", "5"), "nowhere"),
        (("shapes", "--label", "5"), "already has every image of the pool"),
        (("digits", "--label", "5"), "--split"),
        (("pool", "--label", "5", "--eval", "shape"), "did you mean 'shapes'?"),
        (("pool", "--label", "5", "--eval", "rank"), "no finished run has a validation score"),
    ],
)
def test_wrong_inputs(study: Call, arguments: tuple[str, ...], told: str) -> None:
    done = study("pick", "picks.yaml", *arguments)
    assert (done.code, told in done.err) == (2, True), done.err
    assert not Path("x.txt").exists()


def test_a_task_without_labels(study: Call, trained: Path) -> None:
    run = next((trained / "store/runs").glob("*/checkpoints/*.pt")).parents[1].name
    wrong = ("pick", "picks.yaml", "pool", "--label", "5", "--run", run, "--eval", "rank")
    done = study(*wrong)
    assert (done.code, "one class label for each image" in done.err) == (2, True), done.err


def test_a_study_that_did_not_run(datayield: Call) -> None:
    done = datayield("pick", "tiny.yaml", "digits", "--split", "train", "--label", "5")
    assert (done.code, "run it first" in done.err) == (2, True), done.err
    assert "unlabeled" not in done.out
