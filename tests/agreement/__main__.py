"""`python -m tests.agreement [--json | --write-golden]`: how every loss agrees, as a table."""

import argparse
import json
import sys
from typing import Any

import torch

from tests.agreement import checks, golden
from tests.agreement.cases import CASES, SIZES, VIEWS, Case
from tests.agreement.states import STATES

COLUMNS = {
    "loss": "Loss",
    "value": "value",
    "gradient": "gradient",
    "lightly": "lightly",
    "lightly_views": "its views",
    "gradcheck": "gradcheck",
    "images": "images permuted",
    "views": "views permuted",
    "float32": "float32",
    "views_tried": "views tried",
}


def row(case: Case) -> dict[str, Any]:
    """All checks of one loss; without lightly, the golden values stand in for it."""
    loops, single = checks.from_published(case), checks.from_float32(case)
    theirs = checks.from_lightly if checks.has_lightly() else golden.distance
    return {
        "loss": case.name,
        "value": float(loops.value),
        "gradient": float(loops.gradient),
        "lightly": theirs(case) if case.by_lightly else None,
        "lightly_views": list(case.lightly_views) if case.by_lightly else [],
        "gradcheck": checks.gradient_is_right(case),
        "images": checks.order_of_images(case),
        "views": checks.order_of_views(case),
        "views_not_alike": case.why_parts,
        "across_parts": checks.across_parts(case),
        "float32": max(float(single.value), float(single.gradient)),
        "views_tried": list(VIEWS),
    }


def collect() -> dict[str, Any]:
    states = {name: state()._asdict() for name, state in STATES.items()}
    return {
        "torch": torch.__version__,
        "lightly": golden.read()["lightly"] if not checks.has_lightly() else _lightly(),
        "golden_values": not checks.has_lightly(),
        "sizes": SIZES,
        "losses": [row(case) for case in CASES],
        "states": states,
    }


def _lightly() -> str:
    from tests.agreement.lightly_losses import VERSION

    return VERSION


def cell(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.0e}" if isinstance(value, float) else str(value)


def table(headings: list[str], lines: list[list[str]]) -> str:
    width = [max(map(len, column)) for column in zip(headings, *lines, strict=True)]
    rule = ["-" * w for w in width]
    return "\n".join(
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, width, strict=True)) + " |"
        for line in [headings, rule, *lines]
    )


def markdown(results: dict[str, Any]) -> str:
    marks, notes = {}, []
    for one in results["losses"]:
        if one["views_not_alike"]:
            marks[one["loss"]] = f" ({len(notes) + 1})"
            notes.append(
                f"- ({len(notes) + 1}) among views that play one part: {one['views_not_alike']}. "
                f"Other exchanges change the loss by {cell(one['across_parts'])} or more."
            )
    lines = []
    for one in results["losses"]:
        cells = {key: cell(one[key]) for key in COLUMNS}
        cells["views"] += marks.get(one["loss"], "")
        lines.append(list(cells.values()))
    kept = " (golden values, one size)" if results["golden_values"] else ""
    sizes = ", ".join(f"{batch} x {dim}" for batch, dim in results["sizes"])
    states = [[name, *map(cell, gaps.values())] for name, gaps in results["states"].items()]
    return "\n".join(
        [
            "Largest differences in float64, absolute, or relative to the largest entry where that",
            "is below one. `value`, `gradient`: from the published formula in loops;",
            f"`lightly`: both, from lightly {results['lightly']}{kept};",
            "`permuted`: both, from themselves. `float32`: both, from float64, relative.",
            f"Images x dimensions: {sizes}. torch {results['torch']}.",
            "",
            table(list(COLUMNS.values()), lines),
            "",
            *notes,
            "",
            table(["State", "loops", "lightly"], states),
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__)
    parser.add_argument("--json", action="store_true", help="the same figures for a script")
    parser.add_argument(
        "--write-golden", action="store_true", help="make tests/golden/lightly.json anew"
    )
    asked = parser.parse_args()
    if asked.write_golden:
        golden.write()
        return
    results = collect()
    sys.stdout.write(json.dumps(results, indent=1) + "\n" if asked.json else markdown(results))


if __name__ == "__main__":
    main()
