"""A collection on the terminal: how far it is, and what came of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from datayield.cli.image_progress import image_progress
from datayield.cli.options import err, print_json, say
from datayield.spec.errors import BusyError, ConfigError

if TYPE_CHECKING:
    from threading import Event

    from datayield.collect import Collection, Journal
    from datayield.collect.corrections import Told

INTERRUPTED = 3


def collect_pending(
    journal: "Journal",
    told: "Mapping[str, Told]",
    pending: int,
    collect: "Callable[[Event, Callable[[int], None]], None]",
    per_hour: float | None,
    json_: bool,
) -> None:
    """Correct and collect, write the tables, say what came of it; exits with its code.

    `told`: what the list says of each image, by its key.
    """
    from datayield.collect import collection_of, correct, corrections
    from datayield.collect.tables import write_tables
    from datayield.run.signals import interruptible

    if changed := corrections(journal.records, told):
        with journal.session():
            correct(journal, changed)
    before = dict(journal.records)
    if pending:
        with (
            image_progress() as show,
            interruptible(partial(say, console=err)) as stop,
            journal.session(),
        ):
            collect(stop, lambda done: show(done, pending))
    did = sum(journal.records.get(key) is not before.get(key) for key in told)
    made = collection_of(journal, frozenset(told), per_hour)
    write_tables(journal.folder, journal.records.values(), made)
    code = INTERRUPTED if did < pending else 0 if made.kept else 1
    if json_:
        now = {"did": did, "corrected": len(changed), "exit_code": code}
        print_json(made.structure() | now)
        raise typer.Exit(code)
    if changed:
        say(f"corrected to match the list: {len(changed):,}")
    elif not pending:
        say("nothing to do: everything on the list was tried before", err)
    _print(made, code)
    raise typer.Exit(code)


def _print(made: "Collection", code: int) -> None:
    for line in made.lines():
        say(line)
    if code == INTERRUPTED:
        say("stopped; run the same command to continue", err)
    elif code:
        say("no image was collected", err)
    else:
        say(f"dataset: {made.folder}")


def check_folder(folder: Path) -> None:
    """Raises ConfigError for a folder that cannot be made or written to."""
    from datayield.run.free_disk import unwritable

    if why := unwritable([folder], 1):
        raise ConfigError(
            f"cannot write to the folder: {why}",
            where="FOLDER",
            got=folder,
            hint="name another folder, or make this one writable",
        )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other collectors out of a folder. Raises BusyError where one is at work in it."""
    from datayield.store.run_lock import run_lock

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with run_lock(folder):
            yield
    except BusyError as error:
        error.message = "another process is collecting into this folder"
        error.args = (error.text(),)
        raise
