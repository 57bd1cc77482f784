"""The command line: few verbs; flags choose which study and where, never what."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from datayield import __version__
from datayield.session import Session, open_study
from datayield.spec.errors import ConfigError, DatayieldError
from datayield.spec.places import place, store_dir
from datayield.store.folders import Store
from datayield.store.plan import Plan

app = typer.Typer(
    help="What does the next unlabeled image, epoch, view or label buy in pretraining?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out, err = Console(soft_wrap=False), Console(stderr=True)

StudyArg = Annotated[str, typer.Argument(help="A YAML file, or the name of a shipped study.")]
ScaleOpt = Annotated[str | None, typer.Option("--scale", help="Which of the study's scales.")]
StoreOpt = Annotated[
    Path | None,
    typer.Option(
        "--store", help="Where runs and reports are kept (DATAYIELD_STORE, else ./datayield-store)."
    ),
]
DeviceOpt = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")]
JsonOpt = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def demo(store: StoreOpt = None, device: DeviceOpt = "auto", json_: JsonOpt = False) -> None:
    """Run the demonstration study on embedded data: a few minutes on two cores."""
    run("demo", None, store, device, json_)


@app.command()
def plan(
    study: StudyArg,
    scale: ScaleOpt = None,
    store: StoreOpt = None,
    device: DeviceOpt = "auto",
    measure: Annotated[
        bool, typer.Option("--measure", help="First time one of each kind.")
    ] = False,
    json_: JsonOpt = False,
) -> None:
    """Say what a study would run, why, and what it will cost. Starts nothing."""
    from datayield.report.terminal import plan_json, show_plan

    session = open_study(study, scale, store, device)
    made = session.plan()
    if measure and made.todo:
        session.measure(made, err)
        made = session.plan()
    decoded = session.decoded_bytes(made)
    if json_:
        _print_json(plan_json(session.study, made, session.warnings(), decoded))
    else:
        show_plan(out, session.study, made, session.warnings(), decoded)


@app.command()
def run(
    study: StudyArg,
    scale: ScaleOpt = None,
    store: StoreOpt = None,
    device: DeviceOpt = "auto",
    json_: JsonOpt = False,
    save_every: Annotated[float, typer.Option(help="Seconds between saved states.")] = 60.0,
) -> None:
    """Do what is missing of a study, then write its report. Resumes; Ctrl-C saves and stops."""
    from datayield.report.terminal import show_totals

    if place().rank > 0:  # torchrun started several: one runs the study, the others train along
        from datayield.run.parallel import follow

        follow(device)
        raise typer.Exit(0)
    session = open_study(study, scale, store, device)
    made = session.plan()
    todo = len(made.todo)
    failed: tuple[tuple[str, str], ...] = ()
    with session.leading(made):
        if todo:
            err.print(
                f"[bold]{session.study.name}[/bold]: {todo} of {len(made.tasks)} runs and "
                "baselines to do",
                highlight=False,
            )
            show_totals(err, made, session.decoded_bytes(made))
            failed = session.run(made, err, save_every).failed
            made = session.plan()
    page = session.page if session.reported(made) else session.report(made)
    _close(session, made, page, failed, did=todo - len(made.todo), json_=json_)


@app.command()
def status(
    study: StudyArg, scale: ScaleOpt = None, store: StoreOpt = None, json_: JsonOpt = False
) -> None:
    """Say which runs are done, running, failed or missing. Exit code 3 while incomplete."""
    from datayield.report.terminal import show_status, status_json

    session = open_study(study, scale, store)
    made = session.plan()
    if json_:
        _print_json(status_json(session.study, made))
    else:
        show_status(out, session.study, made)
    raise typer.Exit(_code(made))


@app.command()
def report(
    study: StudyArg, scale: ScaleOpt = None, store: StoreOpt = None, json_: JsonOpt = False
) -> None:
    """Write tables, figures and the page from whatever is finished."""
    session = open_study(study, scale, store)
    made = session.plan()
    page = session.report(made)
    _close(session, made, page, (), did=0, json_=json_)


@app.command()
def distance(
    sets: Annotated[list[str], typer.Argument(help="Two datasets, or more for a matrix.")],
    split_a: Annotated[str, typer.Option(help="Split of the first.")] = "train",
    split_b: Annotated[str, typer.Option(help="Split of the others.")] = "train",
    encoder: Annotated[
        str,
        typer.Option(
            help="pixels, untrained:<encoder>, timm/<name>, inception or run:<id>[@share]."
        ),
    ] = "untrained:convnet",
    count: Annotated[int | None, typer.Option(help="Images of each (all, up to 10,000).")] = None,
    size: Annotated[int | None, typer.Option(min=8, help="Their side in pixels (32).")] = None,
    store: StoreOpt = None,
    device: DeviceOpt = "auto",
    json_: JsonOpt = False,
) -> None:
    """Measure how far datasets are from each other: FID, KID, MMD, VisualDNA, with intervals."""
    from datayield.report.distance import show
    from datayield.run.device import choose
    from datayield.run.distance import Asked, Set, measured
    from datayield.run.feature_net import feature_net

    asked = tuple(Set(name, split_b if k else split_a) for k, name in enumerate(sets))
    net = feature_net(encoder, size, Store(store or store_dir()))
    records = list(measured(Asked(asked, net, count, choose(device))))
    if json_:
        _print_json(
            {"schema_version": 1, "distances": [r.model_dump(mode="json") for r in records]}
        )
    else:
        show(out, records)


@app.command("ls")
def list_(
    what: Annotated[
        str,
        typer.Argument(help="studies, methods, recipes, encoders, views, datasets or protocols."),
    ] = "studies",
    json_: JsonOpt = False,
) -> None:
    """List what there is: studies, methods, recipes, encoders, views, datasets, protocols."""
    from datayield.data.catalog import entries
    from datayield.report.catalogue import CATALOGUES, NOTES, show

    if what == "datasets":
        rows = [asdict(entry) for entry in entries()]
    elif what in CATALOGUES:
        rows = CATALOGUES[what]()
    else:
        raise ConfigError(
            "nothing of that name to list",
            where="datayield ls",
            got=what,
            allowed=[*CATALOGUES, "datasets"],
        )
    if json_:
        _print_json(rows)
    else:
        show(out, rows, NOTES.get(what, ""))


@app.command()
def doctor(
    data: Annotated[
        bool,
        typer.Option(
            "--data", help="Decode nothing, list every dataset and what was left out of it."
        ),
    ] = False,
    json_: JsonOpt = False,
) -> None:
    """Check this machine: versions, device, folders, data."""
    from datayield.run.doctor import examine, show

    findings = examine(data)
    if json_:
        _print_json(findings)
    else:
        show(out, findings)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit(0)


def _close(
    session: Session,
    made: Plan,
    page: Path | None,
    failed: tuple[tuple[str, str], ...],
    *,
    did: int,
    json_: bool,
) -> None:
    code = 1 if failed else _code(made)
    if json_:
        _print_json(
            {
                "schema_version": 1,
                "study": session.study.name,
                "did": did,
                "left": len(made.todo),
                "failed": [dict(zip(("label", "message"), f, strict=True)) for f in failed],
                "report": str(page) if page else None,
                "exit_code": code,
            }
        )
        raise typer.Exit(code)
    for sentence in _answers(page):
        out.print(f"• {sentence}", highlight=False, markup=False)
    for label, message in failed:
        err.print(f"failed: {label}: {message}", style="red", highlight=False, markup=False)
    left = f", {len(made.todo)} left (the same command goes on)" if made.todo else ""
    err.print(
        f"{did} done now{left}" if did or left else "nothing to do: all is done", highlight=False
    )
    out.print(
        f"report: {page}" if page else "no report yet: nothing is finished",
        highlight=False,
        soft_wrap=True,
    )
    raise typer.Exit(code)


def _answers(page: Path | None) -> list[str]:
    """The report's headline sentences, as kept beside it."""
    path = page.with_name("answers.json") if page else None
    if path is None or not path.exists():
        return []
    kept: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _code(made: Plan) -> int:
    states = {task.state for task in made.todo}
    return 1 if "failed" in states else 3 if states else 0


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=1) + "\n")


def main() -> NoReturn:
    """Entry point: errors the user can act on become a message and an exit code."""
    try:
        app(standalone_mode=True)
    except DatayieldError as error:
        err.print(f"error: {error.text()}", highlight=False, markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print("aborted; what was saved is kept", highlight=False)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    sys.exit(0)
