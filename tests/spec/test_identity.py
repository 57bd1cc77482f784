"""Frozen identities: a spec with every field away from its default keeps its id.

If this test fails, either a field's meaning changed (then bump its component in
`spec.identity.VERSIONS` and write the new ids here) or an id changed by accident.
"""

import copy
from typing import Any

import pytest
from pydantic import BaseModel

from datayield.spec.evaluation.eval_spec import EvalSpec
from datayield.spec.identity import VERSIONS, canonical
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.run import BaselineSpec, RunSpec

FULL: dict[str, Any] = {
    "data": {
        "dataset": "somewhere", "split": "unlabeled", "count": 123, "rule": "first", "seed": 4,
        "size": 48, "fit": "squash", "fingerprint": "abc",
    },
    "encoder": {"name": "resnet18", "stem": "cifar", "patch": None, "size": 40, "width": None,
                "pool": None},
    "method": {"name": "vicreg", "projector": [64, 32], "invariance": 20.0, "variance": 15.0,
               "covariance": 2.0, "pairing": "mean_view"},
    "views": [{
        "count": 2, "size": 40, "scale": [0.1, 0.9], "ratio": [0.5, 2.0], "flip": 0.4,
        "jitter": 0.7, "brightness": 0.3, "contrast": 0.5, "saturation": 0.6, "hue": 0.2,
        "grey": 0.3, "blur": 0.5, "blur_sigma": [0.2, 1.0], "solarize": 0.1,
    }],
    "optim": {"name": "lars", "lr": 0.3, "weight_decay": 1e-4, "momentum": 0.8,
              "bias_lr": 0.5, "eta": 0.001, "trust_clip": False, "schedule": "wsd", "warmup": 0.1,
              "final": 0.01, "clip": 1.0},
    "batch": 128, "precision": "bf16", "budget": {"unit": "images", "amount": 1000.0}, "seed": 9,
    "init": None,
}  # fmt: skip
# Knobs of an optimizer and a schedule that FULL cannot have beside its own.
OTHER_OPTIM: dict[str, Any] = {
    "name": "adam", "lr": 0.3, "betas": [0.8, 0.99], "schedule": "step", "milestones": [0.5],
    "gamma": 0.3,
}  # fmt: skip
# Knobs that are left out as a rule.
CHOSEN = ("skip", "classes", "label", "select")
USUAL = {"interpolation": "bilinear", "jitter_order": "fixed", "blur_taps": "tenth"}
ADDED = (
    "bias", "norm_over", "prototypes_init", "clip_per", "weight_decay_end", "zero_init_residual",
)  # fmt: skip
TRUNK: dict[str, Any] = {"decay": 0.25, "trunk": {"unit": "images", "amount": 4000.0}}


def test_run_id_is_frozen() -> None:
    assert RunSpec.model_validate(FULL, strict=False).id == "f5d7877f3105"


def test_baseline_id_is_frozen() -> None:
    encoder = EncoderSpec.model_validate(FULL["encoder"])
    assert BaselineSpec(name="untrained", encoder=encoder, seed=3).id == "42943184009a"


def test_eval_id_is_frozen() -> None:
    spec = EvalSpec(
        name="n", protocol="linear@1", dataset="d", label="l", train="a", test="b",
        train_count=10, test_count=20, size=40, fit="squash", seed=2, group="g",
    )  # fmt: skip
    assert spec.id == "bcc246ce0d53"


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in _leaves(v, (*path, k))]
    if isinstance(value, list):
        return [leaf for i, v in enumerate(value) for leaf in _leaves(v, (*path, i))]
    return [path]


CHANGED = {
    "rule": "random", "fit": "crop", "stem": "imagenet", "precision": "fp32",
    "schedule": "cosine", "fingerprint": "abd",
    "pairing": "all_pairs",
}  # fmt: skip
# What cannot change alone: names decide which other fields exist, a unit what an amount means,
# patch, width and pool do not apply to a ResNet, nor published weights to its small stem.
TIED = {"name", "unit", "patch", "width", "pool", "init"}
NAMES_OF_DATA = {"dataset", "split"}  # which a fingerprint replaces
FREE = [p for p in _leaves(FULL) if p[-1] not in TIED | NAMES_OF_DATA]


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


@pytest.mark.parametrize("name", sorted(NAMES_OF_DATA))
def test_data_are_known_by_content_or_else_by_name(name: str) -> None:
    def id_of(**data: Any) -> str:
        raw = {**FULL, "data": {**FULL["data"], **data}}
        return RunSpec.model_validate(raw, strict=False).id

    assert id_of(**{name: "other"}) == id_of()
    assert id_of(**{name: "other", "fingerprint": None}) != id_of(fingerprint=None)


