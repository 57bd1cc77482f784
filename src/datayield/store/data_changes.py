"""What changed in a study's images and labels since it was last run, and what that affects."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.identity import digest
from datayield.spec.run import Listings, dataset_name
from datayield.spec.study import Cell, Study

NAME = "data.json"


def remember(folder: Path, study: Study, cells: Sequence[Cell], listings: Listings) -> None:
    """Keep in a study's folder what it is run on."""
    write_json(folder / NAME, _state(study, cells, listings))


def changes(folder: Path, study: Study, cells: Sequence[Cell], listings: Listings) -> list[str]:
    """One sentence per split or evaluation that differs from when the study was last run."""
    before = read_json(folder / NAME)
    if not isinstance(before, dict):
        return []
    now = _state(study, cells, listings)
    if before.keys() != now.keys():
        return []
    sentences = []
    affected = _affected(before, now)
    for name, split in now["splits"].items():
        old = before["splits"].get(name)
        if old is None or old == split:
            continue
        n, m = old["images"], split["images"]
        what = f"{n:,} -> {m:,} images" if n != m else f"images changed, {m:,} as before"
        sentences.append(f"{name}: {what}; {affected}")
    for name, ev in now["evaluations"].items():
        old = before["evaluations"].get(name)
        if old is None or old["content"] == ev["content"]:
            continue
        what = "labels" if old["images"] == ev["images"] else "images"
        sentences.append(f"{name}: its {what} changed; it is evaluated again")
    return sentences


def _affected(before: dict[str, Any], now: dict[str, Any]) -> str:
    if before["base"] != now["base"]:
        return "the study changed too"
    again = sum(before["runs"].get(key, run) != run for key, run in now["runs"].items())
    total = len(now["runs"])
    if not again:
        return f"no run of {total:,} is affected"
    return f"{again:,} of {total:,} {'run is' if again == 1 == total else 'runs are'} affected"


def _state(study: Study, cells: Sequence[Cell], listings: Listings) -> dict[str, Any]:
    images = {
        place: listing.content.items(None) if listing.content else listing.fingerprint
        for place, listing in listings.items()
    }
    return {
        "base": digest([study.base, study.recipes]),
        "splits": {
            f"{dataset_name(dataset)} {split}": {
                "images": listings[dataset, split].images,
                "content": content,
            }
            for (dataset, split), content in images.items()
        },
        "evaluations": {
            ev.name: {
                "content": ev.content,
                "images": [images.get((ev.dataset, split)) for split in ev.splits],
            }
            for ev in study.evaluations
        },
        "runs": {digest(cell.axes): cell.run.id for cell in cells},
    }
