"""Judge the claims of the committed results with the code of today, and say what changed.

`python benchmarks/judge_again.py [STUDY ...]` reads results/<study>/pocket/table.csv and prints, a
study a line, what it recommends to buy, and each claim whose verdict changed; with `--write` it
puts these into claims.json and README.md. The tables keep neither seconds nor distances nor which
test items were right: claims on those keep the verdict that they have, and the error over test
items is the assumed one, so that a claim whose verdict is the same keeps its
interval too. Needs the datasets of the studies (DATAYIELD_DATA), to count their images.
"""

import argparse
import csv
import json
import re
from pathlib import Path
from typing import Any

from datayield.analysis.claims import ClaimVerdict
from datayield.analysis.findings import Findings, analyse
from datayield.analysis.results import Row, RunCost, StudyResults
from datayield.analysis.results.collect import _count_words, _variant
from datayield.report.files.export import _claim
from datayield.report.page.claim_table import claims_json
from datayield.session import Session, open_study
from datayield.spec.atomic_files import write_json, write_text
from datayield.spec.claims import Correlates, Distance
from datayield.spec.run import RunSpec

RESULTS = Path(__file__).parents[1] / "results"
LEFT = "not tested"  # not counted in README.md
Line = dict[str, str]


def results_of(session: Session, lines: list[Line]) -> StudyResults:
    """The results that wrote these lines: each line belongs to the cell with its labels."""
    encoders = {c.run.encoder for c in session.cells}
    cells = {
        (c.run.method.name, _variant(c.run.encoder, encoders), c.run.data.count or 0,
         c.budget.label(), c.axes_label, c.run.seed): c
        for c in session.cells
    }  # fmt: skip
    rows: list[Row] = []
    specs: dict[str, RunSpec] = {}
    costs: dict[str, RunCost] = {}
    for line in lines:
        fields: dict[str, Any] = {
            **line,
            **{key: int(line[key]) for key in ("n", "images", "seed", "n_test", "n_train")},
            **{key: float(line[key]) for key in ("share", "value")},
            **{key: float(line[key]) if line[key] else None for key in ("low", "high")},
            "budget": None,
            "axes": (),
        }
        if line["kind"] == "run":
            labels = line["method"], line["encoder"], int(line["n"])
            key = (*labels, line["budget"], line["axes"], int(line["seed"]))
            if key not in cells:  # a suite's mean over the tasks, or a cell of another day
                raise SystemExit(f"no cell of {session.study.study} has the labels {key}")
            cell = cells[key]
            fields |= {"run": cell.run.id, "budget": cell.budget, "axes": cell.named_axes}
            specs |= {run.id: run for run in cell.run.chain}
            for run in cell.run.chain:
                costs[run.id] = RunCost(
                    run.id, "", run.images, run.images, 0, None, 0.0, None, 0.0, 0.0, 0, ""
                )  # fmt: skip
        rows.append(Row(**fields))
    words = _count_words(session.cells)
    return StudyResults(
        session.study, tuple(rows), tuple(costs.values()), specs=specs, count_words=words
    )


def kept(verdict: ClaimVerdict) -> bool:
    """Whether a claim rests on what the table does not hold."""
    claim = verdict.claim
    timed = "seconds" in claim.units or "flops" in claim.units
    return timed or (isinstance(claim, Correlates) and isinstance(claim.with_, Distance))


def main() -> None:
    """Every study with a table, or those named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("study", nargs="*")
    parser.add_argument("--write", action="store_true", help="put the verdicts into claims.json")
    asked = parser.parse_args()
    for path in sorted(RESULTS.glob("*/pocket/table.csv")):
        name = path.parts[-3]
        if asked.study and name not in asked.study:
            continue
        if "n_train" not in path.read_text().split("\n", 1)[0]:
            print(f"{name}: its table has the columns of an earlier version")
            continue
        session = open_study(name, "pocket")
        with path.open(newline="") as file:
            found = analyse(results_of(session, list(csv.DictReader(file))))
        report(name, found, path.with_name("claims.json"), asked.write)


def report(name: str, found: Findings, path: Path, write: bool) -> None:
    """Print the recommendation and what changed."""
    choice = found.purchase.recommendation
    levers = ", ".join(
        f"{x.lever} {100 * x.gain:+.1f} ({100 * x.low:+.1f} to {100 * x.high:+.1f})"
        for x in found.purchase.levers
    )
    print(f"{name}: {choice.lever} (likely {choice.likely}, P {choice.probability:.2f}); {levers}")
    before = json.loads(path.read_text()) if path.exists() else {"claims": []}
    old = {claim["id"]: claim for claim in before["claims"]}
    new = claims_json(found)
    unknown = {each.claim.id for each in found.claims if kept(each)}
    same = {c["id"] for c in new["claims"] if old.get(c["id"], c)["verdict"] == c["verdict"]}
    new["claims"] = [old.get(c["id"], c) if c["id"] in unknown | same else c for c in new["claims"]]
    new["counts"] = {v: sum(c["verdict"] == v for c in new["claims"]) for v in new["counts"]}
    new["tally"] = "claims: " + ", ".join(f"{n} {v}" for v, n in new["counts"].items())
    new["tally"] += " at this scale"
    for claim in new["claims"]:
        was = old.get(claim["id"], {})
        if was.get("verdict") != claim["verdict"]:
            print(f"  {claim['id']}: {was.get('verdict')} -> {claim['verdict']}")
            print(f"    was {was.get('evidence')}\n    now {claim['evidence']}")
    if write and old:
        write_json(path, new)
        readme = path.with_name("README.md")
        text = readme.read_text(encoding="utf-8")
        counts = "Claims: " + ", ".join(f"{n} {v}" for v, n in new["counts"].items() if v != LEFT)
        text = re.sub(r"(?m)^Claims: .*\.$", f"{counts}.", text)
        for claim in new["claims"]:
            row = _claim(claim)
            text = re.sub(rf"(?m)^\| {re.escape(claim['id'])} \|.*$", lambda _, r=row: r, text)
        write_text(readme, text)


if __name__ == "__main__":
    main()
