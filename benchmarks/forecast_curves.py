"""Curves of published tables and of the project's own results: an error along one axis."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AXES = ("n", "budget", "label_fraction", "pretrain_n", "finetune_n", "images")
SCORES = ("accuracy", "accuracy_mean", "miou_mean")
NOTES = {"d", "source", "note", "runs", "accuracy_std", "miou_std"}
OURS = ("method", "encoder", "dataset", "eval", "metric", "axes")
FEWEST = 3


class Curve(NamedTuple):
    """Errors [n] at ascending sizes [n], each once: means over the seeds."""

    source: str  # a file of the tables, or a study
    axis: str
    sizes: Floats
    errors: Floats


def published(folder: Path) -> list[Curve]:
    """Every curve of every table with at least three sizes, everything but one axis fixed."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        columns = rows[0].keys()
        for score in columns & set(SCORES):
            others = columns - set(SCORES) - NOTES
            for axis in sorted(others & set(AXES)):
                fixed = sorted(others - {axis})
                points = (
                    (tuple(row[c] for c in fixed), float(row[axis]), 1 - float(row[score]) / 100)
                    for row in rows
                    if row[score]
                )
                found += _curves(path.stem, axis, points)
    return found


def own(folder: Path) -> list[Curve]:
    """Every curve of the final evaluations along N and along C, and every one over training."""
    found = []
    for path in sorted(folder.glob("*/pocket/table.csv")):
        with path.open(encoding="utf-8") as file:
            rows = [r for r in csv.DictReader(file) if r["kind"] == "run" and r["value"]]
        rows = [r for r in rows if r["metric"] in ("accuracy", "miou") and float(r["images"]) > 0]
        for r in rows:  # names such as "own 10%" say the size again
            r["axes"] = re.sub(r"[\d.]+k?%?", "", r["axes"])
        last = [r for r in rows if r["share"] == "1.0"]
        for axis, among, fixed in (
            ("n", last, "budget"),
            ("images", last, "n"),
            ("over training", rows, "run"),
        ):
            size = "n" if axis == "n" else "images"
            points = (
                ((*(r[c] for c in OURS), r[fixed]), float(r[size]), 1 - float(r["value"]))
                for r in among
            )
            found += _curves(path.parts[-3], axis, points)
    return found


def _curves(
    source: str, axis: str, points: Iterator[tuple[tuple[str, ...], float, float]]
) -> list[Curve]:
    groups = defaultdict[tuple[str, ...], dict[float, list[float]]](lambda: defaultdict(list))
    for key, size, error in points:
        if size > 0:
            groups[key][size].append(error)
    return [
        Curve(
            source,
            axis,
            np.array(sorted(group)),
            np.array([np.mean(group[s]) for s in sorted(group)]),
        )
        for group in groups.values()
        if len(group) >= FEWEST
    ]
