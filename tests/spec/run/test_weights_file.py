"""Files of weights are known by their bytes, wherever they are."""

from pathlib import Path

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.identity import VERSIONS
from datayield.spec.run import BaselineSpec, EncoderSpec, RunSpec, WeightsFile, with_digest
from tests.methods.test_methods import run_spec

ENCODER = EncoderSpec(name="convnet", size=32, width=4)


def started(file: WeightsFile | None) -> RunSpec:
    return run_spec("simclr").model_copy(update={"init": file})


def test_the_bytes_are_the_identity_and_the_path_is_not(tmp_path: Path) -> None:
    for name, held in (("a.pt", b"1"), ("b.pt", b"1"), ("c.pt", b"2")):
        (tmp_path / name).write_bytes(held)
    a, b, c = (
        WeightsFile(**with_digest({"weights": name}, tmp_path)) for name in ("a.pt", "b.pt", "c.pt")
    )
    assert a.sha256 == b.sha256 != c.sha256
    assert started(a).id == started(b).id != started(c).id
    assert started(a).id != started(None).id
    made = [BaselineSpec(name="weights", encoder=ENCODER, weights=each).id for each in (a, b, c)]
    assert made[0] == made[1] != made[2]


def test_a_version_of_the_loading_is_part_of_what_starts_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = WeightsFile(weights="/w.pt", sha256="0" * 64)
    before = started(file).id, started(None).id
    monkeypatch.setitem(VERSIONS, "weights", 2)
    after = started(file).id, started(None).id
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_it_is_found_beside_the_study_and_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, folder = tmp_path / "data", tmp_path / "study"
    for place, name in ((home, "in_data.pt"), (folder, "beside.pt")):
        (place / "weights").mkdir(parents=True)
        (place / "weights" / name).write_bytes(name.encode())
    monkeypatch.setenv("DATAYIELD_DATA", str(home))
    beside = with_digest({"weights": "weights/beside.pt", "name": "mine"}, folder)
    assert beside.keys() == {"weights", "sha256"}
    assert beside["weights"] == str(folder / "weights" / "beside.pt")
    there = WeightsFile(**with_digest({"weights": "weights/in_data.pt"}, folder))
    assert (there.weights, there.name) == ("weights/in_data.pt", "in_data")
    assert there.found() == home / "weights" / "in_data.pt"


def test_what_is_not_there_or_another_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAYIELD_DATA", str(tmp_path))
    (tmp_path / "lite0.safetensors").write_bytes(b"1")
    lost = WeightsFile(**with_digest({"weights": "lite.safetensors"}, tmp_path / "study"))
    assert lost.sha256 is None
    with pytest.raises(ConfigError, match=r"did you mean 'lite0\.safetensors'"):
        lost.found()
    named = with_digest({"weights": "lite0.safetensors", "sha256": "0" * 64}, None)
    with pytest.raises(ConfigError, match="not the one that was named"):
        WeightsFile(**named).found()
    (tmp_path / "folder.pt").mkdir()
    with pytest.raises(ConfigError, match=r"got:     folder\.pt, a folder"):
        WeightsFile(weights="folder.pt").found()


def test_a_baseline_of_weights_needs_its_file() -> None:
    with pytest.raises(ValueError, match="file of weights"):
        BaselineSpec(name="weights", encoder=ENCODER)
    with pytest.raises(ValueError, match="file of weights"):
        BaselineSpec(name="untrained", encoder=ENCODER, weights=WeightsFile(weights="a.pt"))
