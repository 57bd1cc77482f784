"""A study opened in Python: plan it, run it, ask it. The command line calls the same object.

import datayield
study = datayield.study("studies/demo.yaml")
study.run()
study.answer()
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console

from datayield.execution import check_save_seconds, check_until, parse_execution
from datayield.interface.frames import FrameKind, check_kind, frame_of
from datayield.interface.run_pending import MINUTES, run_pending
from datayield.interface.setting import prices_of, setting_of, spend_of
from datayield.interface.shown import ShownAnswer, ShownPlan, ShownStatus
from datayield.nothing_finished import is_begun, nothing_finished
from datayield.run.notebook import NotebookConsole, in_notebook
from datayield.session import Session, open_study
from datayield.spec.environment import let_idle_threads_sleep, one_thread_for_blas, process_rank
from datayield.spec.errors import ConfigError, FailedRunsError
from datayield.spec.study import Overrides, Prices, Written, plain
from datayield.track import check_trackers

if TYPE_CHECKING:  # what a call needs it imports itself, so that `import datayield` stays cheap
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from datayield.encoders import EncoderFolder
    from datayield.run.export import FrozenEncoder
    from datayield.store.plan import Plan


class OpenedStudy:
    """A study at one scale, its data looked up, and the store with its runs.

    Every call reads the store again. Images and the study's file are read once: after a change of
    these, open it again.
    """

    def __init__(
        self,
        written: Written,
        scale: str | None = None,
        overrides: Overrides = MappingProxyType({}),
        store: Path | None = None,
        device: str = "auto",
        console: Console | None = None,
    ) -> None:
        self._arguments = written, scale, store, device, overrides
        self.session: Session = open_study(*self._arguments)
        self.console = console or (
            NotebookConsole() if in_notebook() else Console(stderr=True, force_jupyter=False)
        )

    def open_again(self) -> Session:
        """Read the study and look for its data anew."""
        self.session = open_study(*self._arguments)
        return self.session

    @property
    def name(self) -> str:
        """The study's name, with its scale and overrides: that of its folder in the store."""
        return self.session.study.name

    def __repr__(self) -> str:
        study = self.session.study
        about = f"{study.name}: {study.question}" if study.question else study.name
        return f"<study {about} ({len(self.session.runs)} runs, {self.session.store.root})>"

    def plan(self) -> ShownPlan:
        """Pending runs, why, and their cost. Trains nothing.

        What `run` would refuse is in `refusals`. Time is unknown where nothing comparable was timed
        on this machine: see `measure`.
        """
        from datayield.analysis.planned_power import planned_power

        session = self.session
        plan = session.plan()
        ready = session.readiness(plan)
        power = planned_power(session.study, session.cells, session.item_counts())
        return ShownPlan(
            session.study,
            plan,
            ready.notes,
            ready.refusals,
            session.decoded_bytes(plan),
            session.time(plan),
            tuple(power),
        )

    def measure(self, seconds: float = 60.0) -> dict[str, Any]:
        """Time one step or evaluation of each kind that is pending, for `seconds` at most.

        Plans then say how long runs take here. Returns what was timed.
        """
        from functools import partial

        from datayield.report.terminal.measuring import show_measuring

        begin = partial(self.session.measure, self.session.plan())
        return show_measuring(self.console, begin, seconds)

    def run(
        self,
        *,
        until: Literal["decided"] | None = None,
        minutes: float | None = None,
        jobs: int | None = None,
        save_every: float = 60.0,
        track: Sequence[str] = (),
    ) -> ShownStatus:
        """Run everything pending, with progress; what is finished is never run again.

        `until="decided"` stops as soon as it is clear what to buy next, after `minutes` (60) at the
        latest. `jobs`: runs at once; by default as many as pay on this machine. `save_every`:
        seconds between saved states. `track`: trackers that show the runs, such as `["wandb"]`.
        Ctrl-C, or the stop button of a notebook, finishes the step, saves and raises
        KeyboardInterrupt: the same call resumes. Raises what `plan` shows as refused, before
        anything runs, and FailedRunsError at the end where runs failed. For clusters and several
        processes a run there is the command line.
        """
        let_idle_threads_sleep()
        check_save_seconds(save_every)
        check_until(until, minutes)
        trackers = check_trackers(track, "run: track")
        if process_rank().processes > 1:
            raise ConfigError(
                "in Python a study runs in one process, and torchrun started several",
                where="WORLD_SIZE",
                got=process_rank().processes,
                hint="torchrun --nproc-per-node N -m datayield run STUDY",
            )
        execution = parse_execution("local", None if jobs is None else str(jobs))
        plan = self.session.plan()
        if plan.todo:
            limit = (minutes or MINUTES) if until else None
            of = self.session, self.open_again, plan, self.console
            worked = run_pending(*of, save_every, execution, limit, trackers)
            if worked.stopped:
                raise KeyboardInterrupt("saved; the same call resumes")
            if worked.failed:
                raise _failed(self.name, worked.failed)
        return self.status()

    def status(self) -> ShownStatus:
        """Which runs are done, running, failed or missing."""
        from datayield.store.collapse import collapsed_runs

        plan = self.session.plan()
        collapsed = collapsed_runs(plan, self.session.store)
        return ShownStatus(self.session.study, plan, tuple(collapsed))

    def answer(
        self,
        *,
        at: Mapping[str, float] | None = None,
        prices: Mapping[str, Any] | Prices | None = None,
        spend: float | None = None,
    ) -> ShownAnswer:
        """What to buy next, from the runs that are finished.

        `at`: where to ask, such as `{"images": 100_000, "labels": 500}`; by default the largest
        setting measured. `prices` (of an `image`, an `hour`, a `label`, with a `currency`) and
        `spend` replace those of the study. Raises ConfigError where no run is finished.
        """
        one_thread_for_blas()
        point = setting_of(at or {})
        changed: dict[str, Any] = {}
        if prices is not None:
            changed["prices"] = prices if isinstance(prices, Prices) else prices_of(prices)
        if spend is not None:
            changed["spend"] = spend_of(spend)
        study = self.session.study.model_copy(update=changed)
        plan = self._finished()
        found = self.session._replace(study=study).answer(plan, point)
        return ShownAnswer(found)

    def results(self, as_: FrameKind = "pandas") -> "pd.DataFrame | pl.DataFrame | pa.Table":
        """Every value that was measured, one per row, as a frame of pandas, polars or PyArrow.

        Columns are those of the report's table.csv, with one for each further axis: `n` unique
        images, `images` presented, `share` of the budget, `eval`, `metric`, `value` (accuracies in
        [0, 1]), `low` and `high` of its 95% interval over test items, `seed` and so on. Baselines
        have their `kind`. Raises ConfigError where no run is finished, or the library is missing.
        """
        from datayield.analysis.results.collect import collect

        check_kind(as_)
        plan, session = self._finished(), self.session
        rows = collect(session.study, session.cells, plan, session.store)
        return frame_of(rows, as_)

    def report(self) -> Path:
        """Write tables, figures and the page from what is finished; where the page is."""
        one_thread_for_blas()
        written = self.session.report(self._finished())
        assert written is not None  # something is finished
        return written.page

    def export(
        self,
        folder: str | Path,
        *,
        run: str | None = None,
        evaluation: str | None = None,
        onnx: bool = False,
    ) -> "EncoderFolder":
        """Write a trained encoder for timm, torchvision or plain PyTorch, with a model card.

        Without `run` (ID or ID@SHARE) it is the best on validation, by `evaluation`.
        """
        from datayield.encoders import export_encoder, study_encoder

        chosen = study_encoder(self.session, run, evaluation)
        return export_encoder(self.session, chosen, Path(folder), onnx=onnx)

    def load_encoder(
        self, run: str | None = None, evaluation: str | None = None
    ) -> "FrozenEncoder":
        """A trained encoder as a torch module on the CPU, chosen as by `export`."""
        from datayield.encoders import loaded

        return loaded(self.session, run, evaluation).module

    def _finished(self) -> "Plan":
        """The plan with the records that it read. Raises ConfigError where nothing is finished."""
        plan = self.session.plan(keep=True)
        if not is_begun(plan):
            raise nothing_finished(self.session, plan)
        return plan


