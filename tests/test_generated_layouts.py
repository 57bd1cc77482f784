"""Odd layouts are read as they are meant, or refused (all: `python -m tests.generated_layouts`)."""

import os
import random
from pathlib import Path
from unittest import mock

from tests.generated_layouts import LAYOUTS, judged


def test_odd_layouts_are_read_right_or_refused(tmp_path: Path) -> None:
    some = random.Random(5).sample(LAYOUTS, 40)
    with mock.patch.dict(os.environ, {"DATAYIELD_CACHE": str(tmp_path / "cache")}):
        verdicts = list(judged(some, tmp_path, seed=5))
    assert not [(v.layout.name, v.wrong) for v in verdicts if v.wrong]
    assert 3 < sum(bool(v.refused) for v in verdicts) < 25


def test_there_are_many_and_their_names_are_unique() -> None:
    names = [f"{layout.family} {layout.name}" for layout in LAYOUTS]
    assert len({*names}) == len(names) >= 160
