"""A study whose runs choose their images: planned without torch, run, shown and not done twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import Call

STUDY = """
study: chosen
base:
  data: {dataset: digits, size: 8, count: 32}
  encoder: {name: convnet, size: 8, width: 4}
  views: {recipe: mild, size: 8}
  method: {name: simclr, projector: [8, 8]}
  optim: {lr: 0.001}
  batch: 32
  budget: {images: 64}
axes:
  data.select:
    - random
    - diverse
    - {by: near_target, target: "sprites?n=40", features: "untrained:convnet?width=4", pool: 200}
  seed: [0]
evaluations:
  - {name: digit, protocol: knn@1, dataset: digits, label: digit, size: 8,
     train_count: 60, test_count: 60}
"""
NEAR = "near_target sprites?n=40 (untrained:convnet?width=4, pool 200)"


def test_a_study_that_chooses(datayield: Call, tmp_path: Path) -> None:
    Path("chosen.yaml").write_text(STUDY, encoding="utf-8")
    code = (
        "import sys\nfrom datayield.cli import app\n"
        "try:\n    app(['plan', 'chosen.yaml'])\nexcept SystemExit as done:\n"
        "    assert not done.code\nassert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (
        "data.select: before training, features (pixels) of 1,000 images of digits" in done.stdout
    )
    assert "features (untrained:convnet?width=4) of 40 images of sprites?n=40" in done.stdout
    ran = datayield("run", "chosen.yaml", "--device", "cpu", "--jobs", "1")
    assert ran.code == 0, ran.err
    assert "features of digits train at 8 px: 1,000 images" in ran.err + ran.out
    assert "features of sprites?n=40 train at 8 px: 40 images" in ran.err + ran.out
    assert "choosing images by their features: 2 sets" in ran.err + ran.out
    assert "measuring how diverse the images are: 3 sets" in ran.err + ran.out
    report = (tmp_path / "store/studies/chosen/report.html").read_text()
    assert "How diverse the pretraining images are" in report
    assert all(f"digits, {select}" in report for select in ("random", "diverse", NEAR))
    again = datayield("plan", "chosen.yaml")
    assert "0 pending" in again.out
    assert "before training" not in again.out
    costs = [json.loads(p.read_text()) for p in (tmp_path / "store/runs").glob("*/spent.json")]
    assert len({cost["indices_digest"] for cost in costs}) == 3


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ({"by": "near_target", "target": "cifra"}, "cifra"),
        ({"by": "near_target", "target": {"dataset": "digits", "split": "test"}},
         "pretraining images would be chosen to be near to test images"),
        ({"by": "diverse", "pool": 5000}, "fewer than"),
        ({"by": "diverse", "features": "weights:none.safetensors"},
         "needs the network that the file belongs to"),
        ({"by": "diverse", "features": "weights:none.pt?encoder=timm/resnet18"},
         "chosen.yaml: axes.data.select.1.features"),
        ({"by": "diverse", "features": "weights:none.pt?encoder=timm/resnt18"}, "timm/resnet18"),
        ({"by": "diverse", "features": "timm/resnt18"}, "chosen.yaml: axes.data.select.1.features"),
        ({"by": "diverse", "pool": 20}, "select.pool is 20 images"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_by_plan(
    datayield: Call, select: dict[str, object], said: str
) -> None:
    study = yaml.safe_load(STUDY)
    study["axes"]["data.select"] = ["random", select]
    Path("chosen.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    told = datayield("plan", "chosen.yaml")
    assert told.code == 2
    assert said in told.err, told.err
