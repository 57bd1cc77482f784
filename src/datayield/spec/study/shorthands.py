"""What people write for short, spelled out: `method: simclr`, `data: ./dir`, `views: symmetric`.

Every layer of a study (base, recipes, scales, values of axes, `init`, conditions) is spelled out
before layers are laid over one another. What depends on other keys waits until all are known:
`stem: auto` and a size that is left out (`filled_in`), `count: 25%` (`counted`).
"""

import re
from typing import Any

from datayield.spec.errors import ConfigError, UnknownCountError
from datayield.spec.evaluation import PROTOCOLS, suite_names
from datayield.spec.run import OVERLAYS, RESNETS, Listings, Raw

_KEY_OF = {"data": "dataset", "encoder": "name", "method": "name", "optim": "name"}
_BUDGET = re.compile(r"(\d[\d_]*\.?\d*(?:e\d+)?)\s*([kMG]?)\s*(images|epochs|steps|flops)", re.I)
_TIMES = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9}
_PERCENT = re.compile(r"(\d+\.?\d*|\.\d+)\s*%")
SMALL = 64  # pixels up to which ResNets usually keep the resolution of the image (stem: cifar)


def study_spelled_out(raw: Raw) -> Raw:
    """A study as written, its `scales` among it, without shorthands. Keeps what has no meaning."""
    spelled = {key: _study_part(key, value) for key, value in raw.items()}
    scales = raw.get("scales")
    if isinstance(scales, dict):
        spelled["scales"] = {
            name: study_spelled_out(patch) if isinstance(patch, dict) else patch
            for name, patch in scales.items()
        }
    return spelled


def _study_part(key: str, value: Any) -> Any:
    if key == "base":
        return run_spelled_out(value)
    if key == "recipes" and isinstance(value, dict):
        return {name: run_spelled_out(layer) for name, layer in value.items()}
    if key == "axes" and isinstance(value, dict):
        return {axis: values_spelled_out(axis, values) for axis, values in value.items()}
    if key == "evaluations" and isinstance(value, list):
        return [_conditions(entry) if isinstance(entry, dict) else entry for entry in value]
    return value


def _conditions(entry: Raw) -> Raw:
    spelled = dict(entry)
    for key in ("train_count", "test_count"):
        if entry.get(key) == "all":
            spelled[key] = None
    if entry.get("folds") is not None:  # every image of train is tested
        spelled.setdefault("test", entry.get("train", "train"))
    if isinstance(where := entry.get("where"), dict):
        spelled["where"] = {axis: values_spelled_out(axis, each) for axis, each in where.items()}
    return spelled


def values_spelled_out(axis: str, values: Any) -> Any:
    """The values of an axis."""
    return [_value(axis, value) for value in values] if isinstance(values, list) else values


def _value(axis: str, value: Any) -> Any:
    if axis in (*OVERLAYS, "init"):
        return run_spelled_out(value)
    if axis == "method" and isinstance(value, dict) and set(value) == {"name"}:
        return value["name"]
    return value if axis == "method" else _part(axis, value)


def run_spelled_out(layer: Any) -> Any:
    """One layer of a run: a mapping of its parts. Anything else is passed on."""
    if not isinstance(layer, dict):
        return layer
    return {key: _part(key, value) for key, value in layer.items()}


def _part(key: str, value: Any) -> Any:
    if isinstance(value, str):
        if key == "encoder" and value in RESNETS:
            return {"name": value, "stem": "auto"}
        if key in _KEY_OF:
            return {_KEY_OF[key]: value}
        if key == "views":
            return {"recipe": value}
        if key in ("budget", "optim.trunk") and (said := _BUDGET.fullmatch(value.strip())):
            number, factor, unit = said.groups()
            return {unit.lower(): float(number.replace("_", "")) * _TIMES[factor.lower()]}
        if key.startswith("data.parts.") and key.count(".") == 2:
            return {"dataset": value}
    if key == "init":
        return run_spelled_out(value)
    if isinstance(value, dict) and key == "data" and isinstance(value.get("parts"), dict):
        parts = {name: _part(f"data.parts.{name}", part) for name, part in value["parts"].items()}
        return {**value, "parts": parts}
    return value


