"""Published weights in a study: starts, baselines, and what they are called."""

from pathlib import Path
from typing import Any

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.run import WeightsFile
from datayield.spec.study.study import Study
from datayield.spec.study.weights import baselines_spelled_out
from datayield.spec.validate import validated
from tests.made_study import study_of

EARLIER: dict[str, Any] = {"data": {"count": 50}, "budget": {"images": 640}}


def study(tmp_path: Path, axes: dict[str, Any], **more: Any) -> Study:
    (tmp_path / "a.pt").write_bytes(b"1")
    (tmp_path / "b.pt").write_bytes(b"2")
    raw = study_of({"data.count": [100]} | axes) | more
    if "baselines" in raw:
        raw["baselines"] = baselines_spelled_out(raw["baselines"], raw["base"])
    return validated(Study, raw, where="test").located(tmp_path)


def test_a_start_is_a_file_and_its_own_baseline(tmp_path: Path) -> None:
    made = study(tmp_path, {"init": [None, {"weights": "a.pt"}, {"weights": "b.pt", "name": "b1"}]})
    cells = made.cells({})
    assert [cell.value("init") for cell in cells] == ["None", "a", "b1"]
    files = [cell.run.init for cell in cells[1:]]
    assert all(isinstance(file, WeightsFile) and file.sha256 for file in files)
    assert len({cell.run.id for cell in cells}) == 3
    kinds = [spec.name for spec in made.baseline_specs(cells)]
    assert kinds == ["pixels", "untrained", "weights", "weights"]
    assert made.splits() == {("sprites", "train"), ("sprites", "test")}


def test_a_listed_baseline_has_an_encoder_of_its_own(tmp_path: Path) -> None:
    listed = [{"weights": "a.pt", "encoder": "resnet18"}, {"weights": "a.pt"}]
    made = study(tmp_path, {}, baselines=listed)
    other, own = [s for s in made.baseline_specs(made.cells({})) if s.name == "weights"]
    assert other.encoder is not None
    assert own.encoder is not None
    assert (other.encoder.name, other.encoder.stem, other.encoder.size) == ("resnet18", "cifar", 32)
    assert own.encoder.name == "convnet"


def test_another_start_replaces_a_file_entirely(tmp_path: Path) -> None:
    raw = study_of({"data.count": [100], "init": [{"weights": "a.pt"}, EARLIER]})
    raw["base"]["init"] = {"weights": "b.pt", "sha256": "0" * 64}
    (tmp_path / "a.pt").write_bytes(b"1")
    made = validated(Study, raw, where="test").located(tmp_path)
    first, second = made.cells({})
    assert isinstance(first.run.init, WeightsFile)
    assert first.run.init.sha256 != "0" * 64
    assert second.run.before is not None
    assert second.run.before.init is None


def test_a_chain_may_begin_with_a_file(tmp_path: Path) -> None:
    made = study(tmp_path, {"init": [EARLIER | {"init": {"weights": "a.pt"}}]})
    (cell,) = made.cells({})
    assert cell.run.before is not None
    assert isinstance(cell.run.before.init, WeightsFile)
    assert cell.run.before.init.sha256 is not None


def test_errors_name_the_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)unknown key 'sha'; did you mean 'sha256'.*init"):
        study(tmp_path, {"init": [{"weights": "a.pt", "sha": "0"}]}).cells({})
    several = {"encoder.width": [4, 8]}
    made = study(tmp_path, several, baselines=[{"weights": "a.pt"}])
    with pytest.raises(ConfigError, match=r"(?s)needs an encoder.*baselines\.0\.encoder"):
        made.baseline_specs(made.cells({}))
