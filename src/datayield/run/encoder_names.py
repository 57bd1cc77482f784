"""Encoders that cannot be built, known without importing the libraries that build them."""

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from datayield.spec.errors import ConfigError
from datayield.spec.run import BaselineSpec, EncoderSpec, RunSpec
from datayield.store.plan import Plan

# How timm's sources register a network: its function, or an older name in a table.
REGISTERED = re.compile(r"^def (\w+)\(|^\s+['\"]([\w.]+)['\"]:", re.MULTILINE)


def encoder_refusals(plan: Plan) -> Iterator[ConfigError]:
    """Networks that timm does not have, and images that tokens do not tile for segmentation."""
    for name in sorted({e.timm_name for e in _encoders(plan) if e.timm_name is not None}):
        if (unknown := unknown_network(name)) is not None:
            yield unknown
    tiled = {
        (t.spec.encoder, ev): t.size_key(ev)
        for t in plan.todo
        for _, ev in t.pending
        if ev.traits.reads_masks and t.spec.encoder is not None
    }
    for (encoder, ev), where in sorted(tiled.items(), key=str):
        if encoder.stride and ev.size % encoder.stride:
            yield ConfigError(
                "the encoder's tokens do not tile an image of this size",
                where=where,
                got=f"{ev.size} px, {encoder.name} with a stride of {encoder.stride} px",
                allowed=f"a multiple of {encoder.stride}",
                hint="change this size",
            )
        elif encoder.stem == "cifar_pad2" and ev.size % (across := _padded_map(ev.size)):
            near = [s for s in range(8, 2 * ev.size) if s % _padded_map(s) == 0]
            yield ConfigError(
                "the encoder's tokens do not tile an image of this size",
                where=where,
                got=f"{ev.size} px, {across} x {across} tokens of {encoder.name} with cifar_pad2",
                allowed=f"{', '.join(map(str, near[-3:]))} px, or stem: cifar",
                hint="change this size",
            )


def unknown_network(name: str, about: str = "") -> ConfigError | None:
    """The error of a network that timm does not have, by its name there; None if it has it.

    `about`: the value of the study that names it, if that is not `timm/<name>`.
    """
    known = _registered()
    base = name.removeprefix("hf-hub:").partition(".")[0]
    if not known or "/" in name or base in known:
        return None
    return ConfigError(
        "unknown timm network",
        got=f"timm/{name}",
        allowed=", ".join(f"timm/{n}" for n in get_close_matches(base, known, 5)),
        hint="timm.list_models() lists them all",
        about=about or f"timm/{name}",
    )


def _padded_map(side: int) -> int:
    """Side of the last map of a ResNet whose first layer is padded by 2, for `side` px."""
    side += 2
    for _ in range(3):  # three strides of 2
        side = (side + 1) // 2
    return side


def encoder_notes(plan: Plan) -> Iterator[str]:
    """Published weights that are not in the local cache."""
    published = {
        task.spec.encoder
        for task in plan.todo
        if task.spec.encoder is not None and _starts_published(task.spec)
    }
    for encoder in sorted(published, key=str):
        if to_download(encoder.timm_name or encoder.name):
            yield (
                f"init: no weights of {encoder.name} in {_hub_cache()}: the run downloads them, "
                "and fails without a network"
            )


def to_download(name: str) -> bool:
    """Whether timm's published weights of this network are not in the local cache."""
    return not any(_hub_cache().glob(f"models--timm--{name.partition('.')[0]}*"))


def _starts_published(spec: RunSpec | BaselineSpec) -> bool:
    if isinstance(spec, BaselineSpec):
        return spec.name == "pretrained"
    return spec.init == "pretrained"


def _encoders(plan: Plan) -> set[EncoderSpec]:
    return {task.spec.encoder for task in plan.todo if task.spec.encoder is not None}


@cache
def _registered() -> frozenset[str]:
    """Names in the sources of timm; too many rather than too few. Empty if it is not found."""
    spec = find_spec("timm")
    if spec is None or spec.origin is None:
        return frozenset()
    texts = (path.read_text("utf-8") for path in (Path(spec.origin).parent / "models").glob("*.py"))
    return frozenset(
        (function or name).partition(".")[0]
        for text in texts
        for function, name in REGISTERED.findall(text)
    )


def _hub_cache() -> Path:
    """Where weights of the Hugging Face hub are kept, by its environment variables."""
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or f"{home}/hub").expanduser()