def filled_in(raw: Raw) -> None:
    """Fill in what follows from the rest of a run: `encoder.size` from `data.size`, the stem.

    `stem: auto` is `cifar` up to 64 px and `imagenet` above, as is usual.
    """
    encoder, data = raw.get("encoder"), raw.get("data")
    if not isinstance(encoder, dict):
        return
    usual = data.get("size", 32) if isinstance(data, dict) else 32
    encoder = {"size": usual, **encoder}
    if encoder.get("stem") == "auto":
        small = not isinstance(encoder["size"], int) or encoder["size"] <= SMALL
        encoder["stem"] = "cifar" if small else "imagenet"
    raw["encoder"] = encoder


def counted(data: Raw, listings: Listings) -> Raw:
    """`data` with `count: all` and `count: 25%` as numbers of images (None: all of them).

    A share is of the images of the split, at least one. Raises ConfigError where it is no share,
    or the split is not listed.
    """
    if isinstance(parts := data.get("parts"), dict):
        counts = {
            name: _counted(part, listings, f"data.parts.{name}.count")
            for name, part in parts.items()
        }
        return {**data, "parts": counts}
    counted_whole: Raw = _counted(data, listings, "data.count")
    return counted_whole


def _counted(part: Any, listings: Listings, where: str) -> Any:
    if not isinstance(part, dict) or not isinstance(asked := part.get("count"), str):
        return part
    if asked.strip().lower() == "all":
        return {**part, "count": None}
    share = _PERCENT.fullmatch(asked.strip())
    if share is None or not 0 <= float(share[1]) <= 100:
        raise ConfigError(
            "invalid number of images",
            where=where,
            got=asked,
            allowed="a number, all, or a share of the split from 0% to 100%",
        )
    if float(share[1]) == 0:
        return {**part, "count": 0}
    named = str(part.get("dataset")), str(part.get("split") or "train")
    if part.get("classes") is not None:
        raise ConfigError(
            "a share of a selection of classes needs an explicit count",
            where=where,
            got=asked,
            hint="state count: N; if N is too large, the error states how many exist",
        )
    if named not in listings:
        raise UnknownCountError(
            f"dataset {named[0]!r} not found, so {asked} of it is unknown",
            where=where,
            got=asked,
            hint="state a number, or make the dataset available (datayield ls datasets)",
        )
    whole = listings[named].images
    return {**part, "count": max(1, round(float(share[1]) / 100 * whole))}


def evaluations_spelled_out(entries: Any, base: Any) -> Any:
    """`knn@1` alone as that protocol on the dataset of `base`, at the size of its images.

    Raises ConfigError where the base names no single dataset.
    """
    if not isinstance(entries, list):
        return entries
    data = base.get("data") if isinstance(base, dict) else None
    data = data if isinstance(data, dict) else {}
    spelled: list[Any] = []
    for i, entry in enumerate(entries):
        if not isinstance(entry, str):
            spelled.append(entry)
            continue
        if entry in suite_names():
            spelled.append({"suite": entry, "size": data.get("size", 32)})
            continue
        if entry not in PROTOCOLS:
            raise ConfigError(
                "unknown protocol or suite",
                where=f"evaluations.{i}",
                got=entry,
                allowed=[*PROTOCOLS, *suite_names()],
            )
        if not isinstance(data.get("dataset"), str):
            raise ConfigError(
                f"{entry} alone is measured on the dataset of base.data, which names none",
                where=f"evaluations.{i}",
                got=entry,
                hint=f"write {{name: {entry}, protocol: {entry}, dataset: NAME}}",
            )
        spelled.append(
            {
                "name": entry,
                "protocol": entry,
                "dataset": data["dataset"],
                "size": data.get("size", 32),
            }
        )
    return spelled
