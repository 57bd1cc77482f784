"""An error names the study's file and the keys that hold the value it is about."""

from pathlib import Path

import pytest
import yaml

from tests.conftest import Call

STUDY = """
study: small
base:
  data: {dataset: digits, size: 8, count: 64}
  encoder: {name: convnet, size: 8, width: 4}
  method: {name: simclr, projector: [8, 8]}
  views: {recipe: mild, size: 8}
  optim: {lr: 0.001}
  batch: 32
  budget: {images: 64}
axes: {seed: [0]}
baselines:
  - {weights: none.safetensors, encoder: {name: convnet, size: 8, width: 4}}
evaluations:
  - {name: digit, protocol: knn@1, dataset: digits, label: digit, size: 8, test_count: 40}
"""


@pytest.mark.parametrize(
    ("option", "places"),
    [
        ("base.data.dataset=digts", ["where:   small.yaml: base.data.dataset"]),
        ("base.data.dataset=./digts",
         ["where:   small.yaml: base.data.dataset", "./digts is relative to the study's folder"]),
        ("evaluations.digit.dataset=digts", ["where:   small.yaml: evaluations.0.dataset"]),
        ("base.encoder.name=timm/resnt18", ["where:   small.yaml: base.encoder.name\n"]),
        ("baselines.0.encoder.name=timm/resnt18",
         ["where:   small.yaml: baselines.0.encoder.name\n"]),
        ("base.batch=32", ["weights file not found", "where:   small.yaml: baselines.0.weights"]),
        ("axes.data.dataset=[digts, digits]", ["where:   small.yaml: axes.data.dataset.0"]),
    ],
)  # fmt: skip
def test_the_key_of_a_wrong_value_is_named(datayield: Call, option: str, places: list[str]) -> None:
    study = yaml.safe_load(STUDY)
    if "axes." in option:
        del study["base"]["data"]["dataset"]
    if "base.batch" not in option:
        study["baselines"][0]["weights"] = __file__  # there, though of no network
    Path("small.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    told = datayield("plan", "small.yaml", "--set", option)
    assert told.code == 2
    assert all(place in told.err for place in places), told.err


def test_an_unknown_network_of_a_baseline_is_said_once(datayield: Call) -> None:
    study = yaml.safe_load(STUDY)
    study["baselines"][0]["encoder"]["name"] = "timm/resnt18"
    study["baselines"][0]["encoder"].pop("width")
    Path("small.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    told = datayield("plan", "small.yaml")
    assert told.err.count("unknown timm network") == 1


def test_many_keys_are_counted(datayield: Call) -> None:
    study = yaml.safe_load(STUDY)
    del study["baselines"]
    study["evaluations"] = [
        {**study["evaluations"][0], "name": f"digit {i}", "dataset": "digts"} for i in range(5)
    ]
    Path("small.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    told = datayield("plan", "small.yaml")
    assert "evaluations.0.dataset, evaluations.1.dataset, evaluations.2.dataset and 2 more" in (
        told.err
    )


def test_an_absolute_folder_is_not_called_relative(datayield: Call, tmp_path: Path) -> None:
    study = yaml.safe_load(STUDY)
    del study["baselines"]
    study["base"]["data"]["dataset"] = str(tmp_path / "none")
    Path("small.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    told = datayield("plan", "small.yaml")
    assert "where:   small.yaml: base.data.dataset" in told.err
    assert "is relative to" not in told.err
