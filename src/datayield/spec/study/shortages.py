"""Sizes that exceed the images that are there: fine for planning, not for running."""

from collections.abc import Iterable
from typing import Any

from datayield.spec.errors import ConfigError
from datayield.spec.run import OVERLAYS, Listings
from datayield.spec.study.cell import Cell
from datayield.spec.study.study import Study


def shortages(study: Study, cells: Iterable[Cell], listings: Listings) -> list[ConfigError]:
    """An error for each split that has fewer images than a run takes of it.

    It names the key of the count, and the count to write instead.
    """
    wanted: dict[tuple[str, str], tuple[int, int, str]] = {}
    for data in (run.data for cell in cells for run in cell.run.chain):
        for name, part in data.members:
            drawn = max(part.count or 0, part.drawn.count or 0)  # of a pool, if it has one
            skip = part.skip or 0
            split = (part.dataset, part.split)
            wanted[split] = max(wanted.get(split, (0, 0, "")), (drawn + skip, skip, name))
    return [
        _shortage(study, split, listings[split].images, *most)
        for split, most in wanted.items()
        if split in listings and most[0] > listings[split].images
    ]


def _shortage(
    study: Study, split: tuple[str, str], images: int, most: int, skip: int, part: str
) -> ConfigError:
    left = images - skip
    others = "; another --scale may be smaller" if study.scale else ""
    return ConfigError(
        f"{split[0]!r} split {split[1]!r} holds {images:,} images here, fewer than n={most:,}",
        where=_key_of_count(study, part),
        got=f"{most - skip}{f' after the first {skip}' if skip else ''}",
        allowed=f"1 to {left}" if left > 0 else "none",
        hint=(f"write {left}, or fewer, or add images" if left > 0 else "add images, or skip fewer")
        + others,
    )


def _key_of_count(study: Study, part: str) -> str:
    """The key that says how many images of a part of `data` are taken."""
    own = f"data.parts.{part}" if part else "data"
    if f"{own}.count" in study.axes:
        return f"axes.{own}.count"
    for axis, values in study.axes.items():
        patches = values if axis == "data" else [_data(v) for v in values if axis in OVERLAYS]
        if any(isinstance(each, dict) and {"count", "parts"} & each.keys() for each in patches):
            return f"axes.{axis}"
    return f"base.{own}.count"


def _data(patch: Any) -> Any:
    return patch.get("data") if isinstance(patch, dict) else None