def test_no_field_of_the_spec_stands_at_its_default() -> None:
    def check(model: BaseModel) -> None:
        for name, field in type(model).model_fields.items():
            value = getattr(model, name)
            if isinstance(value, BaseModel):
                check(value)
            elif name not in (
                "patch",
                "width",
                "pool",
                "stem",
                "name",
                "count",
                "init",
                "normalise",
                *USUAL,
                *OTHER_OPTIM,
                *TRUNK,
                *CHOSEN,
                *ADDED,
            ):
                assert value != field.default, name

    check(RunSpec.model_validate(FULL, strict=False))


@pytest.mark.parametrize(
    ("knob", "value"),
    [("name", "adamw"), ("betas", [0.8, 0.98]), ("milestones", [0.6]), ("gamma", 0.2)],
)
def test_every_knob_of_another_optimizer_is_part_of_the_id(knob: str, value: Any) -> None:
    one = RunSpec.model_validate({**FULL, "optim": OTHER_OPTIM}, strict=False)
    changed = {**FULL, "optim": {**OTHER_OPTIM, knob: value}}
    assert RunSpec.model_validate(changed, strict=False).id != one.id


# Options added later: their usual value is that of a spec without them, and no part of the id.
LATER: list[tuple[str, str, str, Any, Any]] = [
    ("method", "vicreg", "bias", False, True),
    ("method", "byol", "bias", False, True),
    ("method", "swav", "bias", False, True),
    ("method", "simclr", "norm_over", "together", "apart"),
    ("method", "swav", "norm_over", "together", "apart"),
    ("method", "dino", "norm_over", "together", "apart"),
    ("method", "dino", "prototypes_init", "normal", "uniform"),
    ("optim", "lars", "clip_per", "model", "parameter"),
    ("optim", "lars", "weight_decay_end", None, 0.4),
    ("encoder", "resnet18", "zero_init_residual", False, True),
]


@pytest.mark.parametrize(("part", "name", "knob", "usual", "other"), LATER)
def test_an_option_added_later_changes_no_id_at_its_usual_value(
    part: str, name: str, knob: str, usual: Any, other: Any
) -> None:
    own = FULL[part] if FULL[part]["name"] == name else {"name": name}

    def id_of(**said: Any) -> str:
        raw = {**FULL, part: {**own, **said}}
        return RunSpec.model_validate(raw, strict=False).id

    assert id_of() == id_of(**{knob: usual}) == id_of(**{knob: None}) != id_of(**{knob: other})


@pytest.mark.parametrize(
    ("knob", "value"), [("decay", 0.2), ("trunk", {"unit": "images", "amount": 3000.0})]
)
def test_a_trunk_is_part_of_the_id(knob: str, value: Any) -> None:
    plain = RunSpec.model_validate(FULL, strict=False)
    one, other = (
        RunSpec.model_validate({**FULL, "optim": {**FULL["optim"], **TRUNK, **said}}, strict=False)
        for said in ({}, {knob: value})
    )
    assert len({plain.id, one.id, other.id}) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [("interpolation", "bicubic"), ("jitter_order", "random"), ("blur_taps", "auto"),
     ("blur_taps", "simclr"), ("blur_taps", 7)],
)  # fmt: skip
def test_a_way_of_making_views_is_part_of_the_id_and_the_usual_one_is_not(
    field: str, value: Any
) -> None:
    plain, usual, other = (
        RunSpec.model_validate({**FULL, "views": [{**FULL["views"][0], **said}]}, strict=False)
        for said in ({}, {field: USUAL[field]}, {field: value})
    )
    assert (plain, plain.id) == (usual, usual.id)
    assert other.id != plain.id


def test_the_statistics_of_normalisation_are_part_of_the_id_but_for_imagenets() -> None:
    plain, usual, other = (
        RunSpec.model_validate({**FULL, "encoder": {**FULL["encoder"], **said}}, strict=False).id
        for said in ({}, {"normalise": "imagenet"}, {"normalise": "cifar10"})
    )
    assert plain == usual != other


@pytest.mark.parametrize(
    "said",
    [{"skip": 3}, {"classes": "[:3]"}, {"classes": [1, 2]}, {"classes": {"share": 0.5}},
     {"classes": {"share": 0.5, "rest": True}}, {"classes": {"share": 0.5, "seed": 1}},
     {"classes": "[:3]", "label": "digit"}],
)  # fmt: skip
def test_what_is_chosen_of_a_set_is_part_of_the_id(said: dict[str, Any]) -> None:
    others = [{}, {"classes": "[:4]"}, {"classes": {"share": 0.4}}]
    ids = [
        RunSpec.model_validate({**FULL, "data": {**FULL["data"], **more}}, strict=False).id
        for more in (said, *others)
    ]
    assert len(set(ids)) == 4


