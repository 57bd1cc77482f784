"""A study as a mapping: the runs of the same keys in a file, and errors that name the key."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datayield import study
from datayield.session import open_study
from datayield.spec.errors import ConfigError
from datayield.spec.study import plain
from datayield.spec.yaml_file import read_mapping
from tests.conftest import Call

MINE: dict[str, Any] = {
    "study": "mine",
    "base": {
        "recipe": "small",
        "data": {"dataset": "digits", "size": 16},
        "encoder": {"name": "convnet", "size": 16, "width": 4},
        "method": "simclr",
        "batch": 32,
    },
    "axes": {"data.count": [60, 240], "budget": [{"images": 640}], "seed": [0]},
    "evaluations": [
        {"name": "digit", "protocol": "knn@1", "dataset": "digits", "label": "digit", "size": 16}
    ],
}


def ids(of: Any) -> list[str]:
    return [cell.run.id for cell in of.cells]


def test_a_mapping_has_the_runs_of_its_file(datayield: Call) -> None:
    written = read_mapping(Path("tiny.yaml"), "study")
    assert ids(study(written).session) == ids(open_study("tiny.yaml"))
    assert study(written).name == "tiny"
    pythonic = written | {"axes": dict(written["axes"]) | {"seed": range(2)}}
    pythonic["axes"]["data.count"] = np.array([6e1, 240.0])
    assert ids(study(pythonic).session) == ids(open_study("tiny.yaml"))


def test_a_mapping_is_left_as_it_is(datayield: Call) -> None:
    before = repr(MINE)
    study(MINE, set={"base.batch": 16})
    assert repr(MINE) == before


def test_overrides_are_those_of_the_command_line(datayield: Call) -> None:
    several = study("tiny.yaml", set={"base.batch": 16, "axes.seed": range(1)})
    same = open_study("tiny.yaml", overrides={"base.batch": 16, "axes.seed": [0]})
    assert (several.name, ids(several.session)) == (same.study.name, ids(same))


def test_values_of_python_are_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert plain({"a": (1, 2.0, 1.0)}, "study") == {"a": [1, 2, 1.0]}
    kinds = plain([1e6, 1.0, 0.5, True, np.float32(0.5), np.int64(3), None], "study")
    assert [type(each) for each in kinds] == [int, float, float, bool, float, int, type(None)]
    assert plain(Path("digits"), "study") == str(tmp_path / "digits")  # not the embedded data


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"axes": {"seed": {0, 1}}}, r"where:   study: axes.seed\n  got:     set"),
        ({"base": {1: 2}}, r"a key must be text\n  where:   study: base"),
        ({"base": ConfigError}, "a study holds text, numbers, lists and mappings"),
        ({"bse": {}}, "did you mean 'base'"),
        ({"axes": {"data.count": [60], "method": ["simcrl"]}}, "simclr"),
    ],
    ids=str,
)
def test_a_wrong_mapping_is_refused(wrong: dict[Any, Any], message: str, datayield: Call) -> None:
    with pytest.raises(ConfigError, match=message):
        study(MINE | wrong)


def test_a_mapping_in_itself_is_refused() -> None:
    endless: dict[str, Any] = dict(MINE)
    endless["base"] = endless
    with pytest.raises(ConfigError, match="levels of nesting"):
        study(endless)


@pytest.mark.parametrize("wrong", [3, None, ["demo"]], ids=str)
def test_what_is_no_study_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigError, match="not a study"):
        study(wrong)
    with pytest.raises(ConfigError, match="did you mean 'demo'"):
        study("dmeo")
