"""Single steps of an analysis from whole results, for tests of that step alone."""

from pathlib import Path

from datayield.analysis.claims import ClaimData, ClaimVerdict, judge_claims
from datayield.analysis.cost import (
    Cost,
    Frontier,
    Normalised,
    RunCosts,
    frontiers,
    normalise,
)
from datayield.analysis.decision import ledgers
from datayield.analysis.findings import Findings, analyse
from datayield.analysis.results import SCORE, StudyResults
from datayield.report.page.page import write_findings
from datayield.report.palette import Styles, styles


def claim_data(results: StudyResults) -> ClaimData:
    """What the claims of these results are judged on."""
    chosen = [*ledgers(results), *ledgers(results, SCORE)]
    return ClaimData(results, chosen, RunCosts(results))


def verdicts_of(results: StudyResults) -> list[ClaimVerdict]:
    """Every claim of the study, judged."""
    return judge_claims(claim_data(results))


def normalised(results: StudyResults) -> Normalised:
    """Comparisons of the main metrics at equal cost."""
    return normalise(results.study, RunCosts(results).readings(results.main.rows))


def frontiers_of(results: StudyResults, cost: Cost = "seconds") -> list[Frontier]:
    """Frontiers of the main metrics."""
    return frontiers(results.study, RunCosts(results).readings(results.main.rows), cost)


def styles_of(findings: Findings) -> Styles:
    """How the page draws these curves."""
    return styles([*findings.main, *findings.rank, *findings.scores])


def page_of(results: StudyResults, folder: Path) -> str:
    """The page of a report without the files of its figures, which take longer than all else."""
    return write_findings(analyse(results), folder, figure_files=False).read_text(encoding="utf-8")
