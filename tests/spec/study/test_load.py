"""A YAML becomes a study; what is wrong with it is told with file, key, allowed and nearest."""

from pathlib import Path

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.run.split_listing import Listing
from datayield.spec.study.find import find_study, shipped_studies
from datayield.spec.study.load import load_study
from datayield.spec.study.shortages import shortages

GOOD = """
study: tiny
base:
  data: {dataset: sprites, size: 32}
  encoder: {name: convnet, size: 32}
  views: {recipe: mild, size: 32}
  method: {projector: [64, 64]}
  optim: {lr: 1e-3}
  batch: 32
  budget: {images: 2000}
recipes:
  barlow_twins: {optim: {lr: 2e-3}}
axes:
  data.count: [100, 1000]
  method: [simclr, barlow_twins]
  seed: [0, 1]
evaluations:
  - {name: category, protocol: linear@1, dataset: sprites, label: category}
scales:
  pocket: {}
  large: {base: {budget: {epochs: 3}}, axes: {data.count: [2000]}}
"""


def _load(tmp_path: Path, text: str, scale: str | None = None):  # type: ignore[no-untyped-def]
    path = tmp_path / "tiny.yaml"
    path.write_text(text)
    return load_study(str(path), scale)


def test_base_then_recipes_then_axes(tmp_path: Path) -> None:
    cells = _load(tmp_path, GOOD).cells({})
    assert len(cells) == 8
    rates = {cell.run.method.name: cell.run.optim.lr for cell in cells}
    assert rates == {"simclr": 1e-3, "barlow_twins": 2e-3}
    assert {cell.run.data.count for cell in cells} == {100, 1000}


def test_a_part_with_another_name_starts_afresh(tmp_path: Path) -> None:
    other = GOOD.replace(
        "pocket: {}", "pocket: {base: {encoder: {name: vit_tiny, patch: 8, size: 32}}}"
    ).replace("name: convnet, size", "name: convnet, width: 16, size")
    assert {c.run.encoder.width for c in _load(tmp_path, other).cells({})} == {None}


def test_subsets_follow_the_seed_unless_stated(tmp_path: Path) -> None:
    cells = _load(tmp_path, GOOD).cells({})
    assert {(c.run.seed, c.run.data.seed) for c in cells} == {(0, 0), (1, 1)}
    fixed = GOOD.replace("dataset: sprites, size: 32}", "dataset: sprites, size: 32, seed: 7}", 1)
    assert {c.run.data.seed for c in _load(tmp_path, fixed).cells({})} == {7}


def test_scales_change_sizes_and_replace_budgets_whole(tmp_path: Path) -> None:
    study = _load(tmp_path, GOOD, "large")
    assert study.name == "tiny-large"
    assert {c.run.images for c in study.cells({})} == {6000}


def test_a_scale_drops_an_axis_by_null(tmp_path: Path) -> None:
    without = GOOD.replace("data.count: [2000]", "method: null, data.count: [2000]").replace(
        "method: {projector", "method: {name: byol, projector"
    )
    study = _load(tmp_path, without, "large")
    assert [*study.axes] == ["data.count", "seed"]
    assert {c.run.method.name for c in study.cells({})} == {"byol"}
    with pytest.raises(ConfigError, match="an axis is a list"):  # only a scale has one to drop
        _load(tmp_path, GOOD.replace("seed: [0, 1]", "seed: null"))


def test_two_ways_of_asking_for_the_same_work_are_one_run(tmp_path: Path) -> None:
    both = GOOD.replace("seed: [0, 1]", "budget: [{images: 2000}, {epochs: 20}]")
    cells = _load(tmp_path, both).cells({})
    assert len(cells) == 8
    assert len({c.run.id for c in cells}) == 6  # 20 epochs of 100 images are 2000 images


def test_a_listed_dataset_is_part_of_the_identity_and_bounds_n(tmp_path: Path) -> None:
    study = _load(tmp_path, GOOD)
    here = {("sprites", "train"): Listing("f1", 5000)}
    changed = {("sprites", "train"): Listing("f2", 5000)}
    ids = [study.cells(listings)[0].run.id for listings in ({}, here, changed)]
    assert len(set(ids)) == 3
    few = {("sprites", "train"): Listing("f1", 500)}
    (shortage,) = shortages(study, study.cells(few), few)
    assert "holds 500 images" in shortage.text()
    assert "--scale" in shortage.hint
    (shortage,) = shortages(study.model_copy(update={"scale": ""}), study.cells(few), few)
    assert "--scale" not in shortage.hint
    assert shortages(study, study.cells(here), here) == []


