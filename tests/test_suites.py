"""Suites from the command line: run with what is here, told what is not, and wrong inputs."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import TINY, Call

Spoil = Callable[[Path], object]
HEAD = TINY[: TINY.index("evaluations:")].replace("seed: [0, 1]", "seed: [0]")
STUDY = HEAD.replace("[simclr, barlow_twins]", "[simclr]") + "evaluations:\n"


def make_pack(
    root: Path, classes: int = 2, counts: tuple[int, int, int] = (40, 10, 30), seed: int = 0
) -> None:
    """A task whose class is the brightness of the image."""
    rng = np.random.default_rng(seed)
    for name, count in zip(("train800", "val200", "test"), counts, strict=True):
        (root / "images" / name).mkdir(parents=True)
        lines = []
        for i in range(count):
            level = 40 + 150 * (i % classes) // max(1, classes - 1)
            pixels = rng.integers(level - 30, level + 30, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / "images" / name / f"{i}.png")
            lines.append(f"images/{name}/{i}.png {i % classes}")
        (root / f"{name}.txt").write_text("\n".join(lines))


@pytest.fixture
def data(datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATAYIELD_DATA", str(tmp_path / "data"))
    # The same names hold other images in each test.
    monkeypatch.setattr("datayield.run.decoded_splits._DECODED", {})
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def write(folder: Path, *evaluations: str) -> None:
    (folder / "tiny.yaml").write_text(STUDY + "".join(f"  - {text}\n" for text in evaluations))


def edit_study(folder: Path, old: str, new: str) -> None:
    text = (folder / "tiny.yaml").read_text()
    assert old in text
    (folder / "tiny.yaml").write_text(text.replace(old, new))


def test_a_suite_runs_with_what_is_here(
    datayield: Call, data: Path, tmp_path: Path, drawing: None
) -> None:
    for task in ("cifar", "dtd", "kitti"):
        make_pack(data / "vtab-1k" / task)
    write(tmp_path, "{suite: vtab_1k@1, size: 32}")
    planned = json.loads(datayield("plan", "tiny.yaml", "--json").out)
    missing = [text for text in planned["warnings"] if text.startswith("skipped:")]
    assert len(missing) == 16
    assert any("vtab_1k svhn (vtab_1k@1, natural)" in text for text in missing)
    done = datayield("run", "tiny.yaml")
    assert done.code == 0
    assert done.err.count("skipped: vtab_1k") == 16
    folder = tmp_path / "store" / "studies" / "tiny"
    with (folder / "table.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    runs = [r for r in rows if r["kind"] == "run" and r["metric"] == "score" and r["n"] == "60"]
    assert {r["eval"] for r in runs} == {
        "vtab_1k natural", "vtab_1k structured", "vtab_1k all tasks"
    }  # fmt: skip
    tasks = {r["eval"]: float(r["value"]) for r in rows
             if r["kind"] == "run" and r["metric"] == "accuracy" and r["n"] == "60"}  # fmt: skip
    natural = next(float(r["value"]) for r in runs if r["eval"] == "vtab_1k natural")
    assert natural == pytest.approx((tasks["vtab_1k cifar"] + tasks["vtab_1k dtd"]) / 2)
    pixels = [float(r["value"]) for r in rows if r["kind"] == "pixels" and r["metric"] == "score"]
    assert min(pixels) > 0.9  # brightness can be told
    page = (folder / "report.html").read_text()
    assert "By group of tasks" in page
    assert "2 of 7 tasks" in page
    assert "skipped: vtab_1k svhn" in page
    assert (folder / "figures" / "groups.svg").exists()
    again = datayield("run", "tiny.yaml")
    assert "nothing to do" in again.err
    make_pack(
        data / "vtab-1k" / "svhn", seed=1
    )  # one more task is one more evaluation, and no training
    more = json.loads(datayield("plan", "tiny.yaml", "--json").out)
    assert more["images"] == 0
    assert {task["evaluations_owed"] for task in more["tasks"]} == {1}


def test_all_missing_tasks_are_listed(datayield: Call, data: Path) -> None:
    make_pack(data / "vtab-1k" / "kitti", counts=(8, 2, 711))
    rows = json.loads(datayield("ls", "tasks", "--json").out)
    assert len(rows) == 19 + 19 + 15
    assert {row["task"]: row["missing"] for row in rows if row["suite"] == "vtab_1k@1"}[
        "kitti"
    ] == ""
    cifar = next(row for row in rows if (row["suite"], row["task"]) == ("vtab_1k@1", "cifar"))
    assert "dataset 'vtab-1k/cifar' not found" in cifar["missing"]
    assert "vtab_mini@1" in datayield("ls", "tasks").out
    shown = datayield("ls", "protocols").out
    assert "vtab@1" in shown
    assert "linear_sgd@1" in shown


def test_label_fractions_and_the_sgd_probe_run(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datayield.evals.linear_sgd.SGD_EPOCHS", 2)
    few = 'dataset: "sprites?n=300&n_test=600", label: count'
    write(
        tmp_path,
        f"{{name: few, protocol: linear@1, {few}, label_fraction: [0.2, 1.0], draws: 2}}",
        f"{{name: near, protocol: knn@1, {few}, per_class: [1]}}",
        f"{{name: sgd, protocol: linear_sgd@1, {few}, train_count: 100}}",
        f"{{name: centre, protocol: linear_sgd@2, {few}, train_count: 100}}",
    )
    edit_study(tmp_path, "[60, 240]", "[60]")
    done = datayield("run", "tiny.yaml")
    assert done.code == 0
    kept = [json.loads(path.read_text()) for path in tmp_path.glob("store/runs/*/evals/*.json")]
    by_name = {item["eval"]["name"]: item for item in kept}
    assert set(by_name) == {
        "few, 20% of labels",
        "few, 100% of labels",
        "near, 1 per class",
        "sgd",
        "centre",
    }
    assert by_name["few, 20% of labels"]["n_train"] in range(58, 63)
    assert {"accuracy_draw0", "accuracy_draw1", "accuracy_sd_draws"} <= by_name[
        "few, 20% of labels"
    ]["metrics"].keys()
    assert by_name["near, 1 per class"]["n_train"] == 5
    assert "accuracy_draw4" in by_name["near, 1 per class"]["metrics"]
    assert by_name["sgd"]["metrics"]["learning_rate"] > 0
    assert by_name["centre"]["metrics"] != by_name["sgd"]["metrics"]


def edit(*lists: str, keep: Callable[[int], bool] = lambda i: True, label: str = "{}") -> Spoil:
    """Keep the lines of the lists for which `keep(label)`, and write their label as `label`."""

    def spoil(task: Path) -> None:
        for name in lists:
            path = task / f"{name}.txt"
            rows = [line.rsplit(" ", 1) for line in path.read_text().splitlines()]
            kept = [f"{file} {label.format(old)}" for file, old in rows if keep(int(old))]
            path.write_text("\n".join(kept))

    return spoil


def single(task: Path) -> None:
    """Only the second image is of class 1."""
    rows = (task / "train800.txt").read_text().splitlines()
    rows = [row for i, row in enumerate(rows) if i == 1 or not row.endswith(" 1")]
    (task / "train800.txt").write_text("\n".join(rows))
    edit("val200", keep=lambda i: i != 1)(task)


TRAIN = ("train800", "val200")
BAD: list[tuple[str, Spoil, int, tuple[str, ...]]] = [
    ("no test split", lambda task: (task / "test.txt").unlink(), 2,
     ("has no split 'test'", "train800")),
    ("a label that is none", edit("val200", label="x"), 2, ("invalid line", "val200.txt, line 1")),
    ("one class", edit(*TRAIN, label="0"), 2, ("two classes", "evaluations (vtab_1k cifar)")),
    ("a class with one image", single, 0, ()),
    ("a label missing in train", edit(*TRAIN, keep=lambda i: i != 2), 0, ("2",)),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "code", "says"), [c[1:] for c in BAD], ids=[c[0] for c in BAD])
def test_bad_tasks(
    datayield: Call, data: Path, tmp_path: Path, spoil: Spoil, code: int, says: tuple[str, ...]
) -> None:
    """All tasks are required here, so that one that cannot be measured is an error."""
    task = data / "vtab-1k" / "cifar"
    make_pack(task, classes=3)
    spoil(task)
    others = "caltech101, dtd, oxford_flowers102, oxford_iiit_pet, sun397, svhn"
    write(
        tmp_path,
        f"{{suite: vtab_1k@1, size: 32, groups: [natural], without: [{others}], required: true}}",
    )
    done = datayield("run", "tiny.yaml")
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    if code:
        for text in says:
            assert text in done.err
        return
    kept = [json.loads(path.read_text()) for path in tmp_path.glob("store/runs/*/evals/*.json")]
    assert {item["metrics"]["classes_missing_in_train"] for item in kept} == {float(bool(says))}
    assert any("missing in train" in note for item in kept for note in item["notes"]) == bool(says)


def test_required_data_that_is_not_here(datayield: Call, data: Path, tmp_path: Path) -> None:
    write(tmp_path, "{suite: vtab_1k@1, size: 32, required: true}")
    done = datayield("run", "tiny.yaml")
    assert done.code == 2
    assert "dataset 'vtab-1k/" in done.err


def test_none_of_the_tasks_is_here(datayield: Call, data: Path, tmp_path: Path) -> None:
    write(tmp_path, "{suite: vtab_1k@1, size: 32}")
    done = datayield("run", "tiny.yaml")
    assert done.code == 2
    assert "no data found for any evaluation" in done.err
    assert "ls tasks" in done.err


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            "{name: a, protocol: linear@1, dataset: digits, label: digit, per_class: 1}",
            "per_class >= 2",
        ),
        ("{name: a, protocol: vtab@1, dataset: digits, label: digit, per_class: 2}", "all labels"),
        ("{name: a, protocol: linear@1, dataset: digits, draws: 2}", "draws requires"),
        ("{suite: vtab@1, size: 32}", "vtab_1k@1, vtab_mini@1, vtab_style@1"),
    ],
)
def test_bad_entries(datayield: Call, tmp_path: Path, entry: str, says: str) -> None:
    write(tmp_path, entry)
    done = datayield("plan", "tiny.yaml")
    assert done.code == 2
    assert says in done.err


def test_more_per_class_than_a_class_has_is_refused_before_training(
    datayield: Call, tmp_path: Path
) -> None:
    few = 'dataset: "sprites?n=300&n_test=60", label: count, train_count: 100'
    write(tmp_path, f"{{name: near, protocol: knn@1, {few}, per_class: 90}}")
    done = datayield("run", "tiny.yaml")
    assert done.code == 2
    said = " ".join((done.out + done.err).split())
    assert "fewer than per_class" in said
    assert "evaluations (near, 90 per class): per_class" in said or "(near): per_class" in said
    assert "90" in said
    assert not list(tmp_path.glob("store/runs/*/evals/*.json"))
