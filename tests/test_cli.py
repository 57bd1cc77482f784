"""A whole study from one command to a report, and the verbs that scripts rely on."""

import csv
import hashlib
import importlib
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
import typer

from datayield.cli import app
from tests.conftest import TINY, Call
from tests.forked import SECONDS, Command

VERBS: dict[str, set[str]] = {
    "collect": set(),  # a group: tests/cli/test_collect.py
    "demo": {"store", "device", "json"},
    "plan": {"scale", "set", "store", "device", "measure", "seconds", "all", "json"},
    "run": {
        "scale",
        "set",
        "store",
        "device",
        "json",
        "save-every",
        "jobs",
        "stack",
        "executor",
        "processes",
        "slurm",
        "until",
        "minutes",
        "labels",
        "track",
    },
    "status": {"scale", "set", "store", "all", "json"},
    "report": {"scale", "set", "store", "json", "export", "spend"},
    "index": {"store", "json"},
    "answer": {
        "at",
        "price",
        "spend",
        "published",
        "images",
        "views",
        "hours",
        "presented",
        "epochs",
        "labels",
        "seed",
        "method",
        "task",
        "score",
        "error",
        "where",
        "page",
        "scale",
        "set",
        "store",
        "json",
    },
    "init": {"labels", "minutes", "device", "out"},
    "pack": {"scale", "set", "store", "json"},
    "pick": {
        "by",
        "collect",
        "device",
        "eval",
        "json",
        "label",
        "run",
        "scale",
        "set",
        "split",
        "store",
    },
    "show": {"set", "scale", "page", "store", "open", "seed"},
    "track": {"store", "set", "scale", "to"},
    "verify": {"images", "seed", "minutes", "json"},
    "unpack": {"store", "json"},
    "export": {"run", "best", "eval", "onnx", "hub", "scale", "set", "store", "json"},
    "embed": {
        "split",
        "run",
        "best",
        "eval",
        "batch-size",
        "scale",
        "set",
        "store",
        "device",
        "json",
    },
    "distance": {
        "split-a",
        "split-b",
        "encoder",
        "count",
        "size",
        "store",
        "device",
        "json",
    },
    "ls": {"json"},
    "doctor": {"data", "near-copies", "measure", "json"},
}


