"""What a report shows besides the records of its runs."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pydantic import Field

from datayield.analysis.results.results import StudyResults
from datayield.spec.claims import Published, load_reference, reference_file
from datayield.spec.environment import cache_dir
from datayield.spec.frozen import Frozen
from datayield.spec.run import RunSpec
from datayield.spec.study import Study
from datayield.store.curation import SetRecord, sets_measured
from datayield.store.distances import DistanceRecord, measured_in


class ReportContext(Frozen):
    """Fields of `StudyResults` that come from elsewhere than the records of runs."""

    left_out: tuple[str, ...] = Field((), description="tasks of suites without data, and why")
    reference: tuple[Published, ...] = ()
    distances: tuple[DistanceRecord, ...] = ()
    sets: tuple[SetRecord, ...] = ()
    data_notes: tuple[str, ...] = ()
    looks: int = 0


def context_of(
    study: Study,
    source: Path | None,
    runs: Iterable[RunSpec],
    left_out: tuple[str, ...],
    data_notes: Iterable[str],
    looks: int,
) -> ReportContext:
    """With the published numbers beside the study's file `source`, and what was measured here."""
    return ReportContext(
        left_out=left_out,
        reference=load_reference(reference_file(source, study.study)) if source else (),
        distances=measured_in(cache_dir() / "distances"),
        sets=sets_measured(runs),
        data_notes=tuple(data_notes),
        looks=looks,
    )


def in_context(results: StudyResults, context: ReportContext) -> StudyResults:
    """The results with all that a report shows besides them."""
    return replace(
        results,
        missing=results.missing + context.left_out,
        reference=context.reference,
        distances=context.distances,
        sets=context.sets,
        data_notes=context.data_notes,
        looks=context.looks,
    )
