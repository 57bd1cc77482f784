"""Every value of an axis has one text, in tables as in claims."""

from typing import Any

import pytest

from datayield.spec.study.value_words import value_words


@pytest.mark.parametrize(
    ("axis", "value", "words"),
    [
        ("budget", {"epochs": 10}, "10 epochs"),
        ("budget", "2000 images", "2k images"),
        ("budget", {"minutes": 2}, "{minutes: 2}"),  # no budget: refused later
        ("optim.trunk", {"images": 4000}, "4k images"),
        ("run", {"name": "45k", "data": {"count": 45000}}, "45k"),
        ("run", None, "base"),
        ("data.count", 64e3, "64000"),
        ("data.count", "all", "all"),
        ("optim.lr", 1e-5, "1e-05"),
        ("optim.lr", 1.0, "1"),
        ("data", "./dir", "./dir"),
        ("views", "mild", "mild"),
        ("data.select", {"by": "diverse", "pool": 2000}, "diverse (pool 2000)"),
        ("data.select", "diverse (pool 2000)", "diverse (pool 2000)"),
        ("data.select", {"by": "near"}, "{by: near}"),  # refused later
        ("init", {"weights": "./enc"}, "enc"),
        ("init", {"weights": "exported/lite0/model.safetensors"}, "lite0"),
        ("init", None, "null"),
        ("method.knob", True, "true"),
        ("method.projector", [64, 64], "[64, 64]"),
    ],
)
def test_values_in_words(axis: str, value: Any, words: str) -> None:
    assert value_words(axis, value) == words