def test_the_parts_of_a_mixture_are_part_of_the_id() -> None:
    def id_of(**parts: Any) -> str:
        data = {"size": 48, "parts": parts}
        return RunSpec.model_validate({**FULL, "data": data}, strict=False).id

    b, a = {"dataset": "d", "count": 10}, {"dataset": "e", "count": 10}
    assert id_of(B=b, A=a) == id_of(A=a, B=b)
    ids = {
        id_of(B=b, A=a),
        id_of(B=a, A=b),
        id_of(B=b, C=a),
        id_of(B=b, A=a, C=a),
        id_of(B=b, A={**a, "count": 9}),
        id_of(B=b, A={**a, "seed": 1}),
    }
    assert len(ids) == 6


def test_canonical_json_does_not_depend_on_order() -> None:
    assert canonical({"b": 1, "a": [1.5, None]}) == canonical({"a": [1.5, None], "b": 1})
    with pytest.raises(ValueError, match="JSON"):
        canonical(float("nan"))


def test_a_changed_component_changes_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    before = RunSpec.model_validate(FULL, strict=False).id
    monkeypatch.setitem(VERSIONS, "views", VERSIONS["views"] + 1)
    assert RunSpec.model_validate(FULL, strict=False).id != before


@pytest.mark.parametrize(
    ("method", "want"),
    [
        ({"name": "byol", "projector": [64, 32], "predictor": 48, "momentum": 0.98},
         "1d222722ba64"),
        ({"name": "moco_v3", "projector": [64, 32], "predictor": 48, "temperature": 0.3,
          "momentum": 0.98},
         "628245508f55"),
        ({"name": "dino", "projector": [64, 32], "prototypes": 96, "temperature": 0.2,
          "teacher_temperature": 0.06, "first_teacher_temperature": 0.05,
          "temperature_warmup": 0.3, "freeze": 0.02, "centre_momentum": 0.8, "momentum": 0.99},
         "94485da81064"),
    ],
)  # fmt: skip
def test_ids_of_methods_with_a_teacher_are_frozen(method: dict[str, Any], want: str) -> None:
    spec = RunSpec.model_validate({**FULL, "method": method}, strict=False)
    assert spec.id == want
    assert set(method) == set(type(spec.method).model_fields) - set(ADDED)
    for knob, value in method.items():
        if knob not in ("name", "projector"):
            other = {**method, knob: value * 0.9 if isinstance(value, float) else value + 1}
            assert RunSpec.model_validate({**FULL, "method": other}, strict=False).id != want


@pytest.mark.parametrize(
    ("method", "want"),
    [
        ({"name": "barlow_twins", "projector": [64, 32], "beta": 0.01, "scale": 0.1,
          "pairing": "mean_view"}, "d963f0c4c044"),
        ({"name": "lejepa", "projector": [64, 32], "sigreg": 0.02, "directions": 512},
         "7cae97144bc1"),
        ({"name": "swav", "projector": [64, 32], "prototypes": 100, "temperature": 0.2,
          "epsilon": 0.1, "iterations": 5, "queue": 64, "queue_from": 0.125, "freeze": 0.005},
         "c9f6cf94e004"),
    ],
)  # fmt: skip
def test_ids_of_methods_without_a_teacher_are_frozen(method: dict[str, Any], want: str) -> None:
    spec = RunSpec.model_validate({**FULL, "method": method}, strict=False)
    assert spec.id == want
    for name, field in type(spec.method).model_fields.items():
        assert name in ("name", *ADDED) or getattr(spec.method, name) != field.default, name


def test_the_id_of_a_masked_method_is_frozen() -> None:
    def spec(**knobs: Any) -> RunSpec:
        method = {"name": "simmim", "mask_patch": 20, "ratio": 0.5, **knobs}
        raw = {**FULL, "method": method, "encoder": vit}
        return RunSpec.model_validate(raw, strict=False)

    vit = {"name": "viny", "patch": 10, "size": 40, "pool": "avg"}
    assert spec().id == "d5fa3d918594"
    ids = {spec().id, spec(mask_patch=10).id, spec(ratio=0.4).id}
    vit = {**vit, "pool": "token"}
    assert len({*ids, spec().id}) == 4
