"""`datayield collect`: exit codes, JSON, dry runs, and what it says in the end."""

import csv
import json
from pathlib import Path

import pytest

pytest.importorskip("protego", reason="pip install 'datayield[collect]'")

from tests.collect.faulty_server import faulty_server
from tests.conftest import Call


def test_a_list_becomes_a_dataset_that_a_plan_describes(datayield: Call, tmp_path: Path) -> None:
    with faulty_server() as server:
        rows = [
            f"{server.url}/{kind}/{n},{n % 2},CC0" for kind in ("image", "gone") for n in (1, 2)
        ]
        (tmp_path / "urls.csv").write_text("\n".join(["url,class,license", *rows]))
        command = ["collect", "web", "urls.csv", "pets", "--allow-private", "--per-hour", "2"]
        plan = datayield(*command, "--dry-run")
        assert plan.code == 0
        assert "addresses: 4" in plan.out
        assert "hosts: 1: 127.0.0.1:" in plan.out
        assert not (tmp_path / "pets").exists()
        assert not server.asked
        done = datayield(*command)
    assert done.code == 0, done.err
    assert "pets: 2 of 4 images kept" in done.out
    assert "licences: CC0 2" in done.out
    assert "in a study: prices: {image: " in done.out
    again = datayield(*command, "--json")  # the server is gone: nothing is asked for
    told = json.loads(again.out)
    assert (again.code, told["kept"], told["did"]) == (0, 2, 0)
    assert told["fates"] == {"kept": 2, "gone": 2}
    assert told["prices"]["image"] > 0
    assert json.loads((tmp_path / "pets/collection.json").read_text())["kept"] == 2
    (tmp_path / "mine.yaml").write_text(
        "study: mine\n"
        "base:\n  data: {dataset: ./pets, size: 24}\n"
        "  encoder: {name: convnet, size: 24, width: 4}\n"
        "  method: {name: simclr, projector: [8, 8]}\n  views: {recipe: mild}\n"
        "  optim: {lr: 1e-3}\n  batch: 2\n  budget: {images: 8}\n"
        "axes:\n  seed: [0]\n"
        "evaluations:\n  - {name: class, protocol: spectrum@1, dataset: ./pets, test: train}\n"
    )
    plan = datayield("plan", "mine.yaml")
    said = " ".join(plan.out.split())
    assert plan.code == 0, plan.err
    assert "pets train: sources: 127.0.0.1 2; licences: CC0 2" in said


