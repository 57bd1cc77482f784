"""What became slower between two files of `benchmarks/run.py`, with intervals.

    python benchmarks/compare.py BEFORE.jsonl AFTER.jsonl [--worst 0.1] [--level 0.95]

Repetitions of one benchmark are paired in their order, and so are their lines. For each time that
both files have, prints the ratio of the medians, after to before, with a bootstrap interval over
the pairs. Exit code 1 if one is slower: its whole interval is above 1, and its ratio above
1 + --worst. A time without repetitions has no interval, and decides nothing. Exit code 2
if a file is not readable, or the two have no time in common.
"""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TIME = re.compile(r"(cpu_|micro|milli)?seconds(_per_\w+)?|median_s|ms|us")  # less is better
RATE = re.compile(r"\w+_per_(core_)?second")  # more is better
RESULT = re.compile(r"\w*(second|peak|bytes|memory|rss|slowest|fastest)\w*|\w+_(s|MB)")
DRAWS = 2000
Place = tuple[str, str, str]  # (command, what the line is about, name of the figure)


class Ratio(NamedTuple):
    """How many times as long it takes, and its interval; None without repetitions."""

    place: Place
    ratio: float
    low: float | None
    high: float | None
    pairs: int

    def slower(self, worst: float) -> bool:
        """Whether it is slower by more than `worst`, and beyond its interval."""
        return self.low is not None and self.low > 1 and self.ratio > 1 + worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--worst", type=float, default=0.1, help="slower by this share is allowed")
    parser.add_argument("--level", type=float, default=0.95)
    asked = parser.parse_args()
    try:
        before, after = (figures(read(path)) for path in (asked.before, asked.after))
    except ValueError as error:
        parser.error(str(error))
    found = [*compared(before, after, asked.level)]
    if not found:
        parser.error(f"{asked.before} and {asked.after} have no time in common")
    for each in found:
        command, about, name = each.place
        line = {"command": command, "about": json.loads(about), "figure": name}
        interval = [each.low, each.high] if each.low is not None else None
        line |= {"ratio": each.ratio, "interval": interval, "pairs": each.pairs}
        print(json.dumps(line | {"slower": each.slower(asked.worst)}))
    only = sorted({place[0] for place in before.keys() ^ after.keys()})
    if only:
        print(json.dumps({"not in both": only}))
    return int(any(each.slower(asked.worst) for each in found))


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of `run.py`. Raises ValueError if it is none."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: not a file of benchmarks/run.py ({error})") from None


def figures(lines: Iterable[dict[str, Any]]) -> dict[Place, list[float]]:
    """Each time, once per repetition, in their order; rates as times per unit."""
    made = defaultdict[Place, list[float]](list)
    for line in lines:
        told = line.get("line")
        if not isinstance(told, dict):
            continue
        about = json.dumps({k: v for k, v in told.items() if _names(k, v)}, sort_keys=True)
        for name, value in told.items():
            rate = RATE.fullmatch(name)
            if (rate or TIME.fullmatch(name)) and isinstance(value, int | float) and value > 0:
                place = str(line.get("command")), about, name
                made[place].append(1 / value if rate else float(value))
    return dict(made)


def _names(key: str, value: object) -> bool:
    """Whether it says what was measured: text, a flag or a whole number that is no result."""
    return isinstance(value, str | bool | int) and not RESULT.fullmatch(key)


def compared(
    before: dict[Place, list[float]], after: dict[Place, list[float]], level: float
) -> Iterator[Ratio]:
    """The ratio of every time that both have, in the order of `before`."""
    for place, old in before.items():
        if place in after:
            yield ratio(place, old, after[place], level)


def ratio(place: Place, old: list[float], new: list[float], level: float) -> Ratio:
    """Ratio of medians over the pairs, with a percentile interval of a seeded bootstrap."""
    pairs = min(len(old), len(new))
    a, b = np.array(old[:pairs]), np.array(new[:pairs])
    whole = float(np.median(b) / np.median(a))
    if pairs < 2:
        return Ratio(place, whole, None, None, pairs)
    drawn = np.random.default_rng(0).integers(pairs, size=(DRAWS, pairs))
    ratios = np.median(b[drawn], axis=1) / np.median(a[drawn], axis=1)
    low, high = np.quantile(ratios, [(1 - level) / 2, (1 + level) / 2])
    return Ratio(place, whole, float(low), float(high), pairs)


if __name__ == "__main__":
    raise SystemExit(main())
