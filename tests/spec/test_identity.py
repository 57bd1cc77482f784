"""Frozen identities: a spec with every field away from its default keeps its id.

If this test fails, either a field's meaning changed (then bump its component in
`spec.identity.VERSIONS` and write the new ids here) or an id changed by accident.
"""

import copy
from typing import Any

import pytest
from pydantic import BaseModel

from datayield.spec.evals import EvalSpec
from datayield.spec.identity import VERSIONS, canonical
from datayield.spec.run import BaselineSpec, EncoderSpec, RunSpec

FULL: dict[str, Any] = {
    "data": {
        "dataset": "somewhere", "split": "unlabeled", "count": 123, "rule": "first", "seed": 4,
        "size": 48, "fit": "squash", "fingerprint": "abc",
    },
    "encoder": {"name": "resnet18", "stem": "cifar", "patch": None, "size": 40, "width": None},
    "method": {"name": "vicreg", "projector": [64, 32], "invariance": 20.0, "variance": 15.0,
               "covariance": 2.0},
    "views": [{
        "count": 2, "size": 40, "scale": [0.1, 0.9], "ratio": [0.5, 2.0], "flip": 0.4,
        "jitter": 0.7, "brightness": 0.3, "contrast": 0.5, "saturation": 0.6, "hue": 0.2,
        "grey": 0.3, "blur": 0.5, "blur_sigma": [0.2, 1.0], "solarize": 0.1,
    }],
    "optim": {"name": "lars", "lr": 0.3, "weight_decay": 1e-4, "momentum": 0.8,
              "betas": [0.8, 0.99], "eta": 0.001, "schedule": "wsd", "warmup": 0.1, "final": 0.01,
              "clip": 1.0},
    "batch": 128, "precision": "bf16", "budget": {"unit": "images", "amount": 1000.0}, "seed": 9,
}  # fmt: skip


def test_run_id_is_frozen() -> None:
    assert RunSpec.model_validate(FULL, strict=False).id == "cfacb140154a"


def test_baseline_id_is_frozen() -> None:
    encoder = EncoderSpec.model_validate(FULL["encoder"])
    assert BaselineSpec(name="untrained", encoder=encoder, seed=3).id == "e1e00233120b"


def test_eval_id_is_frozen() -> None:
    spec = EvalSpec(
        name="n", protocol="linear@1", dataset="d", label="l", train="a", test="b",
        train_count=10, test_count=20, size=40, fit="squash", seed=2, group="g",
    )  # fmt: skip
    assert spec.id == "7d833460265a"


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in _leaves(v, (*path, k))]
    if isinstance(value, list):
        return [leaf for i, v in enumerate(value) for leaf in _leaves(v, (*path, i))]
    return [path]


CHANGED = {
    "split": "train", "rule": "random", "fit": "crop", "stem": "imagenet", "precision": "fp32",
    "schedule": "cosine", "dataset": "elsewhere", "fingerprint": "abd",
}  # fmt: skip
# What cannot change alone: names decide which other fields exist, a unit what an amount means,
# vicreg takes two views, and patch and width do not apply to a ResNet.
TIED = {"name", "unit", "count", "patch", "width"}
FREE = [p for p in _leaves(FULL) if p[-1] not in TIED or p == ("data", "count")]


@pytest.mark.parametrize("path", FREE, ids=lambda p: ".".join(map(str, p)))
def test_every_field_is_part_of_the_id(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(FULL)
    at: Any = changed
    for key in path[:-1]:
        at = at[key]
    old = at[path[-1]]
    if path[-1] in CHANGED:
        at[path[-1]] = CHANGED[path[-1]]
    else:
        at[path[-1]] = old + 1 if isinstance(old, int) else old * 0.99
    one = RunSpec.model_validate(FULL, strict=False)
    other = RunSpec.model_validate(changed, strict=False)
    assert one.id != other.id


def test_no_field_of_the_spec_stands_at_its_default() -> None:
    def check(model: BaseModel) -> None:
        for name, field in type(model).model_fields.items():
            value = getattr(model, name)
            if isinstance(value, BaseModel):
                check(value)
            elif name not in ("patch", "width", "stem", "name", "count"):
                assert value != field.default, name

    check(RunSpec.model_validate(FULL, strict=False))


def test_canonical_json_does_not_depend_on_order() -> None:
    assert canonical({"b": 1, "a": [1.5, None]}) == canonical({"a": [1.5, None], "b": 1})
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def test_a_changed_component_changes_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RunSpec.model_validate(FULL, strict=False).id
    monkeypatch.setitem(VERSIONS, "views", VERSIONS["views"] + 1)
    assert RunSpec.model_validate(FULL, strict=False).id != before
