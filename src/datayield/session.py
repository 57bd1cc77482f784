"""A study opened against a store: plan it, run it, report on it. What the command line calls.

from datayield.session import open_study
session = open_study("studies/demo.yaml")
session.plan().estimate
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console

from datayield import __version__
from datayield.data.catalog import Look, found_once
from datayield.data.evaluated import items_used
from datayield.data.leaks import file_notes, notes
from datayield.execution import ONE_AT_A_TIME, Execution, check_batches
from datayield.resolved_study import resolve_study
from datayield.run.refusals import Readiness, readiness
from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.environment import cache_dir, private_folders, process_rank
from datayield.spec.errors import DatayieldError, refused
from datayield.spec.identity import digest
from datayield.spec.run import Listing, RunSpec
from datayield.spec.study import (
    PLACE,
    Cell,
    Overrides,
    Study,
    Written,
    find_study,
    with_keys,
)
from datayield.spec.study.confounds import confounds
from datayield.store.collapse import Collapse, collapsed_runs
from datayield.store.data_changes import changes, remember
from datayield.store.disk_usage import decoded_bytes
from datayield.store.estimate import ItemCounts, likely_device, speeds_of
from datayield.store.estimate_basis import basis_of
from datayield.store.folders import Store
from datayield.store.litter import sweep_litter
from datayield.store.looks import counted_look
from datayield.store.plan import Plan, make_plan
from datayield.store.planned_time import PlannedTime, by_the_clock
from datayield.store.speeds import Speeds
from datayield.store.store_beside import store_beside, usual_store
from datayield.store.trunk import forget

if TYPE_CHECKING:  # the engine is imported only when something is to be run
    from datayield.analysis.evidence import Setting
    from datayield.analysis.levers import Answer
    from datayield.analysis.results.context import ReportContext
    from datayield.run.scheduler import StudyOutcome
    from datayield.run.timing.plan_timing import Measuring


class Report(NamedTuple):
    """A written report: its page, and what it was made from."""

    page: Path
    answer: "Answer"
    collapsed: list[Collapse]


class Session(NamedTuple):
    """A study at one scale, with what is known of its data and where its runs are kept."""

    study: Study
    cells: list[Cell]
    listings: dict[tuple[str, str], Listing]
    missing: list[DatayieldError]  # data that is not here, or not enough of it
    left_out: tuple[str, ...]  # tasks of suites whose data are not here, and why
    store: Store
    device: str  # as asked for: "auto", "cpu", "cuda:1"
    source: Path | None  # the study's YAML, with its published numbers beside it, if there is one
    look: Look  # finds each split once

    def plan(self, *, keep: bool = False) -> Plan:
        """What is done and what is missing, now, with estimates for this device.

        `keep`: keep what is read of the records, so that a report or an answer does not read again.
        """
        speeds, counts = speeds_of(self.device), self.item_counts()
        return make_plan(self.study, self.cells, self.store, speeds, counts, keep=keep)

    def time(self, plan: Plan, jobs: int | None = None) -> PlannedTime:
        """How long `run` takes for what is pending; `jobs`: None for as many as it chooses."""
        from datayield.data.free_memory import free_ram
        from datayield.run.engines.slots import choose_jobs, speed_of

        kind = likely_device() if self.device == "auto" else self.device.partition(":")[0]
        if jobs is None:
            free = free_ram() if kind == "cpu" else math.inf  # a GPU's is known to torch alone
            jobs = choose_jobs(plan, self.store, kind, free).jobs
        jobs = min(jobs, max(1, len(plan.todo)))
        work, speed = plan.estimate, speed_of(jobs, kind)
        clock = None if work is None else by_the_clock(work, len(plan.todo), speed)
        basis = basis_of(plan.todo, speeds_of(self.device), self.item_counts())
        return PlannedTime(clock, jobs, speed, basis)

    def item_counts(self) -> ItemCounts:
        """Training and test items of each evaluation whose splits were found."""
        used = {ev.id: items_used(ev, self.listings) for ev in self.study.measured()}
        return {key: items for key, items in used.items() if items is not None}

    def readiness(self, plan: Plan, execution: Execution = ONE_AT_A_TIME) -> Readiness:
        """What keeps the plan from running, and notes: its data, and confounds. Trains nothing."""
        local = execution.executor == "local"  # else the device is that of another machine
        device = self.device if local else "auto"
        ready = readiness(plan, self.store, self.missing, self.look, device)
        changed = self.data_changes() if plan.todo else ()  # else it is as some earlier run was
        beside = store_beside(self.source, self.store, [run.id for run in self.runs])
        data = (*beside, *changed, *self.data_notes())
        notes = (*self.left_out, *data, *ready.notes, *confounds(self.study, self.cells))
        place = self.source or PLACE
        refusals = tuple(with_keys(each, self.study, place) for each in ready.refusals)
        return ready._replace(refusals=refusals, notes=notes)

    @property
    def runs(self) -> list[RunSpec]:
        """Every run of the study once, also those that others start from."""
        return [*{run.id: run for cell in self.cells for run in cell.run.chain}.values()]

    def data_changes(self) -> list[str]:
        """What changed in images and labels since the study was last run."""
        return changes(self.page.parent, self.study, self.cells, self.listings)

    def data_notes(self, *, file_names: bool = True) -> list[str]:
        """Files that are not simply used, copies, and tests on images that were pretrained on.

        Without `file_names`: only the notes that name no file.
        """
        parts = [part for run in self.runs for _, part in run.data.members]
        known = self.study.evaluations, self.listings
        return [*(file_notes(*known) if file_names else ()), *notes(parts, *known)]

    def decoded_bytes(self, plan: Plan) -> int:
        """Disk that the decoded images of the plan take."""
        return decoded_bytes(plan, self.listings)

    def measure(self, plan: Plan, deadline: float) -> Iterator["Measuring"]:
        """Until then, time one of each kind of work in the plan never timed on this device."""
        from datayield.run.device import choose
        from datayield.run.timing.plan_timing import measure

        device = choose(self.device)
        return measure(plan, Speeds(device.type), device, self.item_counts(), deadline)

    @contextmanager
    def leading(self, plan: Plan) -> Iterator[None]:
        """Where torchrun started several processes, lead them for the block; else nothing.

        Raises ConfigError, before anything runs, where they cannot share out a batch evenly.
        """
        processes = process_rank().processes
        if processes == 1:
            yield
            return
        check_batches(plan, processes)
        from datayield.run.distributed import leading

        with leading(self.device):
            yield

    def run(
        self,
        plan: Plan,
        console: Console,
        save_every: float = 60.0,
        execution: Execution = ONE_AT_A_TIME,
    ) -> "StudyOutcome":
        """Do what the plan says is left. Raises what `readiness` refuses, before anything."""
        from datayield.run.damage import set_aside_damaged_parents
        from datayield.run.device import choose
        from datayield.run.engines.choose import engine_of
        from datayield.run.progress import Display
        from datayield.run.scheduler import run_all

        if refusals := self.readiness(plan, execution).refusals:
            raise refused(refusals)
        check_batches(plan, execution.processes)
        self.store.check_writable()
        sweep_litter(self.store, cache_dir())
        remember(self.page.parent, self.study, self.cells, self.listings)
        device = choose(self.device) if execution.executor == "local" else None
        if damaged := list(set_aside_damaged_parents(plan, self.store)):
            console.print("\n".join(damaged), highlight=False, markup=False, soft_wrap=True)
            plan = self.plan()
        clock = self.time(plan, execution.jobs).seconds if execution.executor == "local" else None
        display = Display(plan, console, clock.likely if clock else None)
        stop, where = Event(), str(device or self.device)
        engine = engine_of(
            *execution[:3],  # executor, jobs, slurm
            plan=plan,
            store=self.store,
            device=self.device,
            processes=execution.processes,
            stop=stop,
            say=display.say,
        )
        try:
            settings = save_every, execution.stack
            outcome = run_all(plan, self.store, where, engine, stop, display, *settings)
            self.store.check_present()
            return outcome
        finally:
            display.close()
            for trunk, runs in plan.trunks.items():
                forget(self.store, trunk, runs)

    def answer(self, plan: Plan, at: "Setting | None" = None) -> "Answer":
        """What to buy next, from what is finished: at `at`, or the largest settings measured."""
        from datayield.analysis.levers import decide, evidence_of
        from datayield.analysis.results.collect import collect

        counted_look(self.page.parent, plan)
        evidence = evidence_of(collect(self.study, self.cells, plan, self.store))
        return decide(evidence, at, self.study.prices, self.study.spend)

    def context(self, plan: Plan, *, file_names: bool = True) -> "ReportContext":
        """What a report shows besides the records; `file_names` as in `data_notes`."""
        from datayield.analysis.results.context import context_of

        looks, told = counted_look(self.page.parent, plan), self.data_notes(file_names=file_names)
        return context_of(self.study, self.source, self.runs, self.left_out, told, looks)

    def report(self, plan: Plan) -> Report | None:
        """Write tables, figures and the page from what is finished; None where nothing is."""
        from datayield.analysis.background import in_background
        from datayield.analysis.findings import analyse
        from datayield.analysis.results.collect import collect
        from datayield.analysis.results.context import in_context
        from datayield.report.files.index import write_index
        from datayield.report.files.summary import NAME, summary
        from datayield.report.page.page import write_findings

        results = collect(self.study, self.cells, plan, self.store)
        if not results.rows:
            return None
        sweeping = in_background(lambda: sweep_litter(self.store, cache_dir()))
        results = in_context(results, self.context(plan))
        findings = analyse(results)
        sweeping()
        page = write_findings(findings, self.page.parent)
        write_json(page.with_name(NAME), summary(results, plan.done, len(plan.tasks)))
        write_index(self.store.root)
        self.store.check_present()
        write_json(page.with_name("made_from.json"), self._made_from(plan))  # last: all is there
        return Report(page, findings.purchase, list(results.collapsed))

    def last_report(self, plan: Plan) -> Report | None:
        """The report that is there, if it shows just what is finished now."""
        made_from = read_json(self.page.with_name("made_from.json"))
        if not self.page.exists() or made_from != self._made_from(plan):
            return None
        collapsed = collapsed_runs(plan, self.store)  # first: the answer forgets what is kept
        return Report(self.page, self.answer(plan), collapsed)

    def export(self, into: Path) -> Path:
        """Leave the report's tables, answers and provenance in a folder to keep."""
        from datayield.report.files.export import export

        return export(self.page.parent, into, private_folders(self.store.root))

    def _made_from(self, plan: Plan) -> dict[str, str]:
        states = [[task.spec.id, task.state, len(task.pending)] for task in plan.tasks]
        return {
            "datayield": __version__,
            "finished": digest([self.study.model_dump(mode="json"), states]),
        }

    @property
    def page(self) -> Path:
        """Where the report is kept."""
        return self.store.study(self.study.name) / "report.html"


def open_study(
    study: Written,
    scale: str | None = None,
    store: Path | None = None,
    device: str = "auto",
    overrides: Overrides = MappingProxyType({}),
    folder: Path | None = None,
) -> Session:
    """Load a study and look for its data. Raises ConfigError; absent data is only noted.

    `overrides`: dotted keys of the study at this scale with other values, such as
    `{"base.batch": 64, "axes.seed": [0, 1]}`. `folder`: where relative paths of data begin, if not
    at the study's file.
    """
    look = found_once()
    resolved = resolve_study(study, scale, overrides, look, device, folder)
    source = None if isinstance(study, Mapping) else find_study(study)
    return Session(*resolved, Store(store or usual_store(source)), device, source, look)
