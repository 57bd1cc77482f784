"""What datayield sets in the environment, and what it leaves to the user."""

import os

import pytest

from datayield.spec.environment import let_idle_threads_sleep, one_thread_for_blas

NAMES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def test_idle_threads_sleep_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    let_idle_threads_sleep()
    assert dict(os.environ) == {"GOMP_SPINCOUNT": "1000"}
    for name in NAMES:
        monkeypatch.setattr(os, "environ", {name: "7"})
        let_idle_threads_sleep()
        assert dict(os.environ) == {name: "7"}


def test_one_thread_for_blas_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "environ", {})
    one_thread_for_blas()
    assert dict(os.environ) == {"OPENBLAS_NUM_THREADS": "1"}
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setattr(os, "environ", {name: "7"})
        one_thread_for_blas()
        assert dict(os.environ) == {name: "7"}
