"""One self-contained page, its figures as files, its tables: a folder to send to a colleague."""

from pathlib import Path
from typing import Any

from datayield.analysis.background import LostForkError, in_background
from datayield.analysis.findings import Findings, analyse
from datayield.analysis.results import StudyResults
from datayield.analysis.text.answer import answer
from datayield.analysis.text.recommendation import advice, reason
from datayield.report.figures import (
    equal_cost_figures,
    forecast_fans,
    gain_figures,
    group_figures,
    label_figures,
    law_maps,
    overfitting_figure,
    pareto_figures,
    probe_optimism_figure,
    published_figures,
    rank_figures,
    regime_figures,
    selection_figures,
    spectrum_figures,
    state_figures,
    time_figures,
    yield_figures,
)
from datayield.report.files import (
    curves_to_csv,
    ledgers_to_csv,
    normalised_to_csv,
    runs_to_csv,
    to_csv,
    to_latex,
)
from datayield.report.page.claim_table import claims_json
from datayield.report.page.content import content, facts
from datayield.report.page.encoder_box import encoder_box
from datayield.report.page.inline import inlined
from datayield.report.page.truncate import truncated
from datayield.report.palette import Styles, styles
from datayield.report.paper import write_static
from datayield.report.templates import template
from datayield.spec.atomic_files import write_json, write_text


def write_report(results: StudyResults, folder: Path) -> Path:
    """Write report.html, answers.json, the tables and figures/; returns the path of the page.

    Files are written atomically, the page last. It is self-contained: plotly is inlined.
    """
    return write_findings(analyse(results), folder)


def write_findings(findings: Findings, folder: Path, *, figure_files: bool = True) -> Path:
    """`write_report` of what is analysed; `figures/` only with `figure_files`."""
    few, note = truncated(findings)
    look = styles([*few.main, *few.rank, *few.scores])
    drawn = (
        in_background(lambda: write_static(few, look, folder / "figures"))
        if figure_files
        else list[Path]
    )
    tables = write_tables(findings, folder)
    headlines = answer(findings)
    first = f"{advice(findings.purchase)}. {reason(findings.purchase)}"
    write_json(folder / "answers.json", [first, *(headline.text for headline in headlines)])
    page = folder / "report.html"
    try:
        files = [path.relative_to(folder).as_posix() for path in drawn()]
    except LostForkError as error:
        files = []
        lost = (
            f"The figures could not be saved as files: {error}; the machine may be out of memory."
        )
        note = f"{note} {lost} datayield report draws them again.".strip()
    text = content(few, headlines, look) | {"facts": facts(findings), "shown": note}
    text["encoder"] = encoder_box(findings.results)
    write_text(page, render(few, look, text, [*tables, *files]))
    return page


def write_tables(findings: Findings, folder: Path) -> list[str]:
    """Write the tables beside the page; their names, in the order in which it lists them."""
    results = findings.results
    to_csv(results, folder / "table.csv")
    curves_to_csv(findings.gains, findings.fits, folder / "curves.csv")
    runs_to_csv(results.spent, folder / "runs.csv")
    to_latex(results, folder / "table.tex")
    tables = ["table.csv", "curves.csv", "runs.csv", "table.tex"]
    if any(len(c.equals) > 1 for c in findings.normalised.comparisons):
        normalised_to_csv(findings.normalised, folder / "normalised.csv")
        tables.append("normalised.csv")
    if findings.ledgers:
        ledgers_to_csv(findings.ledgers, folder / "selection.csv")
        tables.append("selection.csv")
    if findings.claims:
        write_json(folder / "claims.json", claims_json(findings))
        tables.append("claims.json")
    return tables


def render(findings: Findings, look: Styles, text: dict[str, Any], files: list[str]) -> str:
    """The page: figures of what is drawn, beside `text`; `files` are linked as lying beside it."""
    optimism, peak = probe_optimism_figure(findings, look), overfitting_figure(findings, look)
    figures = {
        "fans": forecast_fans(findings.purchase),
        "law_maps": law_maps(findings.purchase),
        "yields": yield_figures(findings, look),
        "group_figures": group_figures(findings, look),
        "gain_figures": gain_figures(findings, look),
        "ranks": rank_figures(findings, look),
        "times": [*time_figures(findings, look), *state_figures(findings, look)],
        "selection": selection_figures(findings),
        "heats": regime_figures(findings),
        "published": published_figures(findings),
        "equal_cost_figures": equal_cost_figures(findings),
        "fronts": pareto_figures(findings, look),
        "label_figures": label_figures(findings, look),
        "peak": [peak] if peak else [],
        "spectra": spectrum_figures(findings),
        "optimism": [optimism] if optimism else [],
    }
    drawn = [figure for group in figures.values() for figure in group]
    return template("template.html").render(
        **text,
        **figures,
        files=files,
        **inlined(drawn),
    )
