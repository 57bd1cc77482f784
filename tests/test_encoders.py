"""Encoders out of a study: export, embed and load_encoder, from the command line and in Python."""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from PIL import Image
from rich.console import Console

import datayield as package
from datayield.analysis.results.collect import collect
from datayield.evals.features import extract
from datayield.report.page.encoder_box import encoder_box
from datayield.run.decoded_splits import arrays_of
from datayield.session import open_study
from tests.conftest import Call, Done

parts = importlib.import_module("datayield.run.export.embed")  # the face has a function of its name
DATA = "sprites?n=120&n_test=200"
STUDY = f"""
study: tiny
question: does it run?
base:
  data: {{dataset: "{DATA}", count: 60, size: 32}}
  encoder: {{name: convnet, size: 32, width: 4}}
  views: {{recipe: mild, size: 32}}
  method: {{name: simclr, projector: [32, 16]}}
  optim: {{lr: 1e-3}}
  batch: 32
  budget: {{images: 320}}
axes:
  seed: [0, 1]
evaluations:
  - {{name: texture, protocol: knn@1, dataset: "{DATA}", label: texture}}
  - {{name: count, protocol: linear@1, dataset: "{DATA}", label: count, at: [0.5, 1.0]}}
  - {{name: rank, protocol: spectrum@1, dataset: "{DATA}"}}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study that ran: tiny.yaml, store and cache."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("DATAYIELD_CACHE", str(folder / "cache"))
        patch.delenv("DATAYIELD_DATA", raising=False)
        (folder / "tiny.yaml").write_text(STUDY)
        session = open_study("tiny.yaml", store=folder / "store")
        session.run(session.plan(), Console(quiet=True))
    rng = np.random.default_rng(0)
    for name in ("photos/a/1.png", "photos/a/2.png", "photos/b.jpg", "photos/test/3.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        side = (40, 50, 3) if name.endswith("jpg") else (32, 32, 3)
        Image.fromarray(rng.integers(0, 256, side, dtype=np.uint8)).save(folder / name)
    (folder / "photos/broken.png").write_bytes(b"\x89PNG broken")
    (folder / "photos/empty.jpg").write_bytes(b"")
    return folder


@pytest.fixture
def study(datayield: Call, trained: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command line in the folder of the study that ran."""
    monkeypatch.chdir(trained)
    monkeypatch.setenv("DATAYIELD_STORE", str(trained / "store"))
    monkeypatch.setenv("DATAYIELD_CACHE", str(trained / "cache"))
    return datayield


def _records(trained: Path) -> list[dict[str, Any]]:
    """Every result of `count` of the runs in the store."""
    paths = (trained / "store/runs").glob("*/evals/*.json")
    kept = [json.loads(p.read_text()) for p in paths]
    records = [each.get("record", each) for each in kept]
    return [r for r in records if r["eval"]["name"] == "count" and r["share"] > 0]


