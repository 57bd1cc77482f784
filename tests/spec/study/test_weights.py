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
    assert [cell.value("init") for cell in cells] == ["null", "a", "b1"]
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


def test_a_listed_baseline_is_read_at_the_side_of_its_encoder(tmp_path: Path) -> None:
    """All else of its evaluations is the runs', whose own do not change."""
    listed = [{"weights": "a.pt", "encoder": {"name": "convnet", "size": 128}}, {"weights": "b.pt"}]
    made = study(tmp_path, {}, baselines=listed)
    cells = made.cells({})
    at_128, own = [spec for spec in made.baseline_specs(cells) if spec.name == "weights"]
    ((_, runs),) = made.evals_of(cells[0])
    ((share, theirs),) = made.evals_of_baseline(at_128)
    assert (share, theirs.size, theirs.decoded_side) == (0.0, 128, 128)
    assert theirs.id != runs.id
    assert theirs.model_dump(exclude={"size"}) == runs.model_dump(exclude={"size"})
    assert made.evals_of_baseline(own) == ((0.0, runs),)
    assert [made.side_of(spec) for spec in (at_128, own)] == [128, None]
    assert [ev.id for ev in made.measured()] == [runs.id, theirs.id]


def test_a_baseline_at_the_side_of_all_evaluations_has_none_of_its_own(tmp_path: Path) -> None:
    """Its id and those of its evaluations are as before baselines could have a side."""
    listed = [{"weights": "a.pt", "encoder": {"name": "convnet", "size": 32}}]
    made = study(tmp_path, {}, baselines=listed)
    (spec,) = [each for each in made.baseline_specs(made.cells({})) if each.name == "weights"]
    assert made.side_of(spec) is None
    assert made.evals_of_baseline(spec) == ((0.0, made.evaluations[0].spec),)


def test_what_runs_start_from_is_read_as_they_are(tmp_path: Path) -> None:
    """The side of their encoder is that of the position embeddings, not of the evaluations."""
    made = study(tmp_path, {"init": [{"weights": "a.pt"}], "encoder.size": [64]})
    (spec,) = [each for each in made.baseline_specs(made.cells({})) if each.name == "weights"]
    assert spec.encoder is not None
    assert spec.encoder.size == 64
    assert made.side_of(spec) is None
    assert [ev.size for _, ev in made.evals_of_baseline(spec)] == [32]


def test_a_side_that_patches_do_not_divide_is_refused(tmp_path: Path) -> None:
    vit = {"name": "vit_tiny", "patch": 16, "size": 100}
    with pytest.raises(ConfigError, match=r"baselines\.0\.encoder: size 100 is not a multiple"):
        study(tmp_path, {}, baselines=[{"weights": "a.pt", "encoder": vit}])
    with pytest.raises(ConfigError, match=r"baselines\.0\.encoder\.size"):
        study(
            tmp_path, {}, baselines=[{"weights": "a.pt", "encoder": {"name": "convnet", "size": 4}}]
        )
