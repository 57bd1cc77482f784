"""Timing the machine for a first study."""

from pathlib import Path

import pytest

from datayield.first_study.machine import Machine, timings_of
from datayield.propose import SETUPS, LabelledData, Situation, UnlabelledData
from tests.conftest import Call


def test_a_setup_is_timed_with_its_evaluations(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datayield.first_study.machine.MEASURING_SECONDS", 0.1)  # too few: again
    labels = LabelledData("digits", "digit", 10, 100, 797, test="test")
    images = UnlabelledData("digits", "train", 200, 16)
    said: list[str] = []
    timings = timings_of(
        Situation("digits", images, labels, 600.0),
        Machine("cpu", 1, 1.0, False, None),
        tmp_path,
        said.append,
    )
    (timing,) = timings  # larger images than there are, are not timed
    assert timing.setup == SETUPS[0]
    assert 1e-6 < timing.image < 1
    assert 1e-4 < timing.evaluation < 100
    assert said == ["timing convnet at 16 px"]
