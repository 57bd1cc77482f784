"""What no run can do is refused when it is planned: devices, sizes of networks, tokens."""

import json
import subprocess
import sys
from typing import Any

import pytest
import torch
import yaml

from datayield import execution
from datayield.run import device_names, network_sizes
from datayield.run.network_trial import NetworkUse, trials
from tests.conftest import Call

STUDY = """
study: small
base:
  data: {dataset: digits, size: 8, count: 64}
  encoder: {name: convnet, size: 8, width: 4}
  views: {recipe: mild, size: 8}
  method: {name: simclr, projector: [8, 8]}
  optim: {lr: 0.001}
  batch: 32
  budget: {images: 64}
axes: {seed: [0]}
evaluations:
  - {name: digit, protocol: spectrum@1, dataset: digits, size: 8, test_count: 40}
"""


def _written(encoder: dict[str, Any], **evaluation: Any) -> None:
    study = yaml.safe_load(STUDY)
    study["base"]["encoder"] = encoder
    study["evaluations"][0] |= evaluation
    with open("small.yaml", "w", encoding="utf-8") as file:  # noqa: PTH123 - in the test's folder
        yaml.safe_dump(study, file)


def test_a_size_that_a_timm_network_does_not_take_is_refused(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", torch)  # loaded, so asked directly
    _written({"name": "timm/test_vit", "size": 16}, size=24)
    told = datayield("plan", "small.yaml")
    assert told.code == 2
    assert "timm/test_vit does not take images of 8 px" in told.err
    assert "views: size" in told.err
    assert "timm/test_vit does not take images of 24 px" in told.err
    assert "evaluations (digit): size" in told.err
    _written({"name": "timm/test_resnet", "size": 16}, size=24)
    assert datayield("plan", "small.yaml").code == 0


def test_options_are_checked_where_nothing_is_left_to_run(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    _written({"name": "convnet", "size": 8, "width": 4})
    told = datayield("run", "small.yaml", "--device", "banana")
    assert told.code == 2
    assert "unknown device" in told.err
    monkeypatch.setattr(execution, "find_spec", lambda _: None)
    told = datayield("run", "small.yaml", "--executor", "slurm")
    assert told.code == 2
    assert "slurm is not installed" in told.err
    told = datayield("doctor", "--near-copies")
    assert told.code == 2
    assert "datayield doctor --data DATASET --near-copies" in told.err


def test_tokens_of_a_padded_stem_must_tile(datayield: Call, tmp_path: Any) -> None:
    from tests.bad_inputs import masks

    masks(0)(tmp_path)
    masked = {"protocol": "segment@1", "dataset": "./task", "epochs": 1}
    masked |= {"test_count": None, "label": "label"}
    for size, code in ((32, 2), (28, 0)):
        _written({"name": "resnet18", "stem": "cifar_pad2"}, size=size, **masked)
        told = datayield("plan", "small.yaml")
        assert told.code == code
        assert ("5 x 5 tokens" in told.err) == (code == 2)


@pytest.mark.parametrize(
    ("name", "said"), [("cuda", "no device cuda"), ("xpu", "unknown device"), ("mps", "Macs")]
)
def test_a_device_that_is_not_there_is_refused(
    datayield: Call, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setattr(device_names, "_DRIVERS", ())
    monkeypatch.setattr(sys, "platform", "linux")
    _written({"name": "convnet", "size": 8, "width": 4})
    told = datayield("plan", "small.yaml", "--device", name)
    assert told.code == 2
    assert said in told.err


def test_a_device_of_other_machines_is_a_note(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_names, "_DRIVERS", ())
    monkeypatch.setattr(device_names.shutil, "which", lambda command: command == "sbatch" or None)
    _written({"name": "convnet", "size": 8, "width": 4})
    told = datayield("plan", "small.yaml", "--device", "cuda")
    assert told.code == 0
    assert "no device cuda" in told.out


def test_a_plan_names_the_networks_whose_arithmetic_is_not_known(datayield: Call) -> None:
    _written({"name": "timm/test_vit", "size": 32})
    assert "the FLOPs of timm/test_vit are not known" in " ".join(
        datayield("plan", "small.yaml").out.split()
    )


def test_a_trial_says_what_is_wrong_in_a_line() -> None:
    fits, other = NetworkUse("test_vit", 16, 16, False), NetworkUse("test_vit", 16, 24, False)
    absent = NetworkUse("no_such_network", 16, 16, False)
    problems = trials([fits, other, absent])
    assert problems[0] == ""
    assert "another image size" in problems[1]
    assert "unknown timm network" in problems[2]


def test_trials_are_asked_in_another_process_and_kept(
    datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answered(*_: Any, input: str, **__: Any) -> Any:  # noqa: A002 - as subprocess calls it
        asked.append(input)
        return subprocess.CompletedProcess([], 0, json.dumps(["too small"]))

    uses = [NetworkUse("test_vit", 16, 8, False)]
    monkeypatch.setattr(subprocess, "run", answered)
    monkeypatch.delitem(sys.modules, "torch")
    assert network_sizes._problems(uses) == ["too small"]
    assert network_sizes._problems(uses) == ["too small"]
    assert [json.loads(each) for each in asked] == [[[*uses[0]]]]