def test_verbs_and_flags_are_frozen() -> None:
    """Flags choose which study and where, never what: a new one needs a reason, and this line."""
    group = typer.main.get_command(app)
    flags = {
        name: {o.removeprefix("--") for p in command.params for o in p.opts if o.startswith("--")}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }
    assert flags == VERBS


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that runs the tiny study leaves it for copies."""
    return tmp_path_factory.mktemp("finished") / "study"


def test_a_whole_study_to_a_report_and_nothing_twice(
    datayield: Call, tmp_path: Path, finished: Path, drawing: None
) -> None:
    planned = datayield("plan", "tiny.yaml", "--json")
    assert planned.code == 0
    assert json.loads(planned.out)["todo"] == 11
    assert datayield("status", "tiny.yaml").code == 3

    done = datayield("run", "tiny.yaml")
    assert done.code == 0, done.err
    assert "11 finished" in done.err
    shutil.copytree(tmp_path, finished)
    folder = tmp_path / "store" / "studies" / "tiny"
    page = (folder / "report.html").read_text()
    assert "does it run?" in page
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".pdf", ".svg"}
    with (folder / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    runs = {row["run"] for row in rows if row["kind"] == "run"}
    assert len(runs) == 8
    assert {row["kind"] for row in rows} == {"run", "untrained", "pixels"}
    assert {row["share"] for row in rows if row["eval"] == "count" and row["kind"] == "run"} == {
        "0.5", "1.0",
    }  # fmt: skip
    assert all(0 <= float(r["value"]) <= 1 for r in rows if r["metric"] == "accuracy")

    written = {p: p.stat().st_mtime_ns for p in (tmp_path / "store").rglob("*") if p.is_file()}
    again = datayield("run", "tiny.yaml")
    assert again.code == 0
    assert "nothing to do" in again.err
    after = {p: p.stat().st_mtime_ns for p in (tmp_path / "store").rglob("*") if p.is_file()}
    assert after == written
    assert datayield("status", "tiny.yaml").code == 0

    text = (tmp_path / "tiny.yaml").read_text()
    (tmp_path / "tiny.yaml").write_text(text.replace("seed: [0, 1]", "seed: [0, 1, 2]"))
    more = json.loads(datayield("plan", "tiny.yaml", "--json").out)
    todo = [task["label"] for task in more["tasks"] if task["state"] != "done"]
    assert len(todo) == 5
    assert all("seed 2" in label for label in todo)


def test_an_index_and_an_export_of_what_ran(
    datayield: Call, tmp_path: Path, finished: Path
) -> None:
    assert "no reports in" in datayield("index").out
    if finished.exists():
        shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    else:  # where this test runs alone
        assert datayield("run", "tiny.yaml").code == 0
    (tmp_path / "tiny.reference.csv").write_text(
        "figure,method,arm,x,at,evaluation,metric,unit,value,spread,seeds,doubtful,source,note\n"
        "Table 1,simclr,,n,64,category,accuracy,percent,61.25,,,,Table 1 of a paper,\n"
    )
    assert datayield("report", "tiny.yaml", "--export", "results").code == 0
    folder = tmp_path / "results/tiny/only"
    assert json.loads((folder / "provenance.json").read_text())["done"] == 11
    assert "61.25%" in (tmp_path / "store/studies/tiny/report.html").read_text()
    listed = json.loads(datayield("index", "--json").out)["studies"]
    assert [(row["name"], row["done"], row["total"]) for row in listed] == [("tiny", 11, 11)]
    assert (tmp_path / "store/index.html").is_file()
    for path in folder.iterdir():
        assert str(tmp_path.parent) not in path.read_text(), path.name


def test_measuring_gives_an_estimate(datayield: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datayield.run.timing.plan_timing.SECONDS_PER_KIND", 0.3)
    assert json.loads(datayield("plan", "tiny.yaml", "--json").out)["seconds"] is None
    measured = json.loads(datayield("plan", "tiny.yaml", "--measure", "--json").out)
    seconds = measured["seconds"]
    assert 0 < seconds["low"] < seconds["likely"] < seconds["high"]


def _start(store: Path) -> Command:
    """A process of its own: the same number of threads each time, and so the same bits."""
    command = ["run", "tiny.yaml", "--save-every", "0", "--store", str(store)]
    return Command(*command, environment=os.environ, folder=store.parent)


def _wait_for(store: Path, pattern: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not any(store.glob(pattern)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_interrupted_and_killed_studies_end_with_the_same_table(
    datayield: Call, tmp_path: Path
) -> None:
    text = TINY.replace("size: 32", "size: 16").replace("images: 640", "images: 1280")
    text = text.replace("[60, 240]", "[60]").replace("linear@1", "knn@1")
    (tmp_path / "tiny.yaml").write_text(text.replace("[simclr, barlow_twins]", "[vicreg]"))
    undisturbed = _start(tmp_path / "store")
    said = undisturbed.wait()
    assert undisturbed.poll() == 0, said
    whole = tmp_path / "store" / "studies" / "tiny" / "table.csv"

    broken = tmp_path / "broken"
    first = _start(broken)
    _wait_for(broken, "runs/*/state.pt")
    first.send_signal(signal.SIGINT)
    said = first.wait()
    assert first.poll() == 3, said
    assert "finishing the step and saving" in said

    second = _start(broken)
    _wait_for(broken, "runs/*/spent.json")
    _wait_for(broken, "runs/*/state.pt")
    second.send_signal(signal.SIGKILL)
    second.wait()
    assert second.poll() == -signal.SIGKILL
    assert datayield("status", "tiny.yaml", "--store", str(broken)).code == 3
    third = _start(broken)
    said = third.wait()
    assert third.poll() == 0, said
    table = broken / "studies" / "tiny" / "table.csv"
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (whole, table)]
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    "what", ["studies", "methods", "recipes", "encoders", "views", "datasets", "protocols"]
)
def test_ls_lists(datayield: Call, what: str) -> None:
    assert len(json.loads(datayield("ls", what, "--json").out)) >= 2
    assert datayield("ls", what).code == 0


def test_doctor_finds_no_problem_and_says_what_there_is(datayield: Call) -> None:
    assert json.loads(datayield("doctor", "--json").out)["problems"] == []
    assert datayield("doctor").code == 0


def test_version(datayield: Call) -> None:
    from datayield import __version__

    assert datayield("--version").out.strip() == __version__


def test_doctor_measures_what_is_fastest_here(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = importlib.import_module("datayield.run.timing.cpu_rates")
    monkeypatch.setattr(rates, "SECONDS", 0.0)
    monkeypatch.setattr(rates, "BATCH", 2)
    report = json.loads(datayield("doctor", "--measure", "--json").out)
    lines = report["training, images per second"]
    assert {line["precision"] for line in lines} == {"fp32", "bf16"}
    for name, best in report["fastest here"].items():
        own = [line for line in lines if line["encoder"] == name]
        top = max(own, key=lambda line: line["images_per_second"])
        assert best.startswith("{precision}, {layout}, {threads} threads; ".format(**top))
    runs = json.loads(datayield("doctor", "--json").out)["runs on this CPU"]
    assert set(runs) == {f"{n} in {p}" for n in ("resnet18", "vit_tiny") for p in ("fp32", "bf16")}
    assert all("(OMP_NUM_THREADS): " in said and "measured" in said for said in runs.values())
    assert not any("doctor --measure" in said for said in runs.values())
