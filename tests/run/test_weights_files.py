"""Files of weights are tried when a plan is made: what fits is told, what does not is refused."""

import json
from pathlib import Path

import pytest
import torch
import yaml

from datayield import evals
from datayield.evals.features import extract
from datayield.nets.encoder import build
from datayield.run import weights_files
from datayield.run.evaluation.labels import chosen_images
from datayield.run.weights_trial import weights_trials
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import EncoderSpec, WeightsFile
from tests.conftest import Call
from tests.run.test_refusals import STUDY

ENCODER = EncoderSpec(name="convnet", size=8, width=4)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    fits = {f"module.{k}": v for k, v in build(ENCODER, 5).body.state_dict().items()}
    torch.save({"state_dict": fits}, tmp_path / "fits.pt")
    wide = build(ENCODER.model_copy(update={"width": 8}), 5).body.state_dict()
    torch.save(wide, tmp_path / "wide.pt")
    return tmp_path


def written(folder: Path, **study: object) -> None:
    (folder / "own.yaml").write_text(yaml.safe_dump(yaml.safe_load(STUDY) | study))


def test_a_study_starts_from_a_file_and_is_compared_with_it(datayield: Call, files: Path) -> None:
    written(files, axes={"seed": [0], "init": [None, {"weights": "fits.pt"}]})
    said = datayield("plan", "own.yaml").out
    assert "weights fits" in said
    assert "the prefix 'module.' removed" in said
    assert datayield("run", "own.yaml", "--jobs", "1").code == 0
    (files / "fits.pt").rename(files / "moved.pt")
    written(files, axes={"seed": [0], "init": [None, {"weights": "moved.pt"}]})
    assert "0 pending" in datayield("plan", "own.yaml").out


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("wide.pt", "of another shape: stages.0.0.weight [8, 3, 3, 3] where the encoder has [4"),
        ("fit.pt", "did you mean 'fits.pt'"),
    ],
)
def test_what_does_not_fit_is_refused_by_plan_and_run(
    datayield: Call, files: Path, name: str, says: str
) -> None:
    written(files, baselines=[{"weights": name}])
    plan = datayield("plan", "own.yaml")
    assert says in " ".join((plan.out + plan.err).split())
    run = datayield("run", "own.yaml")
    assert run.code == 2
    assert says in " ".join(run.err.split())


def test_answers_are_kept_by_content(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAYIELD_CACHE", str(files / "cache"))
    from datayield.spec.run import with_digest

    file = WeightsFile(**with_digest({"weights": "fits.pt"}, files))
    (first,) = weights_files._answers([(ENCODER, file)])
    assert first is not None
    assert first["problem"] is None

    def never(uses: object) -> list[weights_files.FitAnswer]:
        raise AssertionError("asked again")

    monkeypatch.setattr(weights_files, "weights_trials", never)
    assert weights_files._answers([(ENCODER, file)]) == [first]


def test_a_plan_hears_of_other_statistics(tmp_path: Path) -> None:
    spec = EncoderSpec(name="timm/test_vit", size=160)
    torch.save(build(spec, 0).body.state_dict(), tmp_path / "vit.pt")
    file = {"weights": str(tmp_path / "vit.pt")}
    same = spec.model_copy(update={"normalise": "half"})
    told = weights_trials([(e.model_dump(mode="json"), file) for e in (spec, same)])
    assert [each["problem"] for each in told] == [None, None]
    assert any("encoder.normalise: half" in line for line in told[0]["notes"])
    assert told[1]["notes"] == []


def test_a_baseline_reads_images_at_its_own_side(datayield: Call, files: Path) -> None:
    """16 px, where the runs are evaluated at 8: plan, record, table and page say so."""
    theirs = {"name": "convnet", "size": 16, "width": 4}
    written(files, baselines=[{"weights": "fits.pt", "encoder": theirs}])
    assert "weights fits at 16 px" in datayield("plan", "own.yaml").out
    assert datayield("run", "own.yaml", "--jobs", "1").code == 0
    results = [json.loads(p.read_text()) for p in files.glob("store/runs/*/evals/*.json")]
    (record,) = [each for each in results if each["eval"]["size"] == 16]
    assert [each["eval"]["size"] for each in results].count(8) == len(results) - 1 > 0
    ev = EvalSpec.model_validate(record["eval"])
    arrays, chosen = chosen_images(ev, ev.test, ev.test_count)
    assert arrays.images.shape[1:3] == (16, 16)
    assert record["data_digests"] == [arrays.digest]
    file = WeightsFile(weights=str(files / "fits.pt"))
    net = build(EncoderSpec.model_validate(theirs), 0, file)
    x = extract(net, arrays.images[chosen], torch.device("cpu"))
    expected = evals.evaluate(ev, None, (x, torch.zeros(len(x), dtype=torch.long)))
    assert record["metrics"] == pytest.approx(expected.metrics)
    assert "0 pending" in datayield("plan", "own.yaml").out
    shown = files / "store/studies/small"
    assert "fits at 16 px" in (shown / "table.csv").read_text()
    assert "fits at 16 px" in (shown / "report.html").read_text()


def test_a_side_that_the_network_does_not_take_is_refused(datayield: Call, files: Path) -> None:
    theirs = {"name": "timm/test_vit", "size": 24}
    torch.save(build(EncoderSpec(name="timm/test_vit", size=160), 0).body.state_dict(), "vit.pt")
    written(files, baselines=[{"weights": "vit.pt", "encoder": theirs}])
    told = datayield("plan", "own.yaml")
    assert told.code == 2
    assert "timm/test_vit does not take images of 24 px" in told.err
    assert "baselines (weights vit at 24 px): encoder.size" in told.err
