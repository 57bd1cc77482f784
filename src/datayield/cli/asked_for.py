"""What a collection would ask for, said before it begins."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datayield.cli.options import err, print_json, say

if TYPE_CHECKING:
    from datayield.collect import (
        Address,
        AddressList,
        AskedAgain,
        Journal,
        WantedImage,
        WantedList,
    )
    from datayield.collect.corrections import Told

NOTED = ("blank", "contradicted")  # told by the notes on a list
WORDS = {
    "tried": "tried before",
    "corrected": "to be corrected",
    "pending": "to be collected",
    "licenses": "licences",
}


def tell(notes: Sequence[str]) -> None:
    """What is wrong with a list, apart from the output that a script reads."""
    for note in notes:
        say(f"note: {note}", err)


def web_plan(
    listed: "AddressList",
    told: "Mapping[str, Told]",
    journal: "Journal",
    again: "AskedAgain",
    per_second: float,
) -> dict[str, Any]:
    """What a list asks for now: addresses, hosts, classes, licences, and seconds that it takes."""
    from datayield.collect import corrections

    pending = [a for a in listed.addresses if journal.is_pending(a.key, again)]
    hosts = Counter(address.host or "no address of the web" for address in pending)
    return {
        "addresses": len(listed.addresses),
        "repeated": listed.repeated,
        "blank": listed.blank,
        "contradicted": len(listed.contradicted),
        "tried": len(listed.addresses) - len(pending),
        "corrected": len(corrections(journal.records, told)),
        "pending": len(pending),
        "hosts": dict(hosts.most_common()),
        "classes": _counts(pending),
        "licenses": dict(Counter(a.license or "unknown" for a in pending).most_common()),
        "least_seconds": max(hosts.values(), default=0) / per_second,
    }


def synthetic_plan(
    wanted: "WantedList", told: "Mapping[str, Told]", journal: "Journal"
) -> dict[str, Any]:
    """What prompts ask for now: images in all, of each prompt and of each class."""
    from datayield.collect import corrections

    pending = [each for each in wanted.images if journal.is_pending(each.key)]
    return {
        "images": len(wanted.images),
        "blank": wanted.blank,
        "tried": len(wanted.images) - len(pending),
        "corrected": len(corrections(journal.records, told)),
        "pending": len(pending),
        "prompts": dict(Counter(each.prompt for each in pending)),
        "classes": _counts(pending),
    }


def _counts(of: "Sequence[Address | WantedImage]") -> dict[str, int]:
    return dict(Counter(each.label for each in of if each.label is not None).most_common())


def show_asked(plan: dict[str, Any], json_: bool) -> None:
    """What would be asked for: counts, the most frequent of each kind, seconds.

    What is wrong with the list was told before, and other counts of none say nothing.
    """
    from datayield.data.census import by_number
    from datayield.store.format import duration

    if json_:
        print_json({"schema_version": 1, **plan})
        return
    for name, value in plan.items():
        word = WORDS.get(name, name)
        if name == "least_seconds":
            say(f"takes at least {duration(value)}, since requests to one host are limited")
        elif isinstance(value, dict):
            say(f"{word}: {len(value):,}: {by_number(value)}" if value else f"{word}: none")
        elif (value and name not in NOTED) or name == "pending":
            say(f"{word}: {value:,}")
