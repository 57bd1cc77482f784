"""docs/findings.md says what the committed results say: every verdict, every effect, all counts."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from datayield.analysis.evidence.tables import evidence_of_table
from datayield.analysis.format import points, span
from datayield.analysis.levers import decide
from datayield.analysis.text.recommendation import advice, percent_of
from datayield.spec.study import load_study

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
STUDIES = sorted(
    path.parts[-3]
    for path in ROOT.glob("results/*/pocket/claims.json")
    if (ROOT / f"studies/{path.parts[-3]}.yaml").exists()
)
SECTIONS = {
    "contradicted": "Contradicted",
    "no effect": "No effect here",
    "not always": "Not always",
    "inconclusive": "Inconclusive",
    "reproduced": "Reproduced",
    "not tested": "Not tested at this scale",
}


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("study", STUDIES)
def test_each_claim_stands_under_its_verdict_with_its_effect(study: str) -> None:
    claims = json.loads((ROOT / f"results/{study}/pocket/claims.json").read_text())["claims"]
    assert claims
    for claim in claims:
        rows = re.findall(rf"(?m)^\| {study}, {re.escape(claim['id'])} \|.*$", TEXT)
        assert len(rows) == 1, claim["id"]
        assert rows[0] in section(SECTIONS[claim["verdict"]]), claim["id"]
        if claim["verdict"] != "not tested" and claim["effect"] is not None:
            digits = 1 if claim["unit"] == "points" else 2
            numbers = [claim[name] for name in ("effect", "low", "high")]
            for number in numbers:
                assert f"{number:+.{digits}f}".replace("-", "−") in rows[0], claim["id"]


@pytest.mark.parametrize(
    "study", sorted(path.parts[-3] for path in ROOT.glob("results/*/pocket/table.csv"))
)
def test_the_first_screen_of_each_study_is_told(study: str) -> None:
    of = decide(evidence_of_table(ROOT / f"results/{study}/pocket/table.csv"))
    rows = section("What to buy next, study by study").splitlines()
    (row,) = [line for line in rows if line.startswith(f"| {study} |")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == advice(of)
    gains = [f"{points(x.gain)} ({span(x.low, x.high)})" for x in of.levers]
    assert all(gain in cells[3] for gain in gains)
    assert cells[2] == (percent_of(of.recommendation.probability) if gains else "–")


def test_the_table_counts_what_ran() -> None:
    for study in STUDIES:
        folder = ROOT / f"results/{study}/pocket"
        done = json.loads((folder / "provenance.json").read_text())["done"]
        counts = json.loads((folder / "claims.json").read_text())["counts"]
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| [{study}]"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        verdicts = (
            "reproduced", "contradicted", "no effect", "not always", "inconclusive", "not tested"
        )  # fmt: skip
        assert cells[1] == str(done)
        assert cells[7:] == [str(counts[verdict]) for verdict in verdicts]


def test_the_findings_of_each_paper_are_counted() -> None:
    asked = ("reproduced", "contradicted", "no effect", "not always", "inconclusive")
    sums: dict[str, Counter[str]] = {"all": Counter(), "the four papers": Counter()}
    for study in STUDIES:
        counts = json.loads((ROOT / f"results/{study}/pocket/claims.json").read_text())["counts"]
        paper = load_study(study).paper.partition(",")[0] or "expected here"
        for name in (paper, "all", *(["the four papers"] if paper != "expected here" else [])):
            sums.setdefault(name, Counter()).update({each: counts[each] for each in asked})
    for paper, count in sums.items():
        (row,) = (x for x in section("Paper by paper").splitlines() if x.startswith(f"| {paper}"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        decided = 1 - count["inconclusive"] / count.total()
        numbers = [count.total(), *(count[each] for each in asked)]
        assert cells[1:] == [*map(str, numbers), f"{decided:.0%}"]
