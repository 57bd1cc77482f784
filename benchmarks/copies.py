"""Copies planted in real sets: found and missed, and alarms where none were planted.

    DATAYIELD_DATA=... python benchmarks/copies.py [--images 500] [--planted 100] [DATASET ...]

Takes a random sample of a set's train split; each kind of copy is made of the first of its images
and searched for in the whole sample. `exact` is by content (`data.content`), all kinds by
`data.near_copies`. Alarms are pairs within the sample, and between it and as many test images, that
nobody planted: photographs of the same object, neighbouring frames and duplicates of the source
are among them, so look at the examples. Needs imagehash. Prints one JSON line per set.
"""

import argparse
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from datayield.data.catalog import entries, find
from datayield.data.content import content_of
from datayield.data.near_copies import NearCopy, looks_of, near_copies
from datayield.data.source import Source

Change = Callable[[Image.Image], Image.Image]
CHANGES: dict[str, tuple[Change, str]] = {
    "re-encoded (JPEG, quality 50)": (lambda image: image, "JPEG"),
    "half the size": (lambda i: i.resize((i.width // 2, i.height // 2)), "PNG"),
    "1.5 times the size": (lambda i: i.resize((3 * i.width // 2, 3 * i.height // 2)), "PNG"),
    "mirrored": (lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG"),
    "20% brighter": (lambda i: ImageEnhance.Brightness(i).enhance(1.2), "PNG"),
    "cropped to 90%": (
        lambda i: i.crop((i.width // 20, i.height // 20, i.width * 19 // 20, i.height * 19 // 20)),
        "PNG",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("datasets", nargs="*", metavar="DATASET")
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--planted", type=int, default=100)
    asked = parser.parse_args()
    named = asked.datasets or [e.name for e in entries() if e.notes == "parquet"]
    for name in named:
        print(json.dumps(of_set(name, asked.images, asked.planted)), flush=True)


def of_set(name: str, images: int, planted: int) -> dict[str, object]:
    """What was found of the copies of one dataset."""
    train, test = find(name, "train"), held_out(name)
    sample = drawn(train, images)
    looks = looks_of(train, sample.tolist())
    told: dict[str, object] = {"dataset": name, "images": len(sample), "planted": planted}
    digests = content_of(train)
    if digests is not None:
        repeated = [*sample, *sample[:planted]]
        told["exact found"] = len(repeated) - len(np.unique(digests[repeated]))
    found = {}
    with tempfile.TemporaryDirectory() as root:
        for kind, (change, form) in CHANGES.items():
            copies = made(train, sample[:planted].tolist(), change, form, Path(root) / kind)
            pairs = list(near_copies(looks, looks_of(copies)))
            right = {p.other for p in pairs if sample[p.other] == p.one}
            found[kind] = len(right)
    told["found"] = found
    within = list(near_copies(looks))
    told["alarms within train"] = len(within)
    told["pairs within train"] = len(sample) * (len(sample) - 1) // 2
    told["examples within train"] = examples(within, train, train)
    others = looks_of(test, drawn(test, images).tolist())
    between = list(near_copies(looks, others))
    told["alarms between train and test"] = len(between)
    told["pairs between"] = len(sample) * len(others.positions)
    told["examples between"] = examples(between, train, test)
    return told


def held_out(name: str) -> Source:
    """The test split, or the one for validation where there is none."""
    splits = next(e.splits for e in entries() if e.name == name)
    return find(name, "test" if "test" in splits else "val")


def drawn(source: Source, images: int) -> np.ndarray:
    """Ascending positions of a random sample."""
    count = min(images, len(source))
    return np.sort(np.random.default_rng(0).choice(len(source), count, replace=False))


def made(source: Source, positions: list[int], change: Change, form: str, root: Path) -> Source:
    """Changed copies of images as files, named by their place in `positions`."""
    root.mkdir(parents=True)
    for place, i in enumerate(positions):
        raw = source.read(i)
        opened = Image.open(io.BytesIO(raw)) if isinstance(raw, bytes) else Image.fromarray(raw)
        options = {"quality": 50} if form == "JPEG" else {}
        change(opened.convert("RGB")).save(root / f"{place:05}.{form.lower()}", form, **options)
    return find(str(root), "train")


def examples(pairs: list[NearCopy], one: Source, other: Source) -> list[str]:
    """The first few pairs by name."""
    return [f"{one.names(p.one)} and {other.names(p.other)}" for p in pairs[:3]]


if __name__ == "__main__":
    main()
