"""The verbs of evidence: pack what was measured, verify a pack without the images, reuse it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datayield.cli.options import (
    JsonOpt,
    ScaleOpt,
    SetOpt,
    StoreOpt,
    StudyArg,
    err,
    print_json,
    say,
)
from datayield.spec.environment import one_thread_for_blas
from datayield.spec.errors import ConfigError

if TYPE_CHECKING:
    from datayield.pack import FileCheck, Rerun, Verified

PackArg = Annotated[Path, typer.Argument(metavar="PACK", help="A pack: a .zip file.")]


def pack(
    study: StudyArg,
    path: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="The pack to write (<study>.zip).")
    ] = None,
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    json_: JsonOpt = False,
) -> None:
    """Pack a study's records, tables and page in one file, without images and checkpoints."""
    one_thread_for_blas()
    from datayield.pack import make_pack
    from datayield.session import open_study
    from datayield.spec.atomic_files import in_bytes
    from datayield.spec.study import parsed_overrides

    overrides = parsed_overrides(set_ or ())
    written = make_pack(open_study(study, scale, store, overrides=overrides), path)
    about = written.manifest
    if json_:
        print_json(
            {
                "schema_version": 1,
                "pack": str(written.path),
                "sha256": written.sha256,
                "bytes": written.bytes,
                "study": about.study,
                "scale": about.scale,
                "done": about.done,
                "total": about.total,
                "files": len(about.files),
            }
        )
        return
    say(f"{written.path}: {in_bytes(written.bytes)}, {len(about.files):,} files")
    say(f"sha256 {written.sha256}")
    say(_progress(about.done, about.total))
    if about.done < about.total:
        err.print("the study is not finished, and its pack says so", highlight=False)


def verify(
    path: PackArg,
    images: Annotated[
        bool,
        typer.Option(
            "--images", help="Also train one run again, with the images that the study names."
        ),
    ] = False,
    seed: Annotated[
        int, typer.Option("--seed", help="With --images: seed that draws the run.")
    ] = 0,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            help="With --images: draw from runs that took at most this many minutes (default: "
            "from the cheapest kind).",
        ),
    ] = None,
    json_: JsonOpt = False,
) -> None:
    """Make a pack's tables again from its records and compare. Exit code 1 if anything differs."""
    one_thread_for_blas()
    from datayield.pack import opened, rerun
    from datayield.pack import verify as verify_pack

    if not images and (seed or minutes is not None):
        option = "--seed" if seed else "--minutes"
        raise ConfigError(
            f"{option} applies only with --images",
            where=option,
            got=seed or minutes,
            hint=f"add --images, or leave out {option}",
        )
    with opened(path) as (folder, packed):
        done = verify_pack(path, folder, packed)
        if not json_:
            _show(done)
        again = rerun(path, folder, packed, err, seed, minutes) if images else None
    code = 0 if done.equal and (again is None or again.verdict != "different") else 1
    if json_:
        print_json(_as_json(done, again) | {"exit_code": code})
    elif again is not None:
        _show_again(again)
    raise typer.Exit(code)


def unpack(path: PackArg, store: StoreOpt = None, json_: JsonOpt = False) -> None:
    """Add the runs of a pack to a store, where they need not be trained again."""
    from datayield.pack import opened, take_runs
    from datayield.spec.environment import store_dir
    from datayield.store.folders import Store

    into = Store(store or store_dir())
    with opened(path) as (_, packed):
        done = take_runs(path, packed, into)
        name = packed.study.name
    if json_:
        where = {"pack": str(path), "store": str(into.root)}
        print_json({"schema_version": 1, **where, **done._asdict()})
        return
    say(f"{name}: {_runs(done.taken)} added to {into.root}")
    if done.there:
        say(f"{_runs(done.there)} already there")
    for each in done.kept:
        say(f"not replaced, since this store has other weights for this run: {each}")
    say("`datayield run` with this store trains only what it lacks")


def _show(done: "Verified") -> None:
    about = done.manifest
    by, here = about.versions.get("datayield"), done.versions["datayield"]
    name = f"{about.study} at {about.scale} scale" if about.scale else about.study
    say(f"{done.pack}: {name}; {_progress(about.done, about.total)}")
    say(f"sha256 {done.sha256}")
    say(f"packed by datayield {by}; this is datayield {here}")
    say(f"records: {done.records:,} intact")
    for check in done.files:
        say(f"equal      {check.file}" if not check.wrong else _wrong(check))
    if done.not_compared:
        say(f"not compared: the page, {done.not_compared}")
    wrong = sum(bool(check.wrong) for check in done.files)
    made = sum(check.kind in ("table", "page") for check in done.files)
    if not wrong:
        say(f"verified: all {made} files made again from the records are equal")
        return
    say(f"NOT verified: {wrong} {'problem' if wrong == 1 else 'problems'}")
    if by != here:
        say(f"another version may compute other numbers: pip install datayield=={by}, and repeat")


def _show_again(again: "Rerun") -> None:
    say(f"trained again: {again.label}, on {again.device} (packed: {again.packed_device})")
    if again.equal:
        say("scores and weights are equal, bit for bit")
        return
    for score in again.scores:
        seeds = "no other seed" if score.spread is None else f"seeds {score.spread:.2g} apart"
        say(
            f"{score.eval}, {score.metric} at {score.share:.0%}: {score.packed:.4g} packed, "
            f"{score.again:.4g} again ({seeds})"
        )
    if again.verdict == "within the seeds":
        say("not equal bit for bit, but no score differs by more than two seeds do")
    elif all(score.spread is None for score in again.scores):
        say("DIFFERENT: a score differs, and the pack has no other seed to compare that with")
    else:
        say("DIFFERENT: a score differs by more than two seeds do")


def _wrong(check: "FileCheck") -> str:
    word = "DIFFERENT" if check.kind in ("table", "page") else "WRONG"
    return f"{word:<10} {check.file}: {check.wrong}"


def _runs(count: int) -> str:
    return f"{count:,} {'run or baseline' if count == 1 else 'runs and baselines'}"


def _progress(done: int, total: int) -> str:
    return f"{done:,} of {total:,} runs and baselines finished"


def _as_json(done: "Verified", again: "Rerun | None") -> dict[str, Any]:
    about = done.manifest
    return {
        "schema_version": 1,
        "pack": str(done.pack),
        "sha256": done.sha256,
        "study": about.study,
        "scale": about.scale,
        "done": about.done,
        "total": about.total,
        "versions": {"packed": about.versions, "here": done.versions},
        "records": done.records,
        "files": [check._asdict() | {"equal": not check.wrong} for check in done.files],
        "not_compared": done.not_compared,
        "equal": done.equal,
        "again": None if again is None else _again_json(again),
    }


def _again_json(again: "Rerun") -> dict[str, Any]:
    scores = [score._asdict() | {"within": score.within} for score in again.scores]
    return again._asdict() | {"scores": scores, "verdict": again.verdict}
