"""One self-contained page, its figures as files, its tables: a folder to send to a colleague."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from datayield.analysis.rows import StudyResults
from datayield.analysis.table import (
    curves_to_csv,
    ledgers_to_csv,
    normalised_to_csv,
    runs_to_csv,
    to_csv,
    to_latex,
)
from datayield.report.aside import aside
from datayield.report.claims import claims_json
from datayield.report.content import content, facts
from datayield.report.figures.canvas import Figure
from datayield.report.figures.curves import group_figures, rank_figures, yield_figures
from datayield.report.figures.frontier import frontier_figures
from datayield.report.figures.gain import gain_figures
from datayield.report.figures.grid import heat_figures
from datayield.report.figures.honesty import honesty_figure
from datayield.report.figures.labels import label_figures
from datayield.report.figures.normalised import normalised_figures
from datayield.report.figures.peak import peak_figure
from datayield.report.figures.published import published_figures
from datayield.report.figures.selection import selection_figures
from datayield.report.figures.spectrum import spectrum_figures
from datayield.report.figures.training import state_figures, time_figures
from datayield.report.findings import Findings, analyse
from datayield.report.shown import shown
from datayield.report.static import write_static
from datayield.store.atomic import write_json, write_text


def write_report(results: StudyResults, folder: Path) -> Path:
    """Write report.html, answers.json, the tables and figures/; returns the path of the page.

    Each file appears whole or not at all, the page last. It needs no network: plotly is inside.
    """
    found = analyse(results)
    few = shown(found)[0]
    drawn = aside(lambda: write_static(few, folder / "figures"))
    to_csv(results, folder / "table.csv")
    curves_to_csv(found.gains, found.fits, folder / "curves.csv")
    runs_to_csv(results.spent, folder / "runs.csv")
    to_latex(results, folder / "table.tex")
    tables = ["table.csv", "curves.csv", "runs.csv", "table.tex"]
    if any(len(c.equals) > 1 for c in found.normalised.comparisons):
        normalised_to_csv(found.normalised, folder / "normalised.csv")
        tables.append("normalised.csv")
    if found.ledgers:
        ledgers_to_csv(found.ledgers, folder / "selection.csv")
        tables.append("selection.csv")
    if found.claims:
        write_json(folder / "claims.json", claims_json(found))
        tables.append("claims.json")
    write_json(folder / "answers.json", [headline.text for headline in found.answer])
    page = folder / "report.html"
    files = [path.relative_to(folder).as_posix() for path in drawn()]
    write_text(page, render(found, [*tables, *files]))
    return page


def render(found: Findings, files: list[str]) -> str:
    """The page as text; `files` are linked as lying beside it."""
    every, (found, note) = found, shown(found)
    honesty, peak = honesty_figure(found), peak_figure(found)
    figures = {
        "yields": yield_figures(found),
        "group_figures": group_figures(found),
        "gain_figures": gain_figures(found),
        "ranks": rank_figures(found),
        "times": [*time_figures(found), *state_figures(found)],
        "selection": selection_figures(found),
        "heats": heat_figures(found),
        "published": published_figures(found),
        "normalised_figures": normalised_figures(found),
        "fronts": frontier_figures(found),
        "label_figures": label_figures(found),
        "peak": [peak] if peak else [],
        "spectra": spectrum_figures(found),
        "honesty": [honesty] if honesty else [],
    }
    drawn = [figure for group in figures.values() for figure in group]
    return template("template.html").render(
        **content(found),
        **figures,
        facts=facts(every),
        shown=note,
        files=files,
        specs_of_figures=_inline({figure.id: _spec(figure) for figure in drawn}),
        plotly=Markup(_plotly()) if drawn else "",
    )


def template(name: str) -> Template:
    """A page's template; what it prints is escaped."""
    environment = Environment(
        loader=PackageLoader("datayield.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _plotly() -> str:
    """plotly's own script. Its package takes a second to import, and only this file is wanted."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    script = Path(spec.origin).parent / "package_data" / "plotly.min.js"
    return script.read_text(encoding="utf-8")


def _spec(figure: Figure) -> dict[str, Any]:
    return {**figure.spec, "toggle": figure.log_toggle}


def _inline(value: Any) -> Markup:
    """JSON that is safe inside a script element, whatever the names in it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))
