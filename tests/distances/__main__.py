"""`python -m tests.distances [--json | --write-golden]`: how every distance agrees, as a table."""

import argparse
import json
import sys
from typing import Any

from tests.agreement.__main__ import table
from tests.distances import golden
from tests.distances.cases import CASES, SIZES, samples

PACKAGES = {"torch_fidelity": "torch-fidelity", "clean_fid": "clean-fid", "vdna": "vdna"}


def relative(ours: float, theirs: float) -> float:
    return abs(ours - theirs) / abs(theirs)


def rows() -> list[dict[str, Any]]:
    """Relative differences of each figure and size, from loops and from each package."""
    differences = []
    for case in CASES:
        for n, d in SIZES:
            x, y = samples(n, d)
            ours = case.ours(x, y)
            row: dict[str, Any] = {"figure": case.name, "n": n, "d": d, "ours": ours}
            row["loops"] = relative(ours, case.naive(x, y))
            for oracle in case.oracles:
                row[oracle.partition("_")[2]] = relative(ours, golden.figure(oracle, n, d))
            differences.append(row)
    return differences


def markdown(differences: list[dict[str, Any]]) -> str:
    versions = golden.read()["versions"]
    headings = ["Figure", "n x d", "ours", "loops", *PACKAGES.values()]
    lines = [
        [
            row["figure"],
            f"{row['n']} x {row['d']}",
            f"{row['ours']:.6g}",
            *(f"{row[key]:.0e}" if key in row else "none" for key in ("loops", *PACKAGES)),
        ]
        for row in differences
    ]
    named = ", ".join(f"{name} {number}" for name, number in versions.items())
    return "\n".join(
        [
            "Relative differences in float64 from naive formulas and from what packages gave on",
            f"the same features ({named}; kept in tests/golden/distances.json).",
            "",
            table(headings, lines),
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.distances", description=__doc__)
    parser.add_argument("--json", action="store_true", help="the same figures for a script")
    parser.add_argument("--write-golden", action="store_true", help="make the golden file anew")
    asked = parser.parse_args()
    if asked.write_golden:
        golden.write()
        return
    differences = rows()
    sys.stdout.write(
        json.dumps(differences, indent=1) + "\n" if asked.json else markdown(differences)
    )


if __name__ == "__main__":
    main()
