"""Copies within and between the sets of a study, by content: exact copies of files or pixels."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np

from datayield.data.census import further_pages_note
from datayield.data.content import Digests, further_pages
from datayield.data.splits import check_disjoint, share_of
from datayield.spec.errors import DataError
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import Listings, Part, dataset_name

Place = tuple[str, str]  # dataset, split


def leaks(
    evaluations: Iterable[EvalSpec], listings: Listings, parts: Iterable[Part] = ()
) -> list[DataError]:
    """An error for each evaluation that tests on images which it also trains or chooses on.

    So are groups of images (patients, places) of which it does, where slices name a grouping, and
    test images that the images of `parts` are chosen to be near. Those that state
    `allow_overlap: true` are left out.
    """
    errors: list[DataError] = []
    chosen_near = _targets(parts)
    for ev in evaluations:
        errors += _near_tests(ev, chosen_near, listings)
        if ev.allow_overlap or not (ev.traits.needs_labels or ev.traits.reads_masks):
            continue
        where = f"evaluations ({ev.name}): {dataset_name(ev.dataset)}"
        try:
            check_disjoint(ev.dataset, ev.splits, where)
        except DataError as error:
            errors.append(error)
            continue
        for one, other in combinations(dict.fromkeys(ev.splits), 2):
            if together := _groups(ev.dataset, one, listings) & _groups(
                ev.dataset, other, listings
            ):
                errors.append(
                    DataError(
                        f"{_groups_are(len(together), share_of(one).by)} in both {one} and "
                        f"{other}, so the tested groups would not be unseen",
                        where=where,
                        got=", ".join(sorted(together)[:3]),
                        allowed="splits without groups in common",
                        hint="slice one split by groups, or accept it with allow_overlap: true",
                    )
                )
            shared = common((ev.dataset, one), (ev.dataset, other), listings)
            if shared:
                errors.append(
                    DataError(
                        f"{_images_are(shared, other)} also in {one}, so the test images would "
                        "not be unseen",
                        where=where,
                        got=f"{one} and {other} overlap",
                        allowed="splits without images in common",
                        hint="remove the copies, or accept them with allow_overlap: true, which "
                        "the report then states",
                    )
                )
    return errors


def _targets(parts: Iterable[Part]) -> list[Place]:
    """The splits that the images of `parts` are chosen to be near."""
    targets = (part.select.target for part in parts if part.select is not None)
    return list(dict.fromkeys((each.dataset, each.split) for each in targets if each is not None))


def _near_tests(ev: EvalSpec, targets: Iterable[Place], listings: Listings) -> Iterator[DataError]:
    """An error for each target that has test images of `ev`."""
    tested = ev.dataset, ev.test
    for place in () if ev.allow_overlap else targets:
        if place == tested or common(place, tested, listings):
            yield DataError(
                "pretraining images would be chosen to be near to test images",
                where=f"data.select.target, evaluations ({ev.name})",
                got=_name(place),
                allowed="a split without images of the test split",
                hint="name the task's training split, or accept it with allow_overlap: true, which "
                "the report then states",
            )


def notes(
    parts: Iterable[Part], evaluations: Sequence[EvalSpec], listings: Listings
) -> Iterator[str]:
    """What a reader should know: copies among pretraining images, tests that were pretrained on.

    Once they have been decoded, also images that are one page of several.
    """
    largest: dict[Place, Part] = {}
    for part in parts:
        place = part.dataset, part.split
        if part.count and part.count > (largest[place].count or 0 if place in largest else 0):
            largest[place] = part
    for place, part in largest.items():
        listing = listings.get(place)
        distinct = listing.content.distinct(part) if listing and listing.content else None
        if distinct is not None and part.count is not None and distinct < part.count:
            yield (
                f"{_name(place)}: {part.count:,} images, {distinct:,} of them distinct "
                f"({_copies(part.count - distinct)} of others)"
            )
    tests = [(ev.dataset, split) for ev in evaluations for split in ev.splits]
    for place in dict.fromkeys([*largest, *tests]):
        if more := int(further_pages(_different(place, listings)).sum()):
            yield f"{_name(place)}: {further_pages_note(more)}"
    for ev in evaluations:
        tested = ev.dataset, ev.test
        for one, other in combinations(dict.fromkeys(ev.splits), 2):
            if ev.allow_overlap and (shared := common((ev.dataset, one), tested, listings)):
                yield f"{ev.name}: {_images_are(shared, other)} also in {one} (allow_overlap)"
    yield from _pretrained_on(largest, evaluations, listings)


def _pretrained_on(
    places: Iterable[Place], evaluations: Sequence[EvalSpec], listings: Listings
) -> Iterator[str]:
    """Test images that runs are pretrained on, once for all evaluations that test on them."""
    for place in places:
        on: dict[Place, list[str]] = {}
        for ev in evaluations:
            tested = ev.dataset, ev.test
            if place != tested or ev.folds is not None:  # else asked for, such as with spectrum@1
                on.setdefault(tested, []).append(ev.name)
        for tested, names in on.items():
            if shared := common(place, tested, listings):
                are = "is" if shared == 1 else "are"
                those = f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]
                yield (
                    f"{those}: {shared:,} of {listings[tested].images:,} test images {are} also in "
                    f"{_name(place)}, which runs are pretrained on (without labels)"
                )


def file_notes(evaluations: Iterable[EvalSpec], listings: Listings) -> Iterator[str]:
    """The same of files, by name: those that are not simply used, and images in two classes."""
    yield from dict.fromkeys(  # slices of one split have the same files
        f"{dataset_name(dataset)} {share_of(split).split}: {note}"
        for (dataset, split), listing in listings.items()
        for note in listing.notes
    )
    labelled = [ev for ev in evaluations if ev.traits.needs_labels]
    for place in dict.fromkeys((ev.dataset, split) for ev in labelled for split in ev.splits):
        if (listing := listings.get(place)) and listing.content:
            yield from (f"{_name(place)}: {note}" for note in listing.content.label_notes())


def common(one: Place, other: Place, listings: Listings) -> int:
    """How many different images two splits have in common."""
    few, many = sorted((_different(one, listings), _different(other, listings)), key=len)
    if not len(few):
        return 0
    at = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return int((many[at] == few).sum())


def _groups(dataset: str, split: str, listings: Listings) -> frozenset[str]:
    """The groups of a slice's images; none for a slice that is not grouped."""
    by, listing = share_of(split).by, listings.get((dataset, split))
    if by is None or listing is None or listing.content is None:
        return frozenset()
    return listing.content.groups(by)


def _different(place: Place, listings: Listings) -> Digests:
    listing = listings.get(place)
    if listing is None or listing.content is None:
        return np.zeros(0, np.uint64)
    return listing.content.different


def _copies(count: int) -> str:
    return "1 is a copy" if count == 1 else f"{count:,} are copies"


def _images_are(count: int, split: str) -> str:
    return f"1 image of {split} is" if count == 1 else f"{count:,} images of {split} are"


def _groups_are(count: int, by: str | None) -> str:
    return f"1 group by {by!r} is" if count == 1 else f"{count:,} groups by {by!r} are"


def _name(place: Place) -> str:
    return f"{dataset_name(place[0])} {place[1]}"
