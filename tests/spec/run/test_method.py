"""Weights written as k / d, and where a method was published."""

from typing import Any

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.identity import VERSIONS
from datayield.spec.run.method import (
    METHOD_SPECS,
    OBJECTIVES,
    BarlowTwinsSpec,
    BYOLSpec,
    VICRegSpec,
)
from datayield.spec.run.run import RunSpec
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import BASE
from tests.spec.test_identity import FULL


def test_k_over_d_is_stored_as_a_number() -> None:
    made = BarlowTwinsSpec.model_validate({"projector": (64, 512), "beta": "10.24/d"})
    assert made == BarlowTwinsSpec(projector=(64, 512), beta=0.02)
    assert BarlowTwinsSpec.model_validate({"beta": " 8 / d "}).beta == 8 / 2048  # the default width
    vicreg = VICRegSpec.model_validate({"projector": (128,), "covariance": "256/d"})
    assert vicreg.covariance == 2.0


def test_a_weight_for_each_width_is_stored_as_a_number() -> None:
    tuned = {64: 0.04, "256": 0.02}  # a YAML file's keys are read as text
    made = [BarlowTwinsSpec.model_validate({"projector": (d,), "beta": tuned}) for d in (64, 256)]
    assert [spec.beta for spec in made] == [0.04, 0.02]
    assert made[1] == BarlowTwinsSpec.model_validate({"projector": (256,), "beta": "5.12/d"})
    with pytest.raises(ConfigError, match="whose output is 512 wide") as caught:
        validated(VICRegSpec, {"projector": [512], "covariance": tuned}, where="test")
    assert "64, 256" in caught.value.text()


def test_numbers_stay_numbers_and_a_stored_spec_reads_back() -> None:
    made = BarlowTwinsSpec.model_validate({"projector": (512,), "beta": "10.24/d"})
    assert BarlowTwinsSpec.model_validate(made.model_dump()) == made
    assert BarlowTwinsSpec.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize("bad", ["10.24/D", "d/10", "10.24", "ten/d", "-1/d", "1e3/d", ""])
def test_other_strings_are_refused_with_an_example(bad: str) -> None:
    for spec, knob in ((BarlowTwinsSpec, "beta"), (VICRegSpec, "covariance")):
        with pytest.raises(ConfigError) as caught:
            validated(spec, {knob: bad}, where="test")
        assert 'e.g. "10.24/d"' in caught.value.text()


def test_a_weight_of_zero_is_refused_and_a_wrong_projector_told_once() -> None:
    with pytest.raises(ConfigError, match="greater than 0"):
        validated(BarlowTwinsSpec, {"beta": "0/d"}, where="test")
    with pytest.raises(ConfigError, match="projector") as caught:
        validated(BarlowTwinsSpec, {"projector": [], "beta": "8/d"}, where="test")
    assert "beta" not in caught.value.text()


def test_as_axis_values_beside_widths() -> None:
    import yaml

    raw: dict[str, Any] = yaml.safe_load(BASE)
    raw["base"] |= {"method": {"name": "barlow_twins"}, "budget": {"images": 640}}
    raw["axes"] = {
        "data.count": [100],
        "method.projector": [[64, 64], [64, 128]],
        "method.beta": ["5.12/d", 0.01],
    }
    raw["evaluations"] = [{"name": "c", "protocol": "linear@1", "dataset": "s", "label": "c"}]
    cells = validated(Study, raw, where="test").cells({})
    betas = [cell.run.method.beta for cell in cells]  # type: ignore[union-attr]
    assert betas == [5.12 / 64, 0.01, 5.12 / 128, 0.01]


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_every_objective_states_what_the_program_must_know(name: str) -> None:
    spec = OBJECTIVES[name]
    assert spec.model_fields["name"].default == name
    assert spec.printed_name
    assert spec.version >= 1
    assert spec.min_views in (1, 2)
    assert spec.paper is None or (len(spec.paper) == 10 and float(spec.paper) > 0)
    assert spec.paper or spec.reads_labels  # every self-supervised method was published
    assert name not in VERSIONS  # each name stands for one component of an id


def test_methods_are_the_objectives_without_labels() -> None:
    assert {n for n, spec in OBJECTIVES.items() if not spec.reads_labels} == set(METHOD_SPECS)
    assert len({spec.printed_name for spec in OBJECTIVES.values()}) == len(OBJECTIVES)


def test_a_raised_version_changes_the_ids_of_that_method_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = {**FULL, "method": {"name": "byol", "projector": [64, 32]}}
    byol, vicreg = (RunSpec.model_validate(x, strict=False).id for x in (raw, FULL))
    monkeypatch.setattr(BYOLSpec, "version", 2)
    assert RunSpec.model_validate(raw, strict=False).id != byol
    assert RunSpec.model_validate(FULL, strict=False).id == vicreg
