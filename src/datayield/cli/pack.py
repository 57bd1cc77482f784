"""The verbs of evidence: pack what was measured, and verify such a pack without the images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datayield.cli.options import (
    JsonOpt,
    ScaleOpt,
    StoreOpt,
    StudyArg,
    err,
    out,
    print_json,
)
from datayield.spec.environment import one_thread_for_blas

if TYPE_CHECKING:
    from datayield.pack import FileCheck, Verified


def pack(
    study: StudyArg,
    path: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="The pack to write (<study>.zip).")
    ] = None,
    scale: ScaleOpt = None,
    store: StoreOpt = None,
    json_: JsonOpt = False,
) -> None:
    """Pack a study's records, tables and page in one file, without images and checkpoints."""
    one_thread_for_blas()
    from datayield.pack import make_pack
    from datayield.session import open_study
    from datayield.spec.atomic_files import in_bytes

    written = make_pack(open_study(study, scale, store), path)
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
    _say(f"{written.path}: {in_bytes(written.bytes)}, {len(about.files):,} files")
    _say(f"sha256 {written.sha256}")
    _say(_progress(about.done, about.total))
    if about.done < about.total:
        err.print("the study is not finished, and its pack says so", highlight=False)


def verify(
    path: Annotated[Path, typer.Argument(metavar="PACK", help="A pack: a .zip file.")],
    json_: JsonOpt = False,
) -> None:
    """Make a pack's tables again from its records and compare. Exit code 1 if anything differs."""
    one_thread_for_blas()
    from datayield.pack import opened
    from datayield.pack import verify as verify_pack

    with opened(path) as (folder, packed):
        done = verify_pack(path, folder, packed)
    code = 0 if done.equal else 1
    if json_:
        print_json(_as_json(done) | {"exit_code": code})
    else:
        _show(done)
    raise typer.Exit(code)


def _show(done: "Verified") -> None:
    about = done.manifest
    by, here = about.versions.get("datayield"), done.versions["datayield"]
    name = f"{about.study} at {about.scale} scale" if about.scale else about.study
    _say(f"{done.pack}: {name}; {_progress(about.done, about.total)}")
    _say(f"sha256 {done.sha256}")
    _say(f"packed by datayield {by}; this is datayield {here}")
    _say(f"records: {done.records:,} whole")
    for check in done.files:
        _say(f"equal      {check.file}" if not check.wrong else _wrong(check))
    if done.not_compared:
        _say(f"not compared: the page, {done.not_compared}")
    wrong = sum(bool(check.wrong) for check in done.files)
    made = sum(check.kind in ("table", "page") for check in done.files)
    if not wrong:
        _say(f"verified: all {made} files made again from the records are equal")
        return
    _say(f"NOT verified: {wrong} {'problem' if wrong == 1 else 'problems'}")
    if by != here:
        _say(f"another version may compute other numbers: pip install datayield=={by}, and repeat")


def _wrong(check: "FileCheck") -> str:
    word = "DIFFERENT" if check.kind in ("table", "page") else "WRONG"
    return f"{word:<10} {check.file}: {check.wrong}"


def _progress(done: int, total: int) -> str:
    return f"{done:,} of {total:,} runs and baselines finished"


def _as_json(done: "Verified") -> dict[str, Any]:
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
    }


def _say(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)
