"""The page of a table of results: the first screen of a report, and what was read."""

from pathlib import Path
from typing import Any

from datayield.analysis.format import percent, plural
from datayield.analysis.levers import Answer
from datayield.analysis.text.recommendation import card_name
from datayield.report.figures import forecast_fans, law_maps
from datayield.report.page.card import first_screen
from datayield.report.page.inline import inlined
from datayield.report.templates import template
from datayield.spec.atomic_files import write_text
from datayield.spec.run import short_number

ROWS = 2_000  # of the runs, at most


def write_answer_page(of: Answer, title: str, path: Path) -> None:
    """Write the self-contained page, atomically."""
    fans, maps, runs = forecast_fans(of), law_maps(of), _runs(of)
    facts = [
        plural(len(runs), "run"),
        "1 task and method" if len(of.cards) == 1 else f"{len(of.cards)} tasks and methods",
    ]
    page = template(
        "answer.html"
    ).render(
        title=title,
        facts=facts,
        card=first_screen(of),
        looks=0,  # a table does not tell how often it was looked at
        fans=fans,
        law_maps=maps,
        runs=runs[:ROWS],
        further=max(0, len(runs) - ROWS),
        prices=_prices(of),
        **inlined([*fans, *maps]),
    )
    write_text(path, page)


def _runs(of: Answer) -> list[dict[str, Any]]:
    return [
        {
            "name": card_name(card),
            "images": _amount(run.setting.images),
            "presented": _amount(run.setting.presented),
            "labels": _amount(run.setting.labels),
            "seed": "" if run.seed is None else str(run.seed),
            "score": percent(run.score),
        }
        for card, law in zip(of.cards, of.laws, strict=True)
        for run in law.world.runs
    ]


def _amount(value: float | None) -> str:
    return "" if value is None else short_number(round(value))


def _prices(of: Answer) -> list[str]:
    known = {"image": of.prices.image, "hour": of.prices.hour, "label": of.prices.label}
    return [
        f"one {k}: {v:g} {of.prices.currency}".rstrip() for k, v in known.items() if v is not None
    ]
