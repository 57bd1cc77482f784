"""The trained encoder of a study: which one, as files of other libraries, as a module, as features.

from datayield import load_encoder
encoder = load_encoder("studies/demo.yaml")
encoder(encoder.transform("image.png")[None])  # [1, encoder.features]
"""

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from datayield.analysis.decision import EncoderChoice, choose_encoder, judges
from datayield.analysis.results.collect import collect
from datayield.data.catalog import find, splits_of
from datayield.session import Session, open_study
from datayield.spec.errors import ConfigError, DataError, StoreError
from datayield.spec.evaluation import EvalSpec
from datayield.spec.named_paths import without_dots
from datayield.spec.run import Preprocessing, RunSpec, preprocessing
from datayield.spec.study import Cell, Overrides
from datayield.store.exported import Exported, exported, read_exported
from datayield.store.folders import RunFolder

if TYPE_CHECKING:  # the engine is imported only where weights are read
    from datayield.data.decoded import Arrays
    from datayield.run.export import FrozenEncoder, Network

EVERY = "./"  # a split: all image files of a folder, whatever the names of its folders say
_HUB = re.compile(r"([A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95}")


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


class EncoderFolder(NamedTuple):
    """An exported folder. `written`: whether just now, and not by an earlier call."""

    path: Path
    record: Exported
    written: bool


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
    results = collect(session.study, session.cells, session.plan(keep=True), session.store)
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


def export_encoder(
    session: Session, encoder: StudyEncoder, out: Path, hub: str = "", onnx: bool = False
) -> EncoderFolder:
    """Write the encoder to the folder `out`: weights, configuration, model card.

    An earlier export of the same to `out` is left as it is. `hub`: the name of a repository that
    the folder is prepared as; nothing is sent. Raises ConfigError for any other `out`, StoreError
    for a damaged checkpoint.
    """
    if hub and not _HUB.fullmatch(hub):
        raise ConfigError(
            "not a name of a repository on the Hugging Face hub",
            where="--hub",
            got=hub,
            allowed="name or owner/name: letters, digits, -, _ and .",
        )
    from datayield.run.export import ExportRequest, check_out, frozen_run, snippet, write_export

    ev = encoder.evaluation
    request = ExportRequest(encoder.spec.id, encoder.share, ev.name if ev else "", hub, onnx)
    if there := check_out(out.resolve(), request):
        return EncoderFolder(out, there, written=False)
    from datayield.report.files.model_card import CardFacts, model_card

    facts = CardFacts(
        name=hub or out.resolve().name,
        study=session.study,
        spec=encoder.spec,
        share=encoder.share,
        cost=encoder.folder.run_cost(),
        evaluation=ev,
        result=encoder.folder.read_result(encoder.share, ev.id) if ev else None,
        choice=encoder.choice,
        origins=_origins(session, encoder.spec),
        answer=session.answer(session.plan(keep=True)),
    )
    frozen = frozen_run(encoder.spec, encoder.folder, encoder.share, encoder.preprocessing)

    def card(record: Exported, network: "Network") -> str:
        own = "" if network.source is None else network.name
        return model_card(facts, record, snippet(network, record.preprocessing), own)

    record = write_export(out.resolve(), request, encoder.spec.encoder, frozen, card)
    return EncoderFolder(out, record, written=True)


def _origins(session: Session, spec: RunSpec) -> dict[str, dict[str, int]]:
    """Images by source and by licence, of the splits that the run was pretrained on."""
    counts: dict[str, Counter[str]] = {}
    for _, part in spec.data.members:
        with suppress(DataError):  # they are no longer there
            for kind, of in session.look(part.dataset, part.split).census.origins.items():
                counts.setdefault(kind, Counter()).update(of)
    return {kind: dict(of.most_common()) for kind, of in counts.items()}


class OpenedEncoder(NamedTuple):
    """An encoder ready to use, and what its features are filed under besides its weights."""

    module: "FrozenEncoder"
    identity: dict[str, Any]


def open_encoder(
    path_or_study: str | Path,
    run: str | None = None,
    evaluation: str | None = None,
    scale: str | None = None,
    store: Path | None = None,
    overrides: Overrides = MappingProxyType({}),
) -> OpenedEncoder:
    """An exported folder, or a study's encoder: see `load_encoder`."""
    folder = Path(path_or_study)
    if is_export(folder):
        if run is not None or evaluation is not None:
            raise ConfigError(
                "an exported folder holds one encoder, so there is none to choose",
                where="--run" if run is not None else "--eval",
                got=run if run is not None else evaluation,
                hint="name the study instead of the folder",
            )
        from datayield.run.export import frozen_file

        record = exported(folder)
        identity = {"run": record.run, "share": record.share}
        return OpenedEncoder(frozen_file(record, folder), identity)
    return loaded(
        open_study(str(path_or_study), scale, store, overrides=overrides), run, evaluation
    )


def loaded(session: Session, run: str | None, evaluation: str | None) -> OpenedEncoder:
    """A study's encoder: see `study_encoder`."""
    from datayield.run.export import frozen_run

    of = study_encoder(session, run, evaluation)
    module = frozen_run(of.spec, of.folder, of.share, of.preprocessing)
    return OpenedEncoder(module, {"run": of.spec.id, "share": of.share})


def load_encoder(
    path_or_study: str | Path,
    run: str | None = None,
    evaluation: str | None = None,
    scale: str | None = None,
    store: Path | None = None,
    overrides: Overrides = MappingProxyType({}),
) -> "FrozenEncoder":
    """An exported folder, or a study's encoder, as a torch module in evaluation mode on the CPU.

    Its `features` is their number, its `transform` makes an input of an image. `run` (ID or
    ID@SHARE) and `evaluation` are as for `study_encoder`: by default the checkpoint of the best
    validation score. `scale`, `store` and `overrides` are as for `open_study`. Raises ConfigError
    or StoreError.
    """
    return open_encoder(path_or_study, run, evaluation, scale, store, overrides).module


def is_export(name: str | Path) -> bool:
    """Whether it is an exported folder, and not a study."""
    return read_exported(Path(name)) is not None


def images_of(
    dataset: str, split: str | None, seen: Preprocessing, progress: Callable[[int, int], None]
) -> "Arrays":
    """The images of a split, decoded as an encoder sees them; `progress(done, total)`.

    `dataset` is a path, or a name as in a study. Without `split`: all image files of a folder,
    else the dataset's only split. Raises DataError or ConfigError.
    """
    from datayield.data.decoded import prepare

    path = Path(dataset).expanduser()
    dataset = without_dots(path) if path.exists() else dataset
    split = split or _every_image(dataset)
    return prepare(dataset, split, seen.side, seen.fit, progress=progress, on_the_fly=True)


def _every_image(dataset: str) -> str:
    with suppress(DataError):  # no folder of image files
        find(dataset, EVERY)
        return EVERY
    names = splits_of(dataset)
    if len(names) == 1:
        return names[0]
    raise ConfigError(
        "the dataset has several splits",
        where="--split",
        got=dataset,
        allowed=names,
        hint="name one of them, or a slice such as train[:80%]",
    )
