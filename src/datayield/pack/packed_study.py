"""A study read from its pack, without its images: planned and answered as from a store."""

from pathlib import Path
from typing import NamedTuple

from datayield.analysis.evidence import Setting
from datayield.analysis.levers import Answer, decide, evidence_of
from datayield.analysis.results import StudyResults
from datayield.analysis.results.collect import collect
from datayield.analysis.results.context import ReportContext, in_context
from datayield.pack.contents import (
    CELLS,
    CONTEXT,
    MANIFEST,
    RESOLVED,
    PackedCells,
    part_in,
)
from datayield.spec.errors import PackError
from datayield.spec.run import RunSpec
from datayield.spec.study import Cell, Study
from datayield.store.estimate import speeds_of
from datayield.store.folders import Store
from datayield.store.plan import Plan, make_plan


class PackedStudy(NamedTuple):
    """What is planned and reported of a study whose pack lies unpacked in a folder."""

    study: Study
    cells: list[Cell]
    context: ReportContext
    store: Store

    def plan(self) -> Plan:
        """What the pack holds of the study's runs and evaluations."""
        return make_plan(self.study, self.cells, self.store, speeds_of("cpu"), keep=True)

    def results(self, plan: Plan) -> StudyResults:
        """All that a report shows."""
        return in_context(collect(self.study, self.cells, plan, self.store), self.context)

    def answer(self, plan: Plan, at: Setting | None = None) -> Answer:
        """What to buy next: at `at`, or at the largest settings measured."""
        evidence = evidence_of(self.results(plan))
        return decide(evidence, at, self.study.prices, self.study.spend)


def packed_study(folder: Path, pack: Path) -> PackedStudy:
    """The study of the pack that lies unpacked in `folder`; errors name `pack`.

    Raises PackError for a pack that is broken, or whose runs have other ids in this version.
    """
    study = part_in(folder, RESOLVED, Study, pack)
    context = part_in(folder, CONTEXT, ReportContext, pack)
    packed = part_in(folder, CELLS, PackedCells, pack)
    study = study.with_overrides(packed.overrides)
    store, runs = Store(folder), dict[str, RunSpec]()
    for run in dict.fromkeys(cell.run for cell in packed.cells):
        runs[run] = part_in(folder, f"runs/{run}/spec.json", RunSpec, pack)
        if runs[run].id != run:
            raise PackError(
                "a run of this pack is not what its id says",
                where=f"{pack}: runs/{run}/spec.json",
                got=runs[run].id,
                allowed=run,
                hint="the file was changed, or the pack is of a version of datayield whose runs "
                f"have other ids ({MANIFEST} names it)",
            )
    cells = [Cell(cell.axes, cell.budget, runs[cell.run]) for cell in packed.cells]
    return PackedStudy(study, cells, context, store)
