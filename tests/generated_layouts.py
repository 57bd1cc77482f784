"""Odd layouts of datasets made from a seed: `python -m tests.generated_layouts [--seed 0]`.

Each layout knows what it must be read as: how many images a split has, which class each one is of
(the colour of its pixels tells), or that it must be refused. All are opened as a study opens them:
listed, checked by content, decoded, classes of two splits matched. It prints how many were right,
refused with which words, or wrong, and exits 1 for a wrong one. `--only TEXT` picks some by name.
"""

import argparse
import os
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from datayield.data.catalog import find
from datayield.data.census import Census
from datayield.data.class_names import aligned
from datayield.data.decoded import Arrays, prepare
from datayield.data.source import UNLABELLED
from datayield.data.split_content import split_listing
from datayield.spec.errors import DatayieldError
from tests.layouts import columns, folders, tables, tars
from tests.layouts.truth import Layout, Maker, Refused, Right, Truth, colour_of

LAYOUTS: tuple[Layout, ...] = (
    *folders.LAYOUTS,
    *tables.LAYOUTS,
    *tars.LAYOUTS,
    *columns.LAYOUTS,
)
LONGEST = 5.0  # seconds that a layout of a dozen images may take
SIZE = 8


class Verdict(NamedTuple):
    """What became of a layout. `wrong` is empty where it was read or refused as it should be."""

    layout: Layout
    refused: str  # the first line of the message
    wrong: str
    seconds: float


def judged(layouts: Iterable[Layout], folder: Path, seed: int = 0) -> Iterator[Verdict]:
    """Write each layout below `folder`, open it and compare."""
    for number, layout in enumerate(layouts):
        maker = Maker(folder / f"layout-{number}", seed * 1000 + number)
        maker.root.mkdir()
        truth = layout.write(maker)
        began = time.monotonic()
        refused, wrong = "", ""
        try:
            wrong = _compared(str(maker.root / truth.at), truth)
        except DatayieldError as error:
            refused = error.message
            if isinstance(truth, Right):
                wrong = f"refused: {error.text()}"
            elif not re.search(truth.words, error.text()):
                wrong = f"refused without the words {truth.words!r}: {error.text()}"
            elif str(folder / "cache") in error.text():
                wrong = f"the message names a file in the cache: {error.text()}"
        except Exception:
            wrong = traceback.format_exc()
        seconds = time.monotonic() - began
        if seconds > LONGEST:
            wrong = f"{seconds:.1f} s. {wrong}"
        yield Verdict(layout, refused, wrong, seconds)


def _compared(dataset: str, truth: Truth) -> str:
    """What is wrong with how a dataset is read; raises what opening it raises."""
    splits = [truth.split] if isinstance(truth, Refused) else [*truth.splits]
    arrays: dict[str, Arrays] = {}
    told: list[Census] = []
    for split in splits:
        source = find(dataset, split)
        listing = split_listing(source)
        arrays[split] = prepare(dataset, split, SIZE, "crop")
        told.append(source.census)
        if listing.content is not None and isinstance(truth, Right):
            listing.content.items(truth.label)
        damaged = truth.damaged if isinstance(truth, Right) else len(source) - len(arrays[split])
        counts = source.census.used, len(arrays[split]) + damaged
        if {*counts} != {len(source)} or listing.images not in (len(source), len(source) - damaged):
            return f"{split}: {len(source)} listed, {listing.images} by content, {told[-1].used}"
    if isinstance(truth, Refused):
        return f"not refused ({truth.words}): {[len(a) for a in arrays.values()]} images"
    return _of_images(arrays, truth) or _of_census(told, truth)


def _of_images(arrays: dict[str, Arrays], truth: Right) -> str:
    known = {}
    for split, has in arrays.items():
        colours = [colour_of(int(has.images[i][0, 0, 0])) for i in range(len(has))]
        if Counter(colours) != Counter(truth.splits[split]):
            return f"{split}: images {Counter(colours)}, not {Counter(truth.splits[split])}"
        if truth.names is None or split in truth.unlabelled:
            if has.labels:
                return f"{split}: labels {has.classes} where there are none"
            continue
        if truth.label not in has.labels:
            return f"{split}: no label {truth.label!r} among {[*has.labels]}"
        known[split] = has.labels[truth.label], has.classes[truth.label]
    names, numbers = aligned(known, "here") if known else ([], {})
    for split, of in numbers.items():
        has = arrays[split]
        for i, number in enumerate(of.tolist()):
            colour = colour_of(int(has.images[i][0, 0, 0]))
            bare = colour in truth.bare
            said = None if number == UNLABELLED else names[number]
            assert truth.names is not None
            if said != (None if bare else truth.names[colour]):
                return f"{split}: an image of {truth.names[colour:][:1]} is of class {said!r}"
    return ""


def _of_census(told: list[Census], truth: Right) -> str:
    counted = sum(n.number for c in told[:1] for n in (*c.skipped.values(), *c.ignored.values()))
    lines = [line for census in told for line in census.lines()]
    if counted < truth.unused:
        return f"{truth.unused} images are not used, and the census tells {lines}"
    if truth.told not in "\n".join(lines):
        return f"the census does not say {truth.told!r}: {lines}"
    return ""


def _table(verdicts: list[Verdict]) -> str:
    wrong = [v for v in verdicts if v.wrong]
    lines = []
    for family in dict.fromkeys(v.layout.family for v in verdicts):
        of = [v for v in verdicts if v.layout.family == family]
        refused = sum(bool(v.refused) and not v.wrong for v in of)
        bad = sum(bool(v.wrong) for v in of)
        lines.append(
            f"{family:10} {len(of):4} layouts  {len(of) - refused - bad:4} read right  "
            f"{refused:3} refused rightly  {bad:3} wrong"
        )
    reasons = Counter(
        re.sub(r"['\d].*", "", v.refused) for v in verdicts if v.refused and not v.wrong
    )
    lines += [f"  {count:3} refused: {reason}" for reason, count in reasons.most_common()]
    lines += [f"WRONG {v.layout.family}: {v.layout.name}\n    {v.wrong}" for v in wrong]
    slowest = max(verdicts, key=lambda v: v.seconds)
    lines.append(
        f"{len(verdicts)} layouts, {len(wrong)} wrong; "
        f"slowest {slowest.layout.name}: {slowest.seconds:.2f} s"
    )
    return "\n".join(lines)


def main() -> int:
    """Open all layouts and print a table; 1 if any is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    some = [x for x in LAYOUTS if asked.only in f"{x.family} {x.name}"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with mock.patch.dict(os.environ, {"DATAYIELD_CACHE": str(folder / "cache")}):
            verdicts = list(judged(some, folder, asked.seed))
    sys.stdout.write(f"{_table(verdicts)}\n")
    return int(any(v.wrong for v in verdicts))


if __name__ == "__main__":
    sys.exit(main())