def test_the_best_on_validation_is_exported_once(
    study: Call, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "enc"
    made = study("export", "tiny.yaml", str(out), "--json")
    assert made.code == 0, made.err
    told = json.loads(made.out)
    best = max(_records(trained), key=lambda r: (r["metrics"]["accuracy_val"], -r["share"]))
    assert told["choice"]["validation"] == best["metrics"]["accuracy_val"]
    assert (told["run"], told["share"]) == (best["run"], best["share"])
    assert told["choice"]["test"] == best["metrics"]["accuracy"]
    assert {p.name for p in out.iterdir()} == {
        "model.safetensors", "config.json", "README.md", "datayield.json", "modeling.py",
    }  # fmt: skip
    before = {p: p.stat().st_mtime_ns for p in out.iterdir()}
    again = study("export", "tiny.yaml", str(out), "--best")
    assert (again.code, "nothing to do" in again.out) == (0, True)
    assert {p: p.stat().st_mtime_ns for p in out.iterdir()} == before
    assert list(tmp_path.glob(".*")) == []


def test_the_card_tells_where_the_encoder_comes_from(
    study: Call, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "enc"
    assert study("export", "tiny.yaml", str(out), "--hub", "me/enc").code == 0
    card = (out / "README.md").read_text()
    _, front, text = card.split("---\n", 2)
    told = yaml.safe_load(front)
    run = json.loads((out / "datayield.json").read_text())["run"]
    best = max(_records(trained), key=lambda r: (r["metrics"]["accuracy_val"], -r["share"]))
    scored = told["model-index"][0]["results"][0]["metrics"][0]
    assert scored["value"] == round(best["metrics"]["accuracy"], 4)
    assert told["pipeline_tag"] == "image-feature-extraction"
    spec = json.loads((trained / f"store/runs/{run}/spec.json").read_text())
    for fact in (
        run, "# enc", "SimCLR", "linear@1", "95% interval", "Test labels were not used",
        f"{100 * best['metrics']['accuracy']:.1f}%", "does it run?",
        "What to buy next was not asked", "| images presented |", "| passes per image |",
            str(spec["data"]["fingerprint"]),
        "licence of these images",
    ):  # fmt: skip
        assert fact in text, fact
    assert "safetensors filter=lfs" in (out / ".gitattributes").read_text()
    for path in out.iterdir():
        assert str(trained.parent) not in path.read_bytes().decode("utf-8", "replace")


def test_a_run_that_is_named_is_exported_at_its_share(
    study: Call, trained: Path, tmp_path: Path
) -> None:
    run = _records(trained)[0]["run"]
    made = study("export", "tiny.yaml", str(tmp_path / "half"), "--run", f"{run}@0.5", "--json")
    told = json.loads(made.out)
    assert (told["run"], told["share"], told["choice"]) == (run, 0.5, None)
    assert "named by whoever exported it" in (tmp_path / "half/README.md").read_text()
    last = study("export", "tiny.yaml", str(tmp_path / "last"), "--run", run, "--eval", "texture")
    assert last.code == 0, last.err
    assert "`knn@1`" in (tmp_path / "last/README.md").read_text()
    rank = study("export", "tiny.yaml", str(tmp_path / "rank"), "--run", run, "--eval", "rank")
    assert rank.code == 0, rank.err
    assert "No score of this checkpoint" in (tmp_path / "rank/README.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--run", "nope"], 2, "the study has no run of this id"),
        (["--run", "RUN@0.25"], 1, "no checkpoint at this share"),
        (["--run", "RUN@x"], 1, "no checkpoint at this share"),
        (["--run", "RUN", "--best"], 2, "--run and --best are mutually exclusive"),
        (["--eval", "texure"], 2, "did you mean 'texture'?"),
        (["--eval", "texture"], 2, "no finished run has a validation score of this evaluation"),
        (["--hub", "a b"], 2, "not a name of a repository"),
    ],
    ids=str,
)
def test_a_wrong_choice_is_refused_and_nothing_is_written(
    study: Call, trained: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    run = _records(trained)[0]["run"]
    out = tmp_path / "out"
    done = study("export", "tiny.yaml", str(out), *(a.replace("RUN", run) for a in arguments))
    assert (done.code, says in done.err) == (code, True), done.err
    assert not out.exists()


def test_what_is_there_is_not_overwritten(study: Call, trained: Path, tmp_path: Path) -> None:
    run = _records(trained)[0]["run"]
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    assert study("export", "tiny.yaml", str(tmp_path / "folder"), "--run", run).code == 0
    other = study("export", "tiny.yaml", str(tmp_path / "folder"), "--run", f"{run}@0.5")
    assert other.code == 2
    assert "is another export" in other.err
    for place in ("file", "."):
        refused = study("export", "tiny.yaml", str(tmp_path / place), "--run", run)
        assert refused.code == 2
        assert "no export of an encoder" in refused.err
    assert (tmp_path / "file").read_text() == "mine"
    with (tmp_path / "folder/model.safetensors").open("ab") as file:
        file.write(b"x")
    changed = study("export", "tiny.yaml", str(tmp_path / "folder"), "--run", run)
    assert changed.code == 2
    assert "not the one that was named" in changed.err


def test_a_study_that_did_not_run_has_no_encoder(datayield: Call, tmp_path: Path) -> None:
    done = datayield("export", "tiny.yaml", str(tmp_path / "out"))
    assert done.code == 2
    assert "no run of this study is finished" in done.err
    assert "run it first, or name its store" in done.err


def test_onnx_that_is_missing_is_told(
    study: Call, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    done = study("export", "tiny.yaml", str(tmp_path / "out"), "--onnx")
    assert done.code == 2
    assert "pip install 'datayield[onnx]'" in done.err
    assert list(tmp_path.glob("*out*")) == []


def test_a_loaded_encoder_has_the_features_of_the_evaluation(
    study: Call, trained: Path, tmp_path: Path
) -> None:
    assert study("export", "tiny.yaml", str(tmp_path / "enc")).code == 0
    of_study = package.load_encoder("tiny.yaml")
    of_folder = package.load_encoder(tmp_path / "enc")
    images = arrays_of(DATA, "test", 32, "crop").images[:20]
    evaluated = extract(of_study.encoder, images, torch.device("cpu"))
    assert not of_study.training
    with torch.inference_mode():
        for encoder in (of_study, of_folder):
            inputs = torch.stack([encoder.transform(Image.fromarray(x)) for x in images])
            assert (encoder(inputs) - evaluated).abs().max() <= 1e-5 * evaluated.abs().max()
            assert encoder.features == evaluated.shape[1] == 32
    with pytest.raises(AttributeError):
        package.load_encoders  # noqa: B018
    from datayield.spec.errors import ConfigError

    with pytest.raises(ConfigError, match="holds one encoder"):
        package.load_encoder(tmp_path / "enc", run="x")


def _table(path: Path) -> dict[str, np.ndarray]:
    table = pq.read_table(path)
    features = np.stack(table["feature"].to_numpy())
    return dict(zip(table["name"].to_pylist(), features, strict=True))


def test_a_folder_is_embedded_and_bad_images_are_told(
    study: Call, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "f.parquet"
    done = study("embed", "tiny.yaml", "photos", str(out))
    assert done.code == 0, done.err
    assert "left out: broken.png: " in done.out
    assert "left out: empty.jpg: empty file" in done.out
    table = _table(out)
    assert list(table) == ["a/1.png", "a/2.png", "b.jpg", "test/3.png"]
    encoder = package.load_encoder("tiny.yaml")
    with torch.inference_mode():
        for name, features in table.items():
            own = encoder(encoder.transform(trained / "photos" / name)[None])[0].numpy()
            assert np.abs(own - features).max() <= 1e-5 * np.abs(own).max()
    assert pq.read_schema(out).field("feature").type.list_size == 32
    again = study("embed", "tiny.yaml", "photos", str(out))
    assert "nothing to do" in again.out
    told = json.loads(study("embed", "tiny.yaml", "photos", str(out), "--json").out)
    assert (told["images"], told["new"], len(told["skipped"])) == (4, 0, 2)


def test_a_dataset_gives_the_features_of_its_evaluation(
    study: Call, trained: Path, tmp_path: Path
) -> None:
    assert study("export", "tiny.yaml", str(tmp_path / "enc")).code == 0
    several = study("embed", str(tmp_path / "enc"), DATA, str(tmp_path / "f.parquet"))
    assert several.code == 2
    assert "the dataset has several splits" in several.err
    out = str(tmp_path / "f.parquet")
    done = study("embed", str(tmp_path / "enc"), DATA, out, "--split", "test", "--batch-size", "64")
    assert done.code == 0, done.err
    images = arrays_of(DATA, "test", 32, "crop").images
    encoder = package.load_encoder("tiny.yaml").encoder
    evaluated = extract(encoder, images, torch.device("cpu")).numpy()
    got = np.stack(list(_table(Path(out)).values()))
    assert np.abs(got - evaluated).max() <= 1e-5 * np.abs(evaluated).max()
    other = study("embed", str(tmp_path / "enc"), DATA, out, "--split", "train")
    assert other.code == 2
    assert "is another table" in other.err


class Killed(BaseException):
    """Ends a call as a signal does: nothing catches it."""


def test_embedding_resumes_after_a_kill(
    study: Call, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, save = tmp_path / "f.parquet", parts.save_part

    def killed(path: Path, features: np.ndarray) -> None:
        save(path, features)
        raise Killed

    def embed(to: Path) -> Done:
        return study("embed", "tiny.yaml", DATA, str(to), "--split", "test", "--json")

    monkeypatch.setattr(parts, "PART", 64)
    with monkeypatch.context() as patch:
        patch.setattr(parts, "save_part", killed)
        with pytest.raises(Killed):
            embed(out)
    assert not out.exists()
    (tmp_path / ".f.parquet.0123456789abcdef.parts").mkdir()  # of other images
    told = json.loads(embed(out).out)
    assert (told["images"], told["new"]) == (200, 200 - 64)
    assert embed(tmp_path / "whole.parquet").code == 0
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["photos", "f.csv"], "for example f.parquet"),
        (["photo", "f.parquet"], "did you mean './photos'?"),
        (["photos", "f.parquet", "--split", "val"], "has no split 'val'"),
        (["photos", "f.parquet", "--device", "gpu"], "unknown device"),
    ],
    ids=str,
)
def test_wrong_requests_to_embed(
    study: Call, trained: Path, arguments: list[str], says: str
) -> None:
    done = study("embed", "tiny.yaml", *arguments)
    assert (done.code, says in done.err) == (2, True), done.err
    assert not list(trained.glob("f.*"))


def test_an_export_is_used_again_in_a_study(study: Call, trained: Path, tmp_path: Path) -> None:
    assert study("export", "tiny.yaml", str(tmp_path / "enc")).code == 0
    raw = yaml.safe_load(STUDY)
    raw["axes"] = {"seed": [0], "init": [None, {"weights": str(tmp_path / "enc")}]}
    raw["baselines"] = [{"weights": str(tmp_path / "enc/model.safetensors")}]
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(raw))
    done = study("plan", str(tmp_path / "again.yaml"), "--all")
    assert done.code == 0, done.err
    assert len(re.findall(r"^weights enc\b", done.out, re.MULTILINE)) == 1, done.out


def test_the_page_says_which_encoder_and_how_to_export_it(study: Call, trained: Path) -> None:
    session = open_study("tiny.yaml")
    plan = session.plan(keep=True)
    box = encoder_box(collect(session.study, session.cells, plan, session.store))
    best = max(_records(trained), key=lambda r: (r["metrics"]["accuracy_val"], -r["share"]))
    assert box is not None
    assert (trained / "store" / box["checkpoint"]).is_file()
    assert box["checkpoint"] == f"runs/{best['run']}/checkpoints/{best['share']:.6f}.pt"
    assert f"{100 * best['metrics']['accuracy_val']:.1f}%" in box["why"]
    assert f"{100 * best['metrics']['accuracy']:.1f}%" in box["score"]
    assert box["command"] == "datayield export STUDY OUT"
