"""Every test of this room has a cache of its own and no data folder but the one that it makes."""

import os
from pathlib import Path

import pytest

REAL = os.environ.get("DATAYIELD_DATA", "")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DATAYIELD_DATA", raising=False)


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of real data that the person who runs the tests has named."""
    if not REAL:
        pytest.skip("DATAYIELD_DATA is not set: no real data")
    monkeypatch.setenv("DATAYIELD_DATA", REAL)
    return Path(REAL)
