"""Renew the tables of findings.md from the committed results; what its last columns say is kept.

    python docs/findings_tables.py --write    # without it: exits with 1 if one is old

Each claim stands under its verdict, with the effect, interval and limit in claims.json. The column
"why" is written by hand: a row whose verdict changed says so there until somebody has looked at it.
Passes are images presented over images, of all runs at a scale.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, get_args

from datayield.analysis.claims import ClaimOutcome
from datayield.analysis.evidence.tables import evidence_of_table
from datayield.analysis.format import points, span
from datayield.analysis.levers import decide
from datayield.analysis.text.recommendation import advice, percent_of
from datayield.session import open_study

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/findings.md"
SECTIONS = {
    "contradicted": "Contradicted",
    "no effect": "No effect here",
    "not always": "Not always",
    "inconclusive": "Inconclusive",
    "reproduced": "Reproduced",
    "not tested": "Not tested at this scale",
}
HEAD = "| study, claim | finding | published | here | limit | why |\n|---|---|---|---|---|---|\n"
STUDIES = sorted(path.parts[-3] for path in ROOT.glob("results/*/pocket/provenance.json"))


def main() -> None:
    old = PAGE.read_text(encoding="utf-8")
    new = renewed(old)
    if "--write" in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
    elif new != old:
        sys.exit("docs/findings.md is not up to date: python docs/findings_tables.py --write")


def renewed(text: str) -> str:
    """The page with all of its tables as the results are now."""
    reasons = reasons_of(text)
    text = with_table(text, "Paper by paper", by_paper())
    text = with_table(text, "What to buy next, study by study", answers(text))
    text = with_table(text, "What ran", what_ran())
    for verdict, title in SECTIONS.items():
        text = with_table(text, title, findings(verdict, reasons))
    return text


def reasons_of(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(study, claim) -> its verdict on the page, and why."""
    found = {}
    for verdict, title in SECTIONS.items():
        for row in re.findall(r"(?m)^\| (.*) \|$", _section(text, title)):
            name, *_, why = row.split(" | ")
            if ", " in name and name != "study, claim":
                study, claim = name.split(", ")
                found[study, claim] = verdict, why
    return found


def findings(verdict: str, reasons: dict[tuple[str, str], tuple[str, str]]) -> str:
    rows = []
    for study in STUDIES:
        for claim in claims_of(study):
            if claim["verdict"] != verdict:
                continue
            was, why = reasons.get((study, claim["id"]), (verdict, ""))
            if was != verdict:
                why = f"({was} before) {why}"
            rows.append(
                f"| {study}, {claim['id']} | {claim['says']} | {number(claim['published'])}"
                f" | {effect(claim)} | {claim['limit'] or '–'} | {why} |\n"
            )
    return HEAD + "".join(rows) if rows else "None.\n"


def claims_of(study: str) -> list[dict[str, Any]]:
    path = ROOT / f"results/{study}/pocket/claims.json"
    claims: list[dict[str, Any]] = json.loads(path.read_text())["claims"] if path.exists() else []
    return claims


def effect(claim: dict[str, Any]) -> str:
    if claim["verdict"] == "not tested" or claim["effect"] is None:
        return "–"
    digits = 1 if claim["unit"] == "points" else 2
    mean, low, high = (
        f"{claim[key]:+.{digits}f}".replace("-", "−") for key in ("effect", "low", "high")
    )
    return f"{mean} ({low} to {high}) {claim['unit']}"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def by_paper() -> str:
    """How many findings of each paper were asked, and how many were decided."""
    counts: dict[str, list[int]] = {}
    for study in STUDIES:
        paper = open_study(study, "pocket").study.paper.partition(",")[0] or EXPECTED
        sums = counts.setdefault(paper, [0] * len(ASKED))
        for i, verdict in enumerate(ASKED):
            sums[i] += sum(claim["verdict"] == verdict for claim in claims_of(study))
    ours = counts.pop(EXPECTED)
    rows = sorted((paper, sums) for paper, sums in counts.items() if sum(sums))
    rows.append((PAPERS, [sum(column) for column in zip(*counts.values(), strict=True)]))
    rows.append((EXPECTED, ours))
    rows.append(("all", [sum(pair) for pair in zip(rows[-2][1], rows[-1][1], strict=True)]))
    head = " | ".join(("paper", "findings asked", *ASKED, "decided"))
    lines = [f"| {head} |\n|{'---|' * (len(ASKED) + 3)}\n"]
    for paper, sums in rows:
        decided = 1 - sums[-1] / sum(sums)
        lines.append(f"| {paper} | {sum(sums)} | {' | '.join(map(str, sums))} | {decided:.0%} |\n")
    return "".join(lines)


