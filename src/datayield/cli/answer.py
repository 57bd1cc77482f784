"""The verb that says what to buy next, from anyone's table of results or from a study's runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datayield.cli.completion import study_names
from datayield.cli.options import (
    JsonOpt,
    ScaleOpt,
    SetOpt,
    SpendOpt,
    StoreOpt,
    err,
    out,
    print_json,
)
from datayield.spec.environment import one_thread_for_blas
from datayield.spec.errors import ConfigError

if TYPE_CHECKING:
    from datayield.analysis.evidence import Setting
    from datayield.analysis.levers import Answer
    from datayield.store.plan import Plan

ColumnOpt = str | None


def answer(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE|STUDY|PACK",
            help="A table of results: CSV, TSV, Parquet, JSON, or an export of W&B or MLflow runs "
            "(- for standard input). Or a study or a pack, whose finished runs are read. With "
            "--published, the name of a study.",
            autocompletion=study_names,
        ),
    ],
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at",
            metavar="KEY=VALUE,...",
            help="Setting to start from: images=100k,presented=2M,labels=500 (default: the "
            "largest measured).",
        ),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            "--price",
            metavar="KEY=VALUE",
            help="Price of one more: image=0.02, hour=1.5, label=0.1, currency=EUR; repeatable.",
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
    views: Annotated[
        ColumnOpt, typer.Option(metavar="COLUMN", help="Views of each image per step.")
    ] = None,
    hours: Annotated[
        ColumnOpt, typer.Option(metavar="COLUMN", help="Hours of training, for prices per hour.")
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
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    json_: JsonOpt = False,
) -> None:
    """Say what to buy next (images, compute, labels), from any table of results or a study."""
    one_thread_for_blas()
    from datayield.analysis.evidence.tables import Mapping, evidence_of_table
    from datayield.analysis.levers import decide
    from datayield.cli.amounts import prices_at, setting_at
    from datayield.report.terminal.answer import show_answer
    from datayield.report.terminal.answer_json import answer_json

    if page is not None:
        _check_page(page)
    point, prices = setting_at(at or ()), prices_at(price or ())
    mapping = Mapping(
        images=images,
        presented=presented,
        epochs=epochs,
        labels=labels,
        views=views,
        hours=hours,
        seed=seed,
        method=method,
        task=task,
        score=tuple(score or ()),
        error=tuple(error or ()),
        where=tuple(where or ()),
    )
    of_studies = {"--scale": scale, "--set": set_, "--store": store}
    given = {"prices": prices if price else None, "spend": spend}
    changed = {key: value for key, value in given.items() if value is not None}
    packed = not published and Path(table).suffix == ".zip"
    if packed or (not published and _is_study(table)):
        if mapping != Mapping():
            raise ConfigError(
                "this is a study, which has no columns to name",
                where=table,
                hint="leave out the options that name columns; studies take --scale, --set and "
                "--store",
            )
        if packed:
            _check_options(of_studies, table, "a pack")
            made = _answer_of_pack(Path(table), point, changed)
        else:
            made = _answer_of_study(table, scale, store, set_, point, changed)
    else:
        _check_table(table, published, of_studies)
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
    from datayield.spec.study import published_table

    if published:
        return published_table(table)
    return Path("/dev/stdin" if table == "-" else table)


def _is_study(name: str) -> bool:
    """Whether this is a study: a YAML file, or the name of one that ships and of no file here."""
    from datayield.spec.study import find_study

    if Path(name).suffix in (".yaml", ".yml"):
        return True
    if name == "-" or Path(name).is_file():
        return False
    if Path(name).is_dir():
        return True  # the error of a study that is a folder says what to name
    try:
        find_study(name)
    except ConfigError:
        return False
    return True


def _check_table(table: str, published: bool, of_studies: Mapping[str, object]) -> None:
    """Raises ConfigError for an option of studies, and for what is neither table nor study."""
    from datayield.spec.study import shipped_studies

    _check_options(of_studies, table, "a table of results")
    if table != "-" and not published and not Path(table).suffix and not Path(table).exists():
        raise ConfigError(
            "neither a table of results nor a study",
            where="datayield answer",
            got=table,
            allowed=[path.stem for path in shipped_studies()],
            hint="give the path of a table (CSV, TSV, Parquet, JSON) or of a study (YAML)",
        )


def _check_options(of_studies: Mapping[str, object], name: str, what: str) -> None:
    """Raises ConfigError for an option of studies."""
    given = [option for option, value in of_studies.items() if value not in (None, [])]
    if given:
        raise ConfigError(
            f"this option is for a study, and this is {what}",
            where=given[0],
            got=name,
            hint=f"leave out {given[0]}, or name a study",
        )


def _answer_of_pack(pack: Path, at: "Setting | None", changed: dict[str, Any]) -> "Answer":
    """From the records in a pack. Raises PackError for what is none."""
    from datayield.pack import opened

    with opened(pack) as (_, packed):
        packed = packed._replace(study=packed.study.model_copy(update=changed))
        plan = packed.plan()
        _say_pending(plan)
        return packed.answer(plan, at)


def _say_pending(plan: "Plan") -> None:
    if plan.todo:
        err.print(
            f"{len(plan.todo)} of {len(plan.tasks)} runs and baselines pending; "
            "this answer rests on those that are finished",
            highlight=False,
        )


def _answer_of_study(
    name: str,
    scale: str | None,
    store: Path | None,
    set_: list[str] | None,
    at: "Setting | None",
    changed: dict[str, Any],
) -> "Answer":
    """From the finished runs in the store. Raises ConfigError where no run is finished."""
    from datayield.nothing_finished import nothing_finished
    from datayield.session import open_study
    from datayield.spec.study import parsed_overrides

    session = open_study(name, scale, store, overrides=parsed_overrides(set_ or ()))
    session = session._replace(study=session.study.model_copy(update=changed))
    plan = session.plan(keep=True)
    made = session.answer(plan, at)
    if not made.cards:
        raise nothing_finished(session, plan, name)
    _say_pending(plan)
    return made