def test_nothing_kept_is_a_failure_and_others_are_refused(datayield: Call, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("http://127.0.0.1:9/1.jpg\n")
    done = datayield("collect", "web", "urls.txt", "out")
    assert done.code == 1
    assert "private address" in done.out
    assert "next: --allow-private asks again" in done.out
    assert "no image was collected" in done.err
    with (tmp_path / "out/not_collected.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["fate"] == "private address"
    other = datayield("collect", "web", "urls.txt", "out", "--size", "64")
    assert other.code == 2
    assert "size: 256" in other.err
    missing = datayield("collect", "web", "nothing.txt", "out2")
    assert missing.code == 2
    assert "no such file" in missing.err


def test_two_collectors_do_not_share_a_folder(datayield: Call, tmp_path: Path) -> None:
    from datayield.store.run_lock import run_lock

    (tmp_path / "urls.txt").write_text("http://127.0.0.1:9/1.jpg\n")
    with run_lock(tmp_path / "out"):
        done = datayield("collect", "web", "urls.txt", "out")
    assert done.code == 3
    assert "another process is collecting into this folder" in done.err


def test_a_dry_run_of_prompts(datayield: Call, tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    command = ["collect", "synthetic", "classes.txt", "out", "--model", "x", "--dry-run"]
    done = datayield(*command, "--per-class", "3", "--json")
    assert json.loads(done.out)["images"] == 6
    assert "classes: 2: cat 3, dog 3" in datayield(*command, "--per-class", "3").out


def test_what_cannot_begin_leaves_no_folder(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "classes.txt").write_text("cat\n")
    monkeypatch.setattr("datayield.collect.pipeline.find_spec", lambda name: None)
    done = datayield("collect", "synthetic", "classes.txt", "out", "--model", "x")
    assert done.code == 2
    assert "pip install 'datayield[synthetic]'" in done.err
    (tmp_path / "urls.txt").write_text("http://127.0.0.1:9/1.jpg\n")
    done = datayield("collect", "web", "urls.txt", "out", "--agent", "my\nlab")
    assert (done.code, "--agent" in done.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_retry_asks_again_for_what_may_pass(datayield: Call, tmp_path: Path) -> None:
    with faulty_server() as server:
        urls = [f"{server.url}/{kind}/1" for kind in ("image", "gone", "busy")]
        (tmp_path / "urls.txt").write_text("\n".join(urls))
        command = ["collect", "web", "urls.txt", "out", "--allow-private", "--json"]
        told = json.loads(datayield(*command).out)
        assert (told["did"], told["fates"]) == (3, {"kept": 1, "gone": 1, "too many requests": 1})
        again = datayield(*command, "--retry")
        assert (again.code, json.loads(again.out)["did"]) == (0, 1)
        asked = {path: n for path, n in server.asked.items() if path != "/robots.txt"}
        assert asked == {"/image/1": 1, "/gone/1": 1, "/busy/1": 2}


def test_what_an_option_refused_is_asked_for_with_another(datayield: Call, tmp_path: Path) -> None:
    with faulty_server() as server:
        (tmp_path / "urls.txt").write_text(f"{server.url}/large/1\n")
        command = ["collect", "web", "urls.txt", "out"]
        assert "private address" in datayield(*command).out
        command += ["--allow-private"]
        refused = datayield(*command, "--max-mb", "0.01")
        assert (refused.code, "too large" in refused.out) == (1, True)
        assert "next: a larger --max-mb asks again" in refused.out
        assert "nothing to do" in datayield(*command, "--max-mb", "0.01").err
        assert "1 of 1 images kept" in datayield(*command).out


@pytest.mark.parametrize("verb", ["web", "synthetic"])
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_folder_that_cannot_be_used_is_refused_before_anything(
    datayield: Call, tmp_path: Path, verb: str, dry: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datayield.collect.pipeline.find_spec", lambda name: True)
    (tmp_path / "list.txt").write_text("http://127.0.0.1:9/1.jpg\n")
    (tmp_path / "file").touch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.jpg").touch()
    options = ["--model", "x"] if verb == "synthetic" else []
    for folder, said in (
        ("file", "is a file, not a folder"),
        ("file/sub", "is a file, not a folder"),
        ("mine", "holds files that were not collected"),
    ):
        done = datayield("collect", verb, "list.txt", folder, *options, *dry)
        assert (done.code, said in done.err) == (2, True), done.err
        assert "where:   FOLDER" in done.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["photo.jpg"]


def test_a_dry_run_counts_what_is_left(datayield: Call, tmp_path: Path) -> None:
    with faulty_server() as server:
        rows = [f"{server.url}/image/{n},cat" for n in range(4)]
        (tmp_path / "urls.csv").write_text("\n".join(["url,class", *rows[:3]]))
        command = ["collect", "web", "urls.csv", "out", "--allow-private"]
        assert datayield(*command).code == 0
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
        rows[0] = rows[0].replace("cat", "dog")
        (tmp_path / "urls.csv").write_text("\n".join(["url,class", *rows, ",cat", ""]))
        told = json.loads(datayield(*command, "--dry-run", "--json").out)
        counts = ("addresses", "blank", "tried", "corrected", "pending", "least_seconds")
        assert [told[name] for name in counts] == [4, 1, 3, 1, 1, 0.25]
        assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()} == before
        done = datayield(*command)
    assert "corrected to match the list: 1" in done.out
    assert "note: 1 row has no address, and is left out" in done.err
    assert len(list((tmp_path / "out/images/dog").iterdir())) == 1
    assert "to be collected: 0" in datayield(*command, "--dry-run").out
    other = datayield(*command, "--dry-run", "--size", "64")
    assert (other.code, "with other settings" in other.err) == (2, True)
