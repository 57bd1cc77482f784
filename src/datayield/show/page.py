"""The page: its sections for a study or a dataset, and its file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from datayield.report.templates import template
from datayield.session import Session
from datayield.show.inputs import tests_section, views_section
from datayield.show.pictures import Section
from datayield.show.samples import (
    SAMPLE,
    ImageProgress,
    Place,
    copies_section,
    dataset_section,
    split_pairs,
    unwatched,
)
from datayield.spec.atomic_files import write_text
from datayield.spec.errors import refused

__all__ = ["SAMPLE", "image_page", "pictures_of_dataset", "pictures_of_study"]


def pictures_of_dataset(
    dataset: str, seed: int = 0, watched: ImageProgress = unwatched
) -> Iterator[Section]:
    """Samples of each split, and copies between splits. Raises DataError without images.

    `watched(what)`: a block that is given how many images are done, and of how many.
    """
    yield dataset_section(dataset, seed, watched)
    if pairs := split_pairs(dataset):
        yield copies_section(pairs, seed)


def pictures_of_study(
    session: Session, seed: int = 0, watched: ImageProgress = unwatched
) -> Iterator[Section]:
    """Samples of each dataset, views, what evaluations see, copies between training and tests.

    Raises what is missing of the data.
    """
    if session.missing:
        raise refused(session.missing)
    places = [(p.dataset, p.split) for run in session.runs for _, p in run.data.members]
    tests = [(ev.dataset, ev.test) for ev in session.study.evaluations]
    for dataset in dict.fromkeys(dataset for dataset, _ in (*places, *tests)):
        yield dataset_section(dataset, seed, watched)
    yield views_section(session.runs)
    yield tests_section(session.study.evaluations)
    yield copies_section(_across(places, tests), seed)


def image_page(title: str, facts: Sequence[str], sections: Sequence[Section], path: Path) -> None:
    """Write the self-contained page, atomically."""
    page = template("images.html").render(title=title, facts=facts, sections=sections)
    write_text(path, page)


def _across(places: Sequence[Place], tests: Sequence[Place]) -> list[tuple[Place, Place]]:
    """Each split that is pretrained on with each other one that is tested on."""
    pairs = [(one, other) for one in places for other in tests if one != other]
    return list(dict.fromkeys(pairs))
