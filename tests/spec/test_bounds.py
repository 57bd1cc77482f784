"""Names that become files stay inside, and no number is large enough to overflow later."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from datayield.spec.bounds import wrong_folder, wrong_label, wrong_name
from datayield.spec.errors import ConfigError
from datayield.spec.study.load import load_study
from tests.made_study import study_of

EVIL = [
    "../../../../evil",
    "/etc",
    "a/b",
    "a\\b",
    ".",
    "..",
    ".x",
    "a..b",
    "",
    "x" * 300,
    "a\0",
    "a\n",
]


@pytest.mark.parametrize("name", EVIL)
def test_a_folder_is_no_path(name: str) -> None:
    assert wrong_folder(name)


@pytest.mark.parametrize("name", ["pocket", "paper-tiny", "v1.2", "Large_2", "1"])
def test_usual_scales_are_fine(name: str) -> None:
    assert not wrong_folder(name)


def test_labels_may_say_more_than_folders() -> None:
    assert not wrong_name("digit, 300 labels (5%)")
    assert not wrong_label("beta 1/d")
    assert not wrong_name("beta 1/d")
    assert all(wrong_name(name) for name in ("../x", "/etc", ".x", "a/../b", "a\\b"))
    assert wrong_label("x" * 81)
    assert wrong_label(" x")


def _load(tmp_path: Path, changes: dict[str, Any], scale: str | None = None) -> None:
    study = deepcopy(study_of({"seed": [0]}))
    for dotted, value in changes.items():
        at: Any = study
        *parents, last = dotted.split("/")
        for key in parents:
            at = at[int(key) if isinstance(at, list) else key]
        at[last] = value
    path = tmp_path / "bounds.yaml"
    path.write_text(yaml.safe_dump(study))
    load_study(str(path), scale).cells({})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"scales": {"../../../../evil": {}}}, "name of a scale"),
        ({"scales": {"ok": {}, "a/b": {}}}, "name of a scale"),
        ({"scales": {"ok": [1]}}, "must be a mapping"),
        ({"scales": ["ok"]}, "scales must map"),
        ({"study": "../evil"}, "study"),
        ({"study": "x" * 300}, "at most 80"),
        ({"evaluations/0/name": "../evil"}, "look like a path"),
        ({"evaluations/0/name": True}, "must be text"),
        ({"evaluations/0/name": "x" * 300}, "at most 80"),
        ({"evaluations/0/optional": "yes"}, "must be true or false"),
        ({"axes/run": [{"name": "x" * 300}]}, "at most 80"),
        ({"axes/run": [{"name": 5}]}, "must be text"),
        ({"axes/seed": 0}, "write seed: [0]"),
        ({"axes/seed": [-1]}, "greater than or equal to 0"),
        ({"axes/seed": [2**32]}, "less than 4294967296"),
        ({"axes/data.count": [10**12]}, "less than or equal to 10000000000"),
        ({"axes/data.size": [5000]}, "less than or equal to 1024"),
        ({"axes/method": [["simclr"]]}, "is not a method"),
        ({"base/recipe": ["small"]}, "unknown recipe set"),
        ({"base/views": {"recipe": ["mild"]}}, "unknown view recipe"),
        ({"base/views": {"recipe": "multicrop", "size": 8}}, "cannot have this size"),
        ({"base/data/dataset": "a" * 300}, "255 bytes"),
        ({"base/budget": {"steps": 1e12}}, "more than 1e+09"),
        ({"base": 5}, "must be a mapping"),
        ({"evaluations": "knn@1"}, "must be a list"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_out_of_bounds_is_refused(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, changes)
    assert says in caught.value.text()


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "x" * 300])
def test_a_scale_of_the_command_line_is_one_of_the_study(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="unknown scale"):
        _load(tmp_path, {"scales": {"pocket": {}}}, name)


def test_a_study_that_is_no_file_is_named(tmp_path: Path) -> None:
    for name in ("x" * 5000, str(tmp_path), "", "a\0b"):
        with pytest.raises(ConfigError):
            load_study(name)
