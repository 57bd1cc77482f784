"""What `run` and `report` say at the end, as text or JSON, with the exit code."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from datayield.cli.options import err, out, print_json, say
from datayield.spec.atomic_files import read_json
from datayield.spec.named_paths import pasteable


class WrittenFor(NamedTuple):
    """A study that was written for images, as they were named; labels may be those of others."""

    study: str
    images: str
    unlabelled: bool


if TYPE_CHECKING:  # what a verb needs it imports itself, so that --help answers at once
    from datayield.analysis.levers import Answer
    from datayield.session import Report, Session
    from datayield.store.plan import Plan


def close(
    session: "Session",
    made: "Plan",
    report: "Report | None",
    failed: tuple[tuple[str, str], ...],
    *,
    did: int,
    json_: bool,
    decided: bool = False,
    reporting: bool = False,
    written: WrittenFor | None = None,
) -> None:
    """Print the answer, the claims, what failed and where the report is; exits with its code.

    `reporting`: nothing was to be run.
    """
    from datayield.report.terminal.answer import show_answer
    from datayield.report.terminal.answer_json import answer_json
    from datayield.report.terminal.claims import show_claims
    from datayield.report.terminal.collapse import collapse_json, show_collapsed
    from datayield.store.collapse import collapsed_runs

    page, answer, collapsed = report or (None, None, collapsed_runs(made, session.store))
    code = 1 if failed else exit_code(made)
    code = 0 if decided and not failed else code
    if json_:
        print_json(
            {
                "schema_version": 1,
                "study": session.study.name,
                "overrides": dict(session.study.overrides),
                "did": did,
                "left": len(made.todo),
                "failed": [dict(zip(("label", "message"), f, strict=True)) for f in failed],
                "collapsed": [collapse_json(each) for each in collapsed],
                "report": str(page) if page else None,
                **({"study_file": written.study} if written else {}),
                "recommendation": answer_json(answer)["recommendation"] if answer else None,
                "claims": _claims(page).get("counts"),
                "exit_code": code,
            }
        )
        raise typer.Exit(code)
    if answer is not None:
        show_answer(out, answer)
        out.print()
    show_claims(out, _claims(page), each=answer is not None and not answer.levers)
    for label, message in failed:
        err.print(f"failed: {label}: {message}", style="red", highlight=False, markup=False)
    show_collapsed(err, collapsed)
    further = "run the same command to continue"
    if decided and written:
        also = f"datayield run {pasteable(written.study)} runs them too"
        further = f"the answer is decided without them; {also}"
    elif decided:
        further = "the answer is decided without them; leave out --until to run them too"
    left = f", {len(made.todo)} left; {further}" if made.todo else ""
    said = f"{did} finished{left}" if did or left else "nothing to do: all runs are finished"
    if reporting and made.todo:
        pending = f"{len(made.todo)} of {len(made.tasks)} runs and baselines"
        said = f"pending: {pending}; datayield run measures them"
    err.print(said, highlight=False)
    out.print(
        f"report: {page}" if page else "no report yet: no run is finished",
        highlight=False,
        soft_wrap=True,
    )
    if written is not None:
        say(f"study: {written.study}")
        for command, what in next_commands(written, answer) if page else ():
            say(f"next: {command}  # {what}")
    raise typer.Exit(code)


def next_commands(of: WrittenFor, answer: "Answer | None") -> Iterator[tuple[str, str]]:
    """Commands that follow from the answer, and what they are for."""
    if answer is None or not answer.judged:
        return
    study = pasteable(of.study)
    labels = [each for each in answer.levers if each.lever == "labels"]
    if of.unlabelled and answer.recommendation.lever == "labels":
        more = round(labels[0].to - labels[0].start)
        if (images := answer.judged[0].at.images) is not None:
            more = min(more, images // 2)  # of those that are there, some have labels already
        pool = pasteable(of.images)
        yield f"datayield pick {study} {pool} picked.csv --label {more}", "which to label"
    yield f"datayield export {study} encoder", "the best encoder on validation"
    yield "datayield embed encoder IMAGES features.parquet", "features of any images"


def _claims(page: Path | None) -> dict[str, Any]:
    """What the report says of the study's claims, as kept beside it; nothing where it has none."""
    kept = read_json(page.with_name("claims.json")) if page else None
    return kept if isinstance(kept, dict) else {}


def exit_code(made: "Plan") -> int:
    """0 for a complete study, 1 if a run failed, 3 if one is pending."""
    states = {task.state for task in made.todo}
    return 1 if "failed" in states else 3 if states else 0
