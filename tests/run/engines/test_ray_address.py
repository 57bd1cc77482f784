"""A cluster that is not there is told at once, before Ray tries for minutes."""

import socket
import time
from pathlib import Path

import pytest

from datayield.run.engines.ray import Ray
from datayield.spec.errors import ConfigError
from datayield.store.folders import Store


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}"])
def test_a_port_that_nobody_listens_at(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = form.format(one.getsockname()[1])  # bound, not listening
        monkeypatch.setenv("RAY_ADDRESS", address)
        began = time.monotonic()
        with pytest.raises(ConfigError, match="no Ray cluster answers") as raised:
            Ray(2, "cpu", Store(tmp_path), 1)
    assert time.monotonic() - began < 5
    assert raised.value.where == "RAY_ADDRESS"
    assert raised.value.got == address
