"""What the packages gave once, kept so that the suite compares with it where they are not there.

`python -m tests.distances --write-golden` makes the file anew, with the packages on PYTHONPATH.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.distances.cases import CASES, SIZES, samples

PATH = Path(__file__).parents[1] / "golden" / "distances.json"


def has_packages() -> bool:
    return all(find_spec(name) for name in ("torch_fidelity", "cleanfid", "vdna"))


def make() -> dict[str, Any]:
    """Every oracle's figure of every size."""
    from tests.distances import oracles

    made: dict[str, Any] = {"versions": oracles.VERSIONS, "samples": []}
    for n, d in SIZES:
        x, y = samples(n, d)
        figures = {name: getattr(oracles, name)(x, y) for case in CASES for name in case.oracles}
        inputs = [float(x.sum()), float(y.sum())]
        made["samples"].append({"n": n, "d": d, "sums": inputs, "figures": figures})
    return made


def write() -> None:
    PATH.write_text(json.dumps(make(), indent=1) + "\n")


@cache
def read() -> dict[str, Any]:
    out: dict[str, Any] = json.loads(PATH.read_text())
    return out


def figure(oracle: str, n: int, d: int) -> float:
    """What the oracle gave. Raises ValueError where the samples are not the same."""
    (kept,) = [one for one in read()["samples"] if (one["n"], one["d"]) == (n, d)]
    x, y = samples(n, d)
    if max(abs(float(z.sum()) - s) for z, s in zip((x, y), kept["sums"], strict=True)) > 1e-8:
        raise ValueError(f"these are not the samples of {PATH.name}")
    return float(kept["figures"][oracle])
