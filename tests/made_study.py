"""The beginning of a small study, for tests that add the rest."""

from typing import Any

import yaml

BASE = """
study: tiny
base:
  data: {dataset: sprites, size: 32}
  encoder: {name: convnet, size: 32}
  views: {recipe: mild, size: 32}
  method: {name: simclr, projector: [64, 64]}
  optim: {lr: 0.001}
"""


def study_of(axes: dict[str, Any]) -> dict[str, Any]:
    """A small study over these axes, of one evaluation."""
    raw: dict[str, Any] = yaml.safe_load(BASE)
    raw["base"] |= {"batch": 32, "budget": {"images": 2000}}
    task = {"name": "category", "protocol": "linear@1", "dataset": "sprites", "label": "category"}
    return raw | {"axes": axes, "evaluations": [task]}
