"""The images of a run: from a YAML mapping to the run's spec, with N and fingerprints fixed."""

from pathlib import Path
from typing import Any

from datayield.spec.environment import data_dir
from datayield.spec.errors import ConfigError, UnknownCountError
from datayield.spec.named_paths import without_dots
from datayield.spec.run.curation import weights_file_digest
from datayield.spec.run.split_listing import Listings
from datayield.spec.run.subset import Mixture, Part, Subset

Raw = dict[str, Any]  # as read from YAML
OF_PARTS = frozenset(Part.model_fields)


def give_way(old: Raw, new: Raw) -> None:
    """Drop keys of `old` that belong to the other form of `data` (one set or a mixture) than `new`.

    `size` is kept.
    """
    if "parts" in new and "parts" not in old:
        for key in OF_PARTS - {"seed"}:
            old.pop(key, None)
    elif "dataset" in new and "parts" not in new:
        old.pop("parts", None)


def lay_out(data: Raw, seed: Any) -> Raw:
    """`data` as in a run's spec: seeds set, empty parts dropped, a single part made a subset.

    Each seed draws its own subset unless one is set. Raises ConfigError for an unknown part.
    """
    if "parts" not in data:
        return {"seed": seed, **data}
    parts = data["parts"]
    if not isinstance(parts, dict) or not all(isinstance(p, dict | None) for p in parts.values()):
        raise ConfigError(
            "the parts of a mixture must be named mappings",
            where="data.parts",
            got=parts,
            allowed="{B: {dataset: ..., count: ...}, A: {dataset: ..., count: ...}}",
        )
    if stray := sorted((OF_PARTS - {"seed"}) & data.keys()):
        raise ConfigError(
            f"{stray[0]} belongs to a part, since data is a mixture",
            where=f"data.{stray[0]}",
            got=data[stray[0]],
            allowed=["parts", "size", "fit", "seed"],
            hint=f"write it in each of data.parts ({', '.join(parts)})",
        )
    named = [name for name, part in parts.items() if part and "dataset" in part]
    kept = {}
    for name, part in parts.items():
        if part and "dataset" not in part:
            raise ConfigError(
                f"part {name!r} does not exist or names no dataset",
                where=f"data.parts.{name}",
                got=name,
                allowed=named,
                hint="a part needs a dataset",
            )
        if part and part.get("count") != 0:
            kept[name] = {"seed": data.get("seed", seed), **part}
    shared = {key: data[key] for key in data if key not in ("parts", "seed")}
    if not kept:
        raise ConfigError("every part is empty", where="data.parts", got=", ".join(parts) or "none")
    if len(kept) == 1:
        return {**shared, **next(iter(kept.values()))}
    return {**shared, "parts": kept}


def located(data: Raw, folder: Path | None) -> Raw:
    """`data` with datasets that are paths made absolute, relative ones from `folder`."""
    if folder is None:
        return data
    made = dict(data)
    if isinstance(dataset := data.get("dataset"), str):
        made["dataset"] = dataset_path(dataset, folder)
    if target := target_of(data):
        stated = data["select"]["target"]
        others = stated if isinstance(stated, dict) else {}
        named = {**others, "dataset": dataset_path(target[0], folder)}
        made["select"] = {**data["select"], "target": named}
    if isinstance(parts := data.get("parts"), dict):
        made["parts"] = {
            name: located(part, folder) if isinstance(part, dict) else part
            for name, part in parts.items()
        }
    return made


def dataset_path(dataset: str, folder: Path) -> str:
    """The absolute path of a dataset that is written as a path; any other name as it is."""
    home = data_dir()
    if dataset.startswith((".", "~", "/")) or Path(dataset).is_absolute():
        path = folder / Path(dataset).expanduser()
    elif "/" in dataset and not (home and (home / dataset).exists()):
        path = folder / dataset
        if not path.exists():
            return dataset
    else:
        return dataset
    return without_dots(path)


def splits_of(data: Any) -> set[tuple[str, str]]:
    """(dataset, split) of each part of a `data` mapping, if named."""
    if not isinstance(data, dict):
        return set()
    parts = data.get("parts")
    members = parts.values() if isinstance(parts, dict) else [data]
    named = {
        (part["dataset"], part.get("split") or "train")
        for part in members
        if isinstance(part, dict) and isinstance(part.get("dataset"), str)
    }
    targets = (target_of(part) for part in members if isinstance(part, dict))
    return named | {target for target in targets if target}


def target_of(part: Raw) -> tuple[str, str] | None:
    """(dataset, split) of the target that the images of a part are to be near, if it has one."""
    select = part.get("select")
    target = select.get("target") if isinstance(select, dict) else None
    named = {"dataset": target} if isinstance(target, str) else target
    named = named if isinstance(named, dict) else {}
    dataset, split = named.get("dataset"), named.get("split") or "train"
    return (dataset, split) if isinstance(dataset, str) and isinstance(split, str) else None


def fixed(data: Subset | Mixture, listings: Listings) -> Subset | Mixture:
    """`data` with its counts and the files' fingerprints. Raises ConfigError if N is unknown."""
    if isinstance(data, Subset):
        return data.model_copy(update=_known(data, listings, "data"))
    parts = {
        name: part.model_copy(update=_known(part, listings, f"data.parts.{name}"))
        for name, part in data.parts.items()
    }
    return data.model_copy(update={"parts": parts})


def distinct(data: Subset | Mixture, listings: Listings) -> int:
    """N, the number of distinct images. Raises ConfigError if it is unknown."""
    return fixed(data, listings).count or 0


def _known(part: Part, listings: Listings, where: str) -> Raw:
    if part.select is None:
        return _counted(part, listings, where)
    known: Raw = {"weights": weights_file_digest(part.select.features)}
    if (target := part.select.target) is not None:
        there = listings.get((target.dataset, target.split))
        content = there.content.items(None) if there and there.content else None
        fingerprint = content or (there.fingerprint if there else None)
        known["target"] = target.model_copy(update={"fingerprint": fingerprint})
    select = part.select.model_copy(update=known)
    return _counted(part, listings, where) | {"select": select}


def _counted(part: Part, listings: Listings, where: str) -> Raw:
    listing = listings.get((part.dataset, part.split))
    if part.count is None and part.classes is not None:
        raise ConfigError(
            "a selection of classes needs an explicit count",
            where=f"base.{where}.count",
            hint="state count: N; if N is too large, the error states how many exist",
        )
    n = part.count or (listing.images - (part.skip or 0) if listing else None)
    if n is None:
        raise UnknownCountError(
            f"dataset {part.dataset!r} not found, and {where}.count is not stated",
            where=f"base.{where}.count",
            hint="state data.count, or make the dataset available (datayield ls datasets)",
        )
    if listing is None:
        return {"count": n, "fingerprint": None}
    if listing.content is None:
        return {"count": n, "fingerprint": listing.fingerprint}
    return {"count": n, "fingerprint": listing.content.subset(part.model_copy(update={"count": n}))}