def answers(text: str) -> str:
    kept = {
        row[0]: row[-1]
        for line in _section(text, "What to buy next, study by study").splitlines()
        if line.startswith("| ") and (row := [cell.strip() for cell in line.strip("|").split("|")])
    }
    rows = [
        "| study | answer | odds | a doubling of | not recommended, since |\n"
        "|---|---|---|---|---|\n"
    ]
    for study in sorted(path.parts[-3] for path in ROOT.glob("results/*/pocket/table.csv")):
        of = decide(evidence_of_table(ROOT / f"results/{study}/pocket/table.csv"))
        gains = [
            f"{lever.lever} {points(lever.gain)} ({span(lever.low, lever.high)})"
            for lever in of.levers
        ]
        odds = percent_of(of.recommendation.probability) if gains else "–"
        told = "; ".join(gains) or "–"
        rows.append(f"| {study} | {advice(of)} | {odds} | {told} | {kept.get(study, '')} |\n")
    return "".join(rows)


def what_ran() -> str:
    rows = [
        "| study | runs and baselines | images presented | passes, paper | passes, here | figure"
        " | wall time |"
        f" {' | '.join(VERDICTS)} |\n|{'---|' * (7 + len(VERDICTS))}\n"
    ]
    sums = [0] * (2 + len(VERDICTS))
    for study in STUDIES:
        told = json.loads((ROOT / f"results/{study}/pocket/provenance.json").read_text())
        counts = [sum(c["verdict"] == v for c in claims_of(study)) for v in VERDICTS]
        sums = [a + b for a, b in zip(sums, [told["done"], told["images"], *counts], strict=True)]
        shown = [str(n) for n in counts] if sum(counts) else ["–"] * len(VERDICTS)
        rows.append(
            f"| [{study}](../results/{study}/pocket) | {told['done']} | {told['images']:,}"
            f" | {passes(study, 'paper')} | {passes(study, 'pocket')} | {figure(study)}"
            f" | {duration(told['seconds_first_to_last'])} | {' | '.join(shown)} |\n"
        )
    done, images, *counts = sums
    total = " | ".join(map(str, counts))
    rows.append(f"| all | {done} | {images:,} | | | | | {total} |\n")
    return "".join(rows)


VERDICTS = get_args(ClaimOutcome)
ASKED = VERDICTS[:-1]  # all but "not tested"
PAPERS = "the four papers"
EXPECTED = "expected here, of no paper"


def passes(study: str, scale: str) -> str:
    """The fewest and most images presented per image of a run: "1,000 to 10,000"."""
    if f"\n  {scale}:" not in (ROOT / f"studies/{study}.yaml").read_text(encoding="utf-8"):
        return "–"
    runs = [cell.run for cell in open_study(study, scale).cells]
    ratios = [run.images / (run.data.count or 1) for run in runs]
    low, high = (f"{round(end):,}" for end in (min(ratios), max(ratios)))
    return low if low == high else f"{low} to {high}"


def figure(study: str) -> str:
    """A link to the paper's figures beside ours, if there is one."""
    path = f"results/{study}/pocket/published.svg"
    return f"[ours and theirs](../{path})" if (ROOT / path).exists() else "–"


def duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def with_table(text: str, title: str, table: str) -> str:
    """`text` with the one table of a section replaced."""
    section = _section(text, title)
    made = re.sub(r"(?m)(^\|.*\n)+|^None\.\n", lambda _: table, f"{section}\n", count=1)
    return text.replace(section, made[:-1], 1)


if __name__ == "__main__":
    main()
