"""A suite in a study becomes its tasks; names, groups, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from datayield.spec.errors import ConfigError
from datayield.spec.evaluation.eval_spec import EvalSpec
from datayield.spec.evaluation.suites import GROUPS, expanded, suite, suite_names
from datayield.spec.study.load import load_study
from datayield.spec.study.study import Study
from tests.made_study import BASE


def loaded(tmp_path: Path, *evaluations: Any) -> Study:
    text = BASE + "  batch: 32\n  budget: {images: 2000}\naxes: {data.count: [100]}\n"
    path = tmp_path / "study.yaml"
    path.write_text(text + yaml.safe_dump({"evaluations": list(evaluations)}))
    return load_study(str(path))


def test_vtab_has_nineteen_tasks_in_three_groups() -> None:
    """Zhai et al. 2019, table 1: 7 natural, 4 specialised, 8 structured."""
    for name in ("vtab_1k@1", "vtab_style@1"):
        assert [len(suite(name).of(group)) for group in GROUPS] == [7, 4, 8]
        assert len({task.task for task in suite(name).tasks}) == 19
    assert [t.task for t in suite("vtab_1k@1").tasks] == [
        t.task for t in suite("vtab_style@1").tasks
    ]
    images = sum(task.tested for task in suite("vtab_1k@1").tasks)
    assert round(images, -3) == 388_000
    for task in suite("vtab_1k@1").tasks:
        assert task.dataset.startswith("vtab-1k/")  # only the pack is VTAB-1k
        assert task.splits == ("train800", "val200", "test")


def test_the_small_suite_is_as_agreed() -> None:
    tasks = suite("vtab_mini@1")
    assert [task.task for task in tasks.of("natural")] == [
        "tiny-imagenet", "cifar10", "flowers", "intel-scenes"
    ]  # fmt: skip
    assert len(tasks.of("specialised")) == 4
    assert len(tasks.of("structured")) == 7
    assert {t.task for t in tasks.tasks if t.metric} == {"skin-lesions"}


def test_a_suite_becomes_its_tasks(tmp_path: Path) -> None:
    study = loaded(
        tmp_path,
        {"suite": "vtab_mini@1", "size": 64, "test_count": 1500, "at": [0.5, 1.0],
         "without": ["gtsrb"]},
        {"name": "category", "protocol": "linear@1", "dataset": "sprites", "label": "category"},
    )  # fmt: skip
    evals = {ev.name: ev for ev in study.evaluations}
    assert len(evals) == 15
    skin = evals["vtab_mini skin-lesions"]
    assert (skin.protocol, skin.metric, skin.group) == (
        "vtab@1",
        "balanced_accuracy",
        "specialised",
    )
    assert (skin.size, skin.fit, skin.at, skin.optional) == (64, "squash", (0.5, 1.0), True)
    assert skin.train_count == 1000
    assert skin.test_count is None  # 1,000 there are fewer than asked for: all
    assert evals["vtab_mini tiny-imagenet"].test_count == 1500
    assert "vtab_mini gtsrb" not in evals
    assert not evals["category"].optional
    assert {ev.part_of for ev in study.evaluations} == {"vtab_mini@1", ""}


def test_a_required_suite_waits_for_all_its_data(tmp_path: Path) -> None:
    study = loaded(tmp_path, {"suite": "vtab_1k@1", "size": 32, "required": True, "name": "V"})
    assert len(study.evaluations) == 19
    assert {ev.val for ev in study.evaluations} == {"val200"}
    assert not any(ev.optional for ev in study.evaluations)
    assert study.evaluations[0].name == "V caltech101"
    assert ("vtab-1k/dtd", "val200") in study.splits()


def test_labels_of_an_evaluation_are_no_part_of_its_identity(tmp_path: Path) -> None:
    (ev, *_) = loaded(tmp_path, {"suite": "vtab_mini@1", "size": 32}).evaluations
    labels = {"name": "x", "group": "y", "part_of": "z"}
    labels |= {"suite_name": "u", "task": "v"}
    other = ev.spec.model_copy(update=labels)
    assert EvalSpec.model_validate(other.model_dump()).id == ev.spec.id


def test_optional_knobs_leave_the_ids_of_old_as_they_were() -> None:
    """Frozen: results of finished studies are found by these."""
    old = EvalSpec(name="a", protocol="linear@1", dataset="digits", label="digit", size=16)
    assert old.id == "5f1e634d9cc3"
    ids = {old.id}
    for more in ({"label_fraction": 0.1}, {"per_class": 5}, {"metric": "balanced_accuracy"},
                 {"label_fraction": 0.1, "draws": 7}):  # fmt: skip
        ids.add(EvalSpec.model_validate({**old.model_dump(), **more}).id)
    assert len(ids) == 5


def test_a_list_of_fractions_is_one_evaluation_each(tmp_path: Path) -> None:
    few = {"name": "digits", "protocol": "linear@1", "dataset": "digits", "label": "digit"}
    study = loaded(
        tmp_path,
        {**few, "label_fraction": [0.05, 1]},
        {**few, "protocol": "knn@1", "per_class": [1, 4], "draws": 3},
    )
    assert [ev.name for ev in study.evaluations] == [
        "digits, 5% of labels", "digits, 100% of labels", "digits, 1 per class",
        "digits, 4 per class",
    ]  # fmt: skip
    assert [ev.label_fraction for ev in study.evaluations] == [0.05, 1.0, None, None]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"suite": "vtab_mni@1", "size": 32}, "did you mean 'vtab_mini@1'"),
        ({"suite": "vtab_mini@1"}, "missing key 'size'"),
        ({"suite": "vtab_mini@1", "size": 32, "sed": 1}, "did you mean 'seed'"),
        ({"suite": "vtab_mini@1", "size": 32, "without": ["gtrsb"]}, "did you mean 'gtsrb'"),
        ({"suite": "vtab_mini@1", "size": 32, "groups": ["natual"]}, "did you mean 'natural'"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, entry: Any, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, entry)
    assert says in caught.value.text()
    assert caught.value.exit_code == 2


def test_what_is_no_list_is_left_for_the_study_to_refuse() -> None:
    for strange in (None, "suite", {"suite": 1}, [3, "x"]):
        assert expanded(strange, "here") == strange
    assert suite_names() == ["vtab_1k@1", "vtab_mini@1", "vtab_style@1"]
