"""A collection on the terminal: what would be asked for, how far it is, what came of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from datayield.cli.image_progress import image_progress
from datayield.cli.options import err, print_json, say

if TYPE_CHECKING:
    from threading import Event

    from datayield.collect import Address, AddressList, Collection, Journal, WantedImage

INTERRUPTED = 3


def collect_pending(
    journal: "Journal",
    keys: Sequence[str],
    pending: int,
    collect: "Callable[[Journal, Event, Callable[[int], None]], None]",
    per_hour: float | None,
    json_: bool,
) -> None:
    """Collect what is pending, write the tables, say what came of it; exits with its code."""
    from datayield.collect import collection_of
    from datayield.collect.tables import write_tables
    from datayield.run.signals import interruptible

    before = dict(journal.records)
    if pending:
        with (
            image_progress() as show,
            interruptible(partial(say, console=err)) as stop,
            journal.session(),
        ):
            collect(journal, stop, lambda done: show(done, pending))
    did = sum(journal.records.get(key) is not before.get(key) for key in keys)
    made = collection_of(journal, frozenset(keys), per_hour)
    write_tables(journal.folder, journal.records.values(), made)
    code = INTERRUPTED if did < pending else 0 if made.kept else 1
    if json_:
        print_json(made.structure() | {"did": did, "exit_code": code})
        raise typer.Exit(code)
    _print(made, pending, code)
    raise typer.Exit(code)


def _print(made: "Collection", pending: int, code: int) -> None:
    for line in made.lines():
        say(line)
    if not pending:
        say("nothing to do: all that is asked for was tried before", err)
    if code == INTERRUPTED:
        say("stopped; run the same command to continue", err)
    elif code:
        say("no image was collected", err)
    else:
        say(f"dataset: {made.folder}")


def tell(notes: Sequence[str]) -> None:
    """What is wrong with a list, apart from the output that a script reads."""
    for note in notes:
        say(f"note: {note}", err)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other collectors out of a folder. Raises BusyError where one is at work in it."""
    from datayield.spec.errors import BusyError
    from datayield.store.run_lock import run_lock

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with run_lock(folder):
            yield
    except BusyError as error:
        error.message = "another process is collecting into this folder"
        error.args = (error.text(),)
        raise


def web_plan(listed: "AddressList", per_second: float) -> dict[str, Any]:
    """What a list asks for: addresses, hosts, classes, licences, and the seconds that it takes."""
    hosts = Counter(address.host or "no address of the web" for address in listed.addresses)
    slowest = hosts.most_common(1)[0]
    return {
        "addresses": len(listed.addresses),
        "repeated": listed.repeated,
        "hosts": dict(hosts.most_common()),
        "classes": _counts(listed.addresses),
        "licenses": dict(Counter(a.license or "unknown" for a in listed.addresses).most_common()),
        "least_seconds": slowest[1] / per_second,
    }


def synthetic_plan(wanted: "Sequence[WantedImage]") -> dict[str, Any]:
    """What prompts ask for: images in all, of each prompt and of each class."""
    prompts = Counter(each.prompt for each in wanted)
    return {"images": len(wanted), "prompts": dict(prompts), "classes": _counts(wanted)}


def _counts(of: "Sequence[Address | WantedImage]") -> dict[str, int]:
    return dict(Counter(each.label for each in of if each.label is not None).most_common())


def show_asked(plan: dict[str, Any], json_: bool) -> None:
    """What would be asked for: counts, the most frequent of each kind, seconds."""
    from datayield.data.census import by_number
    from datayield.store.format import duration

    if json_:
        print_json({"schema_version": 1, **plan})
        return
    for name, value in plan.items():
        if name == "least_seconds":
            text = f"at least {duration(value)}, by the limit for one host"
        elif isinstance(value, dict):
            text = f"{name}: {len(value):,}: {by_number(value)}" if value else f"{name}: none"
        else:
            text = f"{name}: {value:,}"
        say(text)
