"""Which encoder of a study: that of a run by its id, or the best on validation."""

from typing import NamedTuple

from datayield.analysis.decision import EncoderChoice, choose_encoder, judges
from datayield.analysis.results.collect import collect
from datayield.nothing_finished import is_begun, nothing_finished
from datayield.session import Session
from datayield.spec.errors import ConfigError, StoreError
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import Preprocessing, RunSpec, preprocessing
from datayield.spec.study import Cell
from datayield.store.folders import RunFolder


class StudyEncoder(NamedTuple):
    """The encoder of a run at `share` of its budget.

    `evaluation`: whose preprocessing it has, and whose score is told; None if the run has none.
    `choice`: how it was chosen by validation; None if the run was named.
    """

    spec: RunSpec
    folder: RunFolder
    share: float
    evaluation: EvalSpec | None
    choice: EncoderChoice | None

    @property
    def preprocessing(self) -> Preprocessing:
        """That of the evaluation, else that of training."""
        ev = self.evaluation
        if ev is None:
            return preprocessing(self.spec.encoder, self.spec.data.size, self.spec.data.fit)
        return preprocessing(self.spec.encoder, ev.size, ev.fit, ev.decoded_side)


def study_encoder(
    session: Session, run: str | None = None, evaluation: str | None = None
) -> StudyEncoder:
    """The encoder of `run`, `ID` or `ID@SHARE`; else the best on validation.

    `evaluation` names the evaluation that chooses; with `run`, the one whose preprocessing and
    score are told; by default the run's first. `choose_encoder` says which chooses by default.
    Raises ConfigError or StoreError.
    """
    if evaluation is not None and evaluation not in [e.name for e in session.study.evaluations]:
        raise ConfigError(
            "the study has no evaluation of this name",
            where="--eval",
            got=evaluation,
            allowed=[ev.name for ev in session.study.evaluations],
        )
    if run is not None:
        return _named(session, run, evaluation)
    plan = session.plan(keep=True)
    if not is_begun(plan):
        raise nothing_finished(session, plan)
    results = collect(session.study, session.cells, plan, session.store)
    choice = choose_encoder(results, evaluation)
    if choice is None:
        told = judges(results)
        raise ConfigError(
            "no finished run has a validation score of this evaluation"
            if told
            else "no finished run has a validation score, by which the best is chosen",
            where="--eval" if told else f"study {session.study.study}",
            got=evaluation,
            allowed=told or "linear@1, linear_sgd@1, linear_sgd@2 and vtab@1 have one",
            hint="name another evaluation, or a run with --run"
            if told
            else "run the study, or name a run with --run ID (datayield status STUDY --json)",
        )
    cell = next(c for c in session.cells if c.run.id == choice.run)
    ev = next(ev.spec for ev in session.study.evaluations if ev.name == choice.evaluation)
    return StudyEncoder(cell.run, session.store.run(choice.run), choice.share, ev, choice)


def _named(session: Session, run: str, evaluation: str | None) -> StudyEncoder:
    run_id, _, share_text = run.partition("@")
    runs = {each.id: each for cell in session.cells for each in cell.run.chain}
    if run_id not in runs:
        raise ConfigError(
            "the study has no run of this id",
            where="--run",
            got=run_id,
            allowed=[*runs][:8] + (["..."] if len(runs) > 8 else []),
            hint="datayield status STUDY --json lists the ids of its runs",
        )
    folder = session.store.run(run_id)
    there = sorted(float(path.stem) for path in folder.path.glob("checkpoints/*.pt"))
    try:
        share = float(share_text) if share_text else max(there, default=1.0)
    except ValueError:
        share = -1.0
    if share not in there:
        raise StoreError(
            "the run has no checkpoint" + (" at this share of its budget" if there else " yet"),
            where=str(folder.path),
            got=share_text or None,
            allowed=", ".join(f"{each:g}" for each in there),
            hint=f"name one with --run {run_id}@{there[-1]:g}" if there else "run the study",
        )
    cells = [cell for cell in session.cells if cell.run.id == run_id]
    ev = _evaluation_of(session, cells, share, evaluation)
    return StudyEncoder(runs[run_id], folder, share, ev, None)


def _evaluation_of(
    session: Session, cells: list[Cell], share: float, name: str | None
) -> EvalSpec | None:
    """That of this name; else the first with a score that a cell makes here, or at any share."""
    made = [pair for cell in cells for pair in session.study.evals_of(cell)]
    if name is not None:
        return next(ev.spec for ev in session.study.evaluations if ev.name == name)
    here = [ev for at, ev in made if at == share] or [ev for _, ev in made]
    scored = [ev for ev in here if ev.traits.needs_labels]
    return next(iter(scored or here), None)
