"""Weights from a file into an encoder: every tensor finds its place, or it is an error.

Files are named in many ways. Known prefixes and wrapping keys are taken off, a classifier is left
out, and both are told; a tensor that is missing, unexpected or of another shape is refused.
"""

import pickle
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from datayield.spec.errors import ConfigError
from datayield.spec.run import WeightsFile

WRAPPINGS = ("state_dict", "model_state_dict", "model", "encoder")  # `encoder`: of a run of ours
# Those before others are taken where a file holds several networks of the same shape.
PREFIXES = (
    *("module.", "model.", "backbone.", "encoder.", "base_encoder.", "momentum_encoder."),
    "body.",  # of an encoder of ours
)
HEADS = ("fc.", "classifier.", "head.", "heads.", "head_dist.")
COUNTER = "num_batches_tracked"  # of BatchNorm, which files of old do not have
SHOWN = 4  # keys named in an error
SHOWN_BYTES = 80  # of a file that is no weights, of which the first line is shown
OF_TORCH = (b"PK\x03\x04", b"\x80")  # how its archives and pickles begin


class FittedWeights(NamedTuple):
    """The tensors of a file by the network's own names, and what was done to get them."""

    tensors: dict[str, Tensor]
    notes: tuple[str, ...]


def load_weights(net: nn.Module, file: WeightsFile) -> tuple[str, ...]:
    """Give `net` the weights of the file, all of them; returns what a reader should know.

    Raises ConfigError if the file is not there, cannot be read, or does not fit.
    """
    path = file.found()
    fitted = fit(read_weights(path), net.state_dict(), str(path))
    net.load_state_dict(fitted.tensors, strict=True)
    return fitted.notes


def read_weights(path: Path) -> dict[str, Any]:
    """What a safetensors or torch file holds, on the CPU. Runs no code that the file brings."""
    from safetensors.torch import load_file

    start = b""
    try:
        with path.open("rb") as file:
            start = file.read(SHOWN_BYTES)
        if start[8:9] == b"{":
            return dict(load_file(path))
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged archive can raise nearly everything
        raise _unreadable(error, start, path) from error
    if not isinstance(held, Mapping):
        raise ConfigError(
            "the file holds no state dict",
            where=str(path),
            got=type(held).__name__,
            allowed="a dictionary of names and tensors",
            hint="where the model was trained: torch.save(model.state_dict(), FILE)",
        )
    return dict(held)


def _unreadable(error: Exception, start: bytes, path: Path) -> ConfigError:
    """Why a file that begins with `start` holds no weights that can be read."""
    if kind := _other_kind(start):
        return ConfigError(
            "this is not a file of weights",
            where=str(path),
            got=kind,
            allowed="safetensors, or a torch state dict",
            hint="name the file that the weights are in",
        )
    if isinstance(error, pickle.UnpicklingError):
        other = re.search(r"GLOBAL (\S+)", str(error))
        return ConfigError(
            "the file holds more than weights",
            where=str(path),
            got=f"an object of {other[1]}" if other else _said(error),
            allowed="safetensors, or a torch file of tensors alone",
            hint="where the model was trained: torch.save(model.state_dict(), FILE)",
        )
    return ConfigError(
        "the weights file cannot be read",
        where=str(path),
        got=_said(error),
        allowed="safetensors, or a torch state dict",
        hint="copy or download it again",
    )


def _other_kind(start: bytes) -> str:
    """What a file is, by its first bytes; empty for what may be of safetensors or of torch."""
    if not start:
        return "an empty file"
    if start.startswith(OF_TORCH) or start[8:9] == b"{":
        return ""
    line = start.decode("utf-8", "replace").splitlines()[0]
    if line.isprintable() and "\ufffd" not in line[:-1]:
        return f"text: {line[:40]!r}"
    return "neither safetensors, nor an archive or pickle of torch"


