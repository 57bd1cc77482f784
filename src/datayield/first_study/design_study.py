"""From images and a machine to a study in a file, opened, with the time that it takes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from datayield.first_study.look import Surveyed, look_at
from datayield.first_study.machine import Machine, machine_of, opened, timings_of
from datayield.first_study.request import Request
from datayield.propose import (
    REPORT_SECONDS,
    LabelledData,
    Proposal,
    Situation,
    UnlabelledData,
    proposed,
    study_text,
    trial,
)
from datayield.session import Session, open_study
from datayield.spec.atomic_files import write_text
from datayield.spec.errors import refused
from datayield.spec.named_paths import without_dots
from datayield.spec.run import dataset_name
from datayield.spec.study import study_name
from datayield.store.estimate import TimeEstimate
from datayield.store.planned_time import by_the_clock

Progress = Callable[[int, int], None]


class Watched(NamedTuple):
    """How progress is shown: a line of text, and a bar for what is counted."""

    say: Callable[[str], None]
    bar: Callable[[str], AbstractContextManager[Progress]]


class FirstStudy(NamedTuple):
    """The study that was written, opened, and what it was designed from."""

    path: Path
    session: Session
    proposal: Proposal
    survey: Surveyed
    machine: Machine
    seconds: TimeEstimate | None  # of all its runs and of the report, on this machine


def design(request: Request, watched: Watched) -> FirstStudy:
    """Look, measure, design, decode and write. Raises DatayieldError; nothing is half-written."""
    machine = machine_of(request.device)
    survey = look_at(request)
    situation = _situation(request, survey, machine)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        timed = proposed(situation, timings_of(situation, machine, folder, watched.say)).timing
        _decode(opened(trial(situation, timed.setup), folder, machine), watched.bar)
        survey = look_at(request, survey)  # without the images that proved damaged
        proposal = proposed(_situation(request, survey, machine), [timed])
        session = opened(proposal, folder, machine)
        if refusals := session.readiness(session.plan()).refusals:
            raise refused(refusals)
    about = f"Written by datayield init, for about {request.minutes:g} minutes on this machine."
    text = study_text(_beside(proposal, Path(without_dots(request.path)).parent), about)
    write_text(request.path, text)
    session = open_study(str(request.path), device=request.device)
    seconds = _all_seconds(session, machine)
    return FirstStudy(request.path, session, proposal, survey, machine, seconds)


def _situation(request: Request, survey: Surveyed, machine: Machine) -> Situation:
    images, probe, labels = survey.images, survey.probe, None
    if probe is not None:
        labels = LabelledData(
            dataset=survey.labels_of,
            label=probe.label,
            classes=len(probe.classes),
            labels=probe.train_items,
            tested=probe.test_items,
            train=probe.train,
            test=probe.test,
            folds=probe.folds,
            shared=survey.shared,
            overlap=probe.overlap,
            others=probe.others,
            groups=probe.groups,
            grouped=probe.grouped if not probe.ungrouped else "",
            uneven=probe.most_common[1] if probe.uneven else None,
        )
    return Situation(
        study_name(request.images),
        UnlabelledData(request.images, images.name, images.listing.images, survey.side),
        labels,
        request.seconds - survey.decoding * (request.began is not None),
        machine.parallel,
        machine.bf16,
        machine.weights,
    )


def _decode(session: Session, bar: Callable[[str], AbstractContextManager[Progress]]) -> None:
    """Decode what runs and evaluations read, as they will: they only open it."""
    from datayield.run.decoded_splits import arrays_of
    from datayield.run.training_data import splits_read

    wanted = dict.fromkeys(s for task in session.plan().todo for s in splits_read(task))
    for dataset, split, size, fit, fly in wanted:
        with bar(f"decoding {dataset_name(dataset)} {split} at {size} px") as progress:
            arrays_of(dataset, split, size, fit, progress, fly)


def _beside(proposal: Proposal, folder: Path) -> Proposal:
    """The proposal with datasets as a file in `folder` names them: `./photos` for those below."""

    def named(dataset: str) -> str:
        path = Path(dataset)
        if not path.is_absolute() or not path.is_relative_to(folder):
            return dataset
        return f"./{path.relative_to(folder).as_posix()}"

    situation = proposal.situation
    images = situation.images._replace(dataset=named(situation.images.dataset))
    labels = situation.labels
    labels = labels and labels._replace(dataset=named(labels.dataset))
    return proposal._replace(situation=situation._replace(images=images, labels=labels))


def _all_seconds(session: Session, machine: Machine) -> TimeEstimate | None:
    """Of all runs by the processes that share the machine, and of the report."""
    plan = session.plan()
    if plan.estimate is None:
        return None
    whole = by_the_clock(plan.estimate, len(plan.todo), machine.parallel)
    low, likely, high = (REPORT_SECONDS + part for part in whole[:3])
    return whole._replace(low=low, likely=likely, high=high)