def study(
    written: str | Path | Mapping[str, Any],
    *,
    scale: str | None = None,
    set: Overrides | None = None,  # noqa: A002  # as the command line names it
    store: str | Path | None = None,
    device: str = "auto",
) -> OpenedStudy:
    """Open a study: the path of a YAML file, the name of one that ships, or its keys as a mapping.

    A mapping has the keys of a file; values may also be paths, ranges and arrays, and relative
    paths of data begin at the current folder. `scale`: by default `pocket`, where a study has
    scales. `set`: keys with other values, such as `{"base.batch": 64}`. `store`: the folder of runs
    (DATAYIELD_STORE, else `./datayield-store`). `device`: auto, cpu, cuda, cuda:1 or mps. Raises
    ConfigError; absent data is only noted until it is needed.

    >>> digits = study({
    ...     "study": "digits",
    ...     "base": {"recipe": "small", "data": "digits", "encoder": "convnet"},
    ...     "axes": {"data.count": [100, 400], "method": ["simclr"], "budget": ["4k images"]},
    ...     "evaluations": [{"name": "digit", "protocol": "knn@1", "dataset": "digits"}],
    ... })
    >>> len(digits.plan().pending), digits.status().complete
    (4, False)
    """
    source = str(written) if isinstance(written, Path) else written
    if not isinstance(source, str | Mapping):
        raise ConfigError(
            "not a study",
            where="study: written",
            got=type(written).__name__,
            allowed="the path of a YAML file, the name of a study that ships, or a mapping",
        )
    overrides = {key: plain(value, f"--set {key}") for key, value in (set or {}).items()}
    return OpenedStudy(source, scale, overrides, Path(store) if store else None, device)


def _failed(name: str, failed: tuple[tuple[str, str], ...]) -> FailedRunsError:
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return FailedRunsError(
        f"{len(failed)} run{'s' * (len(failed) > 1)} failed; what is finished is kept",
        where=name,
        got=f"{failed[0][0]}: {failed[0][1]}{more}",
        hint="status() names them all; run() tries them again",
    )
