"""The verbs of a study: plan it, run it, ask how far it is, report on it."""

from pathlib import Path
from typing import Annotated

import typer

from datayield.cli.closing import WrittenFor, close, exit_code
from datayield.cli.completion import study_names
from datayield.cli.init import LabelsOpt
from datayield.cli.options import (
    AllOpt,
    DeviceOpt,
    JsonOpt,
    ScaleOpt,
    SetOpt,
    SpendOpt,
    StoreOpt,
    StudyArg,
    err,
    out,
    print_json,
    say,
)
from datayield.cli.track import TrackOpt
from datayield.spec.environment import one_thread_for_blas, process_rank


def demo(store: StoreOpt = None, device: DeviceOpt = "auto", json_: JsonOpt = False) -> None:
    """Run the demo study on built-in data; takes a few minutes on two cores."""
    run("demo", store=store, device=device, json_=json_)


def plan(
    study: StudyArg,
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    device: DeviceOpt = "auto",
    measure: Annotated[
        bool, typer.Option("--measure", help="Time one step or evaluation of each kind first.")
    ] = False,
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, help="Time limit of --measure.")
    ] = 60.0,
    all_: AllOpt = False,
    json_: JsonOpt = False,
) -> None:
    """Show pending runs, why, and their cost. Runs nothing; exit code 2 if run would refuse."""
    from datayield.interface import OpenedStudy
    from datayield.spec.errors import refused
    from datayield.spec.study import parsed_overrides

    opened = OpenedStudy(study, scale, parsed_overrides(set_ or ()), store, device, err)
    planned, measured = opened.plan(), None
    if measure and planned.pending:
        measured = opened.measure(seconds)
        planned = opened.plan()
    if json_:
        print_json(planned.to_dict() | {"measured": measured})
    else:
        planned.show(out, every=all_)
    if planned.refusals:  # as `run` would, in the same words
        raise refused(planned.refusals)


def run(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY|PHOTOS",
            help="A YAML file, the name of a built-in study, or a folder of images, for which a "
            "study is written.",
            autocompletion=study_names,
        ),
    ],
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    device: DeviceOpt = "auto",
    json_: JsonOpt = False,
    save_every: Annotated[
        float, typer.Option(help="Seconds between checkpoints of the training state.")
    ] = 60.0,
    jobs: Annotated[
        str | None, typer.Option(help="Tasks at once: a number, or auto (several if faster).")
    ] = None,
    stack: Annotated[
        str,
        typer.Option(help="Runs trained as one network: a number, or auto (several if faster)."),
    ] = "auto",
    executor: Annotated[str, typer.Option(help="Where tasks run: local, ray or slurm.")] = "local",
    processes: Annotated[
        int, typer.Option(min=1, help="Processes per task, started by torchrun (ray, slurm).")
    ] = 1,
    slurm: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE, for example time=240; repeatable.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="decided: stop as soon as it is clear what to buy next.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            help="With --until, or for a folder: stop after this many minutes (60, or 20).",
        ),
    ] = None,
    labels: LabelsOpt = None,
    track: TrackOpt = None,
) -> None:
    """Run everything pending, then write the report. Resumes; Ctrl-C saves and stops."""
    from datayield.cli.photos import are_images, study_of_images
    from datayield.execution import (
        check_installed,
        check_save_seconds,
        check_until,
        parse_execution,
    )
    from datayield.interface import OpenedStudy
    from datayield.interface.run_pending import MINUTES, run_pending, tracking
    from datayield.run.device_names import check_device_name
    from datayield.run.signals import resumable
    from datayield.spec.study import parsed_overrides
    from datayield.track import check_trackers

    check_save_seconds(save_every)
    execution = parse_execution(executor, jobs, tuple(slurm or ()), processes, stack)
    check_device_name(device)  # also where nothing is left to run
    if process_rank().rank > 0:  # torchrun started several: one runs the study, others train along
        from datayield.run.distributed import follow

        follow(device)
        raise typer.Exit(0)
    trackers = check_trackers(track or (), "--track")
    images = study if are_images(study, scale, labels) else None
    check_until(until, minutes if images is None else None)
    if images is not None:
        study, minutes = study_of_images(images, labels, minutes, device)
        until = "decided"
    overrides = parsed_overrides(set_ or ())
    with resumable():
        opened = OpenedStudy(study, scale, overrides, store, device, err)
        made = opened.session.plan()
    todo = len(made.todo)
    if not todo:  # else the run says it, after what is wrong with the study
        check_installed(executor)
    did, failed, decided = 0, tuple[tuple[str, str], ...](), False
    with opened.session.leading(made):
        if todo:
            limit = (minutes or MINUTES) if until else None
            of = opened.session, opened.open_again, made, err
            made, did, failed, decided, _ = run_pending(*of, save_every, execution, limit, trackers)
        else:
            with tracking(opened.session, made, trackers, err):  # what is finished
                pass
    session = opened.session
    written = session.last_report(made) or session.report(made)
    if todo:
        session.store.check_present()  # else what is there now would be told as the result
    own = None if images is None else WrittenFor(study, images, labels is not None)
    close(
        session,
        made,
        written,
        failed,
        did=did,
        json_=json_,
        decided=decided,
        written=own,
    )


def status(
    study: StudyArg,
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    all_: AllOpt = False,
    json_: JsonOpt = False,
) -> None:
    """Show which runs are done, running, failed or missing. Exit code 3 while incomplete."""
    from datayield.interface import OpenedStudy
    from datayield.nothing_finished import elsewhere, is_begun
    from datayield.spec.study import parsed_overrides

    opened = OpenedStudy(study, scale, parsed_overrides(set_ or ()), store, console=err)
    found = opened.status()
    if json_:
        print_json(found.to_dict())
    else:
        found.show(out, every=all_)
    for why in () if is_begun(found.plan) else elsewhere(opened.session):
        say(f"note  {why}", err)
    raise typer.Exit(exit_code(found.plan))


def report(
    study: StudyArg,
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    spend: SpendOpt = None,
    json_: JsonOpt = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", help="Also write small files to FOLDER/<study>/<scale>/."),
    ] = None,
) -> None:
    """Write the tables, figures and report page from finished runs."""
    one_thread_for_blas()
    from datayield.nothing_finished import is_begun, nothing_finished
    from datayield.session import open_study
    from datayield.spec.study import parsed_overrides

    session = open_study(study, scale, store, overrides=parsed_overrides(set_ or ()))
    if spend is not None:
        session = session._replace(study=session.study.model_copy(update={"spend": spend}))
    made = session.plan(keep=True)
    if not is_begun(made):
        raise nothing_finished(session, made, study)
    written = session.report(made)
    if export is not None and written is not None:
        err.print(f"exported: {session.export(export)}", highlight=False, soft_wrap=True)
    close(session, made, written, (), did=0, json_=json_, reporting=True)


def index(store: StoreOpt = None, json_: JsonOpt = False) -> None:
    """Write an index page of all reports in the store."""
    from datayield.report.files.index import index_rows, write_index
    from datayield.spec.environment import store_dir

    root = store or store_dir()
    if json_:
        print_json({"schema_version": 1, "studies": index_rows(root)})
        return
    page = write_index(root)
    out.print(
        f"index: {page}" if page else f"no reports in {root}; run: datayield report STUDY",
        highlight=False,
        soft_wrap=True,
    )