def test_budget_in_epochs_of_everything_needs_the_listing(tmp_path: Path) -> None:
    text = GOOD.replace("data.count: [100, 1000]", "data.rule: [random]")
    with pytest.raises(ConfigError, match="is not stated"):
        _load(tmp_path, text).cells({})
    cells = _load(tmp_path, text).cells({("sprites", "train"): Listing("f", 640)})
    assert {c.run.data.count for c in cells} == {640}


BAD = [
    ("  batch: 32", "  bacth: 32", "did you mean 'batch'"),
    ("name: convnet", "name: resnet18", "explicit stem"),
    ("name: convnet, size: 32", "name: vit_tiny, patch: 7, size: 32", "multiple of patch"),
    ("[simclr, barlow_twins]", "[simclr, barlow_twin]", "did you mean 'barlow_twins'"),
    ("barlow_twins: {optim", "barlow_twinz: {optim", "did you mean 'barlow_twins'"),
    ("recipe: mild", "recipe: milt", "did you mean 'mild'"),
    ("lr: 1e-3", "lr: -1e-3", "greater than 0"),
    ("lr: 1e-3", "lr: fast", "valid number"),
    ("budget: {images: 2000}", "budget: {epoch: 5}", "did you mean 'epochs'"),
    ("linear@1", "linear@2", "linear@1"),
    ("label: category", "labl: category", "did you mean 'label'"),
    ("data.count: [100, 1000]", "data.counts: [100]", "did you mean 'count'"),
    ("data.count: [100, 1000]", "data.count: []", "no values"),
    ("seed: [0, 1]", "seed: [0, 1", "invalid YAML"),
    ("study: tiny", "stduy: tiny", "did you mean 'study'"),
    ("axes:", "axis:", "did you mean 'axes'"),
    ("  batch: 32", "  batch: 32\n  batch: 64", "duplicate key"),
    ("label: category}", "label: category, at: [1.5]}", "less than or equal to 1"),
    ("label: category}", "label: category, where: {size: [1]}}", "not an axis"),
    ("optim: {lr: 1e-3}", "optim: {lr: 1e-3, schedule: cosin}", "did you mean 'cosine'"),
]


@pytest.mark.parametrize(("old", "new", "says"), BAD, ids=[new for _, new, _ in BAD])
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, GOOD.replace(old, new)).cells({})
    assert says in caught.value.text()
    assert caught.value.exit_code == 2


def test_unknown_study_and_scale_name_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'demo'"):
        load_study("dmeo")
    with pytest.raises(ConfigError, match="'large'"):
        _load(tmp_path, GOOD, "larg")
    with pytest.raises(ConfigError, match="study not found"):
        load_study(str(tmp_path / "absent.yaml"))


@pytest.mark.parametrize("path", shipped_studies(), ids=lambda p: p.stem)
def test_shipped_studies_load_at_every_scale(path: Path) -> None:
    import yaml

    scales = yaml.safe_load(path.read_text()).get("scales") or {None: {}}
    for scale in scales:
        assert load_study(str(path), scale).cells({})


@pytest.mark.parametrize("path", shipped_studies(), ids=lambda p: p.stem)
def test_only_listed_baselines_have_evaluations_of_another_side(path: Path) -> None:
    import yaml

    for scale in yaml.safe_load(path.read_text()).get("scales") or {None: {}}:
        study = load_study(str(path), scale)
        runs = {ev.spec.id for ev in study.evaluations}
        added = [ev for ev in study.measured() if ev.id not in runs]
        assert {ev.size for ev in added} == ({128} if path.stem == "published-weights" else set())


@pytest.mark.parametrize(
    ("name", "what", "instead"),
    [
        ("photos", "a folder, not the file of a study", "`datayield init {}` writes a study"),
        ("study.zip", "an archive, not the file of a study", "`datayield verify {}`"),
    ],
)
def test_what_is_no_study_file_is_told_with_the_command_for_it(
    name: str, what: str, instead: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK") if path.suffix else path.mkdir()
    with pytest.raises(ConfigError, match=f"this is {what}") as told:
        find_study(str(path))
    assert instead.format(path) in told.value.text()
