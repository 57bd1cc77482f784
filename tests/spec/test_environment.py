"""What datayield sets in the environment, and what it leaves to the user."""

import os

import pytest

from datayield.spec.environment import let_idle_threads_sleep

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def test_idle_threads_sleep_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    let_idle_threads_sleep()
    assert dict(os.environ) == {"GOMP_SPINCOUNT": "1000"}
    for name in NAMES:
        monkeypatch.setattr(os, "environ", {name: "7"})
        let_idle_threads_sleep()
        assert dict(os.environ) == {name: "7"}