def fit(held: Mapping[str, Any], wanted: Mapping[str, Tensor], where: str) -> FittedWeights:
    """The tensors of `held` by the names of `wanted`. Raises ConfigError if one is left over."""
    own = {key.removeprefix("body."): value for key, value in wanted.items()}
    tensors, notes = _unwrapped(held)
    if not tensors:
        raise ConfigError(
            "the file holds no tensors",
            where=where,
            got=f"the keys {_named([*map(str, held)])}" if held else "nothing",
            allowed=f"a state dict, alone or under {', '.join(WRAPPINGS)}",
            hint="where the model was trained: torch.save(model.state_dict(), FILE)",
        )
    prefix = _prefix(tensors, own)
    mine = {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}
    if prefix:
        others = len(tensors) - len(mine)
        beside = f"; {_many(others)} of other parts not used" if others else ""
        notes.append(f"the prefix {prefix!r} removed{beside}")
    head = [key for key in mine if key not in own and key.startswith(HEADS)]
    if head:
        notes.append(f"its classifier not used ({', '.join(head[:SHOWN])})")
    counters = [key for key in own if key not in mine and key.endswith(COUNTER)]
    if counters and len(counters) < len(own):
        mine |= {key: own[key] for key in counters}
    taken = {key: tensor for key, tensor in mine.items() if key not in head}
    _refuse_what_differs(taken, own, where)
    body = "body." if all(key.startswith("body.") for key in wanted) else ""
    return FittedWeights({body + key: taken[key] for key in own}, tuple(notes))


def _unwrapped(held: Mapping[str, Any]) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors, out of the dictionaries that they are kept in."""
    notes: list[str] = []
    while (key := next((k for k in WRAPPINGS if isinstance(held.get(k), Mapping)), "")) != "":
        notes.append(f"taken from its key {key!r}")
        held = held[key]
    return {key: value for key, value in held.items() if isinstance(value, Tensor)}, notes


def _prefix(held: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> str:
    """The prefix, of those known, under which the most of the network's names are found."""
    found = [""]
    for start in found:  # grows as it goes: prefixes of prefixes
        longer = (start + known for known in PREFIXES)
        found += [p for p in longer if p not in found and any(key.startswith(p) for key in held)]
    return max(found, key=lambda prefix: sum(prefix + key in held for key in own))


def _refuse_what_differs(
    taken: Mapping[str, Tensor], own: Mapping[str, Tensor], where: str
) -> None:
    missing = [key for key in own if key not in taken]
    unexpected = [key for key in taken if key not in own]
    shaped = [key for key in own if key in taken and taken[key].shape != own[key].shape]
    if missing or unexpected or shaped:
        raise ConfigError(
            "the weights do not fit the encoder",
            where=where,
            got=_differences(missing, unexpected, shaped, taken, own),
            allowed=f"the {len(own):,} tensors of the encoder; a classifier is left out",
            hint=_next(missing, unexpected, shaped),
        )
    broken = [k for k, t in taken.items() if t.is_floating_point() and not t.isfinite().all()]
    if broken:
        raise ConfigError(
            "the weights are not finite",
            where=where,
            got=f"NaN or infinity in {_named(broken)}",
            hint="copy or download the file again, or train the model again",
        )


def _differences(
    missing: Sequence[str],
    unexpected: Sequence[str],
    shaped: Sequence[str],
    taken: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
) -> str:
    parts = [f"{len(missing)} missing: {_named(missing)}"] if missing else []
    parts += [f"{len(unexpected)} unexpected: {_named(unexpected)}"] if unexpected else []
    if shaped:
        pairs = [
            f"{key} {[*taken[key].shape]} where the encoder has {[*own[key].shape]}"
            for key in shaped[:SHOWN]
        ]
        more = ", ..." if len(shaped) > SHOWN else ""
        parts.append(f"{len(shaped)} of another shape: {', '.join(pairs)}{more}")
    return "; ".join(parts)


def _next(missing: Sequence[str], unexpected: Sequence[str], shaped: Sequence[str]) -> str:
    if missing and unexpected:
        near = get_close_matches(missing[0], unexpected, n=1, cutoff=0.6)
        alike = f" ({near[0]} may be {missing[0]})" if near else ""
        return (
            "name the encoder that the file belongs to; if it is this one, rename the file's "
            f"tensors{alike}"
        )
    if shaped and not missing:
        return "set the encoder's stem, patch, size or width to what the file was trained with"
    return "name the encoder that the file belongs to"


def _named(keys: Sequence[str]) -> str:
    return ", ".join(keys[:SHOWN]) + (", ..." if len(keys) > SHOWN else "")


def _many(count: int) -> str:
    return f"{count:,} tensor{'s' if count != 1 else ''}"


def _said(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
