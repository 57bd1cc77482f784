"""`--set KEY=VALUE`: laid over the scale, checked like the file, recorded, and told in errors."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from datayield.data.catalog import found_once
from datayield.resolved_study import resolve_study
from datayield.spec.errors import ConfigError
from datayield.spec.study import Study, as_options, load_study, parsed_overrides

TEXT = """
study: tiny
base:
  data: {dataset: sprites, size: 32}
  encoder: convnet
  views: {recipe: mild, size: 32}
  method: {projector: [64, 64]}
  optim: {lr: 1e-3}
  batch: 32
  budget: {images: 2000}
axes:
  data.count: [100, 1000]
  method: [simclr, barlow_twins]
  seed: [0, 1]
evaluations:
  - {name: category, protocol: linear@1, dataset: sprites, label: category}
  - {name: count, protocol: knn@1, dataset: sprites, label: count}
claims:
  - {id: grows, says: more is better, cites: x, test: gain, of: category, over: data.count,
     from: 100, to: 1000}
scales:
  pocket: {}
  large: {base: {batch: 64}}
"""


@pytest.fixture
def study(tmp_path: Path) -> str:
    path = tmp_path / "tiny.yaml"
    path.write_text(TEXT)
    return str(path)


def _ids(study: Study) -> set[str]:
    return {cell.run.id for cell in study.cells({})}


def test_a_key_is_laid_over_the_scale(study: str) -> None:
    assert {c.run.batch for c in load_study(study, "large").cells({})} == {64}
    made = load_study(study, "large", {"base.batch": 16, "base.encoder.width": 8})
    assert {(c.run.batch, c.run.encoder.width) for c in made.cells({})} == {(16, 8)}
    assert made.overrides == {"base.batch": 16, "base.encoder.width": 8}


def test_an_axis_is_replaced_or_dropped(study: str) -> None:
    fewer = load_study(study, overrides={"axes.data.count": [100], "axes.seed": [1]})
    assert {(c.run.data.count, c.run.seed) for c in fewer.cells({})} == {(100, 1)}
    assert _ids(fewer) < _ids(load_study(study))  # those runs are shared
    assert "seed" not in load_study(study, overrides={"axes.seed": None}).axes


def test_a_shorthand_means_what_it_means_in_the_file(study: str) -> None:
    made = load_study(study, overrides={"base.budget": "3k images", "base.optim": {"lr": 2e-3}})
    assert {c.run.budget.amount for c in made.cells({})} == {3000}
    assert {c.run.optim.lr for c in made.cells({})} == {2e-3}


def test_an_entry_of_a_list_goes_by_its_name_or_position(study: str) -> None:
    made = load_study(study, overrides={"evaluations.count.at": [0.5], "evaluations.0.seed": 3})
    by_name = {ev.name: ev for ev in made.evaluations}
    assert (by_name["count"].at, by_name["category"].seed) == ((0.5,), 3)
    fewer = load_study(study, overrides={"evaluations.count": None})
    assert [ev.name for ev in fewer.evaluations] == ["category"]


def test_a_claim_on_what_an_override_removed_is_skipped(study: str) -> None:
    (claim,) = load_study(study, overrides={"axes.data.count": [100, 500]}).claims
    assert claim.skip


def test_the_folder_is_another_only_for_another_study(study: str) -> None:
    plain = load_study(study)
    assert load_study(study, overrides={"base.batch": 32}).name == plain.name == "tiny-pocket"
    names = {
        load_study(study, overrides=each).name
        for each in ({"base.batch": 16}, {"base.batch": 8}, {"axes.seed": [0]})
    }
    assert len(names) == 3
    assert all(name.startswith("tiny-pocket-set-") for name in names)
    both: dict[str, Any] = {"base.batch": 16, "axes.seed": [0]}
    turned = dict(reversed(both.items()))
    assert load_study(study, overrides=both).name == load_study(study, overrides=turned).name


def test_the_command_line_repeats_what_was_parsed() -> None:
    said = ["base.batch=64", "axes.seed=[0, 1]", "question=is it so?", "axes.init=null"]
    made = parsed_overrides(said)
    assert made == dict(zip(
        ("base.batch", "axes.seed", "question", "axes.init"),
        (64, [0, 1], "is it so?", None), strict=True,
    ))  # fmt: skip
    words = shlex.split(as_options(made))
    assert parsed_overrides([word for word in words if word != "--set"]) == made
    assert parsed_overrides(["base.batch=1", "base.batch=2"]) == {"base.batch": 2}


@pytest.mark.parametrize("text", ["base.batch", "=3", "base.batch=", "base.batch= "])
def test_what_is_no_key_and_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="KEY=VALUE"):
        parsed_overrides([text])


def test_wrong_yaml_is_told_with_its_key() -> None:
    with pytest.raises(ConfigError, match="invalid YAML") as caught:
        parsed_overrides(["axes.seed=[0, 1"])
    assert caught.value.where.startswith("--set axes.seed")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("bse.batch", 64, "did you mean 'base'"),
        ("scales.pocket", {}, "allowed: base, recipes"),
        ("base.bacth", 64, "did you mean 'batch'"),
        ("base.batch", "many", "batch: input should be a valid integer, got 'many'"),
        ("base.batch", None, "batch"),
        ("base.encoder.widht", 8, "did you mean 'width'"),
        ("base.batch.size", 8, "batch: input should be a valid integer"),
        ("axes.sed", [0], "did you mean 'seed'"),
        ("axes.seed", 3, "an axis is a list of values"),
        ("base.seed", 3, "axes.seed overrides this key in every run"),
        ("base.method.name", "simclr", "axes.method overrides"),
        ("evaluations.cuont.at", [1], "did you mean 'count'"),
        ("evaluations.count.prtocol", "knn@1", "did you mean 'protocol'"),
        ("spend", -1, "greater than 0"),
    ],
)
def test_what_is_wrong_is_told_with_the_option(study: str, key: str, value: Any, said: str) -> None:
    overrides = {"axes.data.count": [100], key: value}
    with pytest.raises(ConfigError) as caught:
        resolve_study(study, None, overrides, found_once(), "cpu")
    assert said in caught.value.text()
    assert caught.value.where.startswith(f"--set {key}")
    assert caught.value.exit_code == 2
    assert "--set axes.data.count" not in caught.value.where  # which is valid


def test_an_error_of_the_file_is_not_blamed_on_an_override(study: str) -> None:
    Path(study).write_text(TEXT.replace("batch: 32", "bacth: 32"))
    with pytest.raises(ConfigError, match="did you mean 'batch'") as caught:
        resolve_study(study, None, {"axes.seed": [0]}, found_once(), "cpu")
    assert "--set" not in caught.value.text()


def test_two_wrong_overrides_are_both_named(study: str) -> None:
    overrides = {"base.batch": "x", "axes.seed": [0], "base.encoder.width": "y"}
    with pytest.raises(ConfigError) as caught:
        resolve_study(study, None, overrides, found_once(), "cpu")
    assert caught.value.where.startswith('--set base.batch="x" --set ')
    assert '--set base.encoder.width="y"' in caught.value.where
