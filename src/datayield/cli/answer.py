"""The verb that reads anyone's table of results and says what to buy next."""

from pathlib import Path
from typing import Annotated

import typer

from datayield.cli.options import JsonOpt, SpendOpt, out, print_json
from datayield.spec.errors import ConfigError

ColumnOpt = str | None


def answer(
    table: Annotated[
        str,
        typer.Argument(
            help="Results: CSV, TSV, Parquet, JSON, or an export of W&B or MLflow runs; - for "
            "standard input; "
            "with --published, the name of a study."
        ),
    ],
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at",
            metavar="KEY=VALUE,...",
            help="Where to ask: images=100k,presented=2M,labels=500 (the largest measured).",
        ),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="KEY=VALUE",
            help="image=0.02, hour=1.5, label=0.1, currency=EUR; repeatable.",
        ),
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="Read the published numbers of a study.")
    ] = False,
    images: Annotated[
        ColumnOpt,
        typer.Option(
            metavar="COLUMN", help="Unique pretraining images; or one number for all rows."
        ),
    ] = None,
    presented: Annotated[
        ColumnOpt, typer.Option(metavar="COLUMN", help="Images presented in pretraining.")
    ] = None,
    epochs: Annotated[
        ColumnOpt, typer.Option(metavar="COLUMN", help="Epochs of pretraining.")
    ] = None,
    labels: Annotated[
        ColumnOpt, typer.Option(metavar="COLUMN", help="Labelled images of the evaluation.")
    ] = None,
    seed: Annotated[ColumnOpt, typer.Option(metavar="COLUMN", help="Seed of the run.")] = None,
    method: Annotated[ColumnOpt, typer.Option(metavar="COLUMN", help="Method.")] = None,
    task: Annotated[ColumnOpt, typer.Option(metavar="COLUMN", help="Task or test set.")] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Score, higher is better; repeatable."),
    ] = None,
    error: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Error rate, lower is better; repeatable."),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Only rows with this value; repeatable."),
    ] = None,
    spend: SpendOpt = None,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE", help="Also write the answer as an HTML page."),
    ] = None,
    json_: JsonOpt = False,
) -> None:
    """Say what to buy next (images, compute, labels) from any table of results."""
    from datayield.analysis.evidence.tables import Mapping, evidence_of_table
    from datayield.analysis.levers import decide
    from datayield.cli.amounts import prices_of, setting_at
    from datayield.report.terminal.answer import show_answer
    from datayield.report.terminal.answer_json import answer_json

    if page is not None:
        _check_page(page)
    point, prices = setting_at(at or ()), prices_of(price or ())
    mapping = Mapping(
        images=images,
        presented=presented,
        epochs=epochs,
        labels=labels,
        seed=seed,
        method=method,
        task=task,
        score=tuple(score or ()),
        error=tuple(error or ()),
        where=tuple(where or ()),
    )
    made = decide(evidence_of_table(_path(table, published), mapping), point, prices, spend)
    if page is not None:
        from datayield.report.page.answer_page import write_answer_page

        name = "standard input" if table == "-" else Path(table).name
        write_answer_page(made, f"{table}, published numbers" if published else name, page)
    if json_:
        print_json(answer_json(made))
    else:
        show_answer(out, made)


def _check_page(page: Path) -> None:
    """Raises ConfigError for a page that cannot be written, before anything is computed."""
    if page.is_dir():
        raise ConfigError(
            "--page names a folder",
            where="--page",
            got=str(page),
            hint=f"name a file, such as {page / 'answer.html'}",
        )
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            "the folder of the page cannot be made",
            where="--page",
            got=f"{page.parent}: {error.strerror}",
            hint="name a file in a folder that you can write to",
        ) from None


def _path(table: str, published: bool) -> Path:
    from datayield.spec.study import published_table, published_tables

    if published:
        return published_table(table)
    path = Path("/dev/stdin" if table == "-" else table)
    if not path.exists() and table in published_tables():
        raise ConfigError(
            "no such file, but published numbers of this name",
            where=table,
            hint=f"datayield answer {table} --published",
        )
    if path.suffix in (".yaml", ".yml") or (not path.exists() and _is_study(table)):
        raise ConfigError(
            "this is a study, not a table of results",
            where=table,
            hint=f"datayield report {table} says what to buy next, from the runs that it has",
        )
    return path


def _is_study(name: str) -> bool:
    from datayield.spec.study import find_study

    try:
        find_study(name)
    except ConfigError:
        return False
    return True
