"""From a study and its store to the files of a pack: what was measured, and no image or weight."""

import json
import shutil
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from datayield import __version__
from datayield.analysis.results.context import ReportContext
from datayield.pack.contents import (
    CELLS,
    CONTEXT,
    FORMAT,
    MANIFEST,
    RESOLVED,
    STUDY_FILE,
    Manifest,
    PackedCell,
    PackedCells,
    files_in,
)
from datayield.pack.private_paths import PrivatePaths, check_identities
from datayield.session import Session
from datayield.spec.atomic_files import LARGEST_TEXT, write_bytes, write_json
from datayield.spec.errors import ConfigError
from datayield.spec.frozen import Frozen
from datayield.spec.run import RunSpec
from datayield.spec.study import Study
from datayield.spec.study.weights import with_digests
from datayield.store.folders import RunFolder, Store
from datayield.store.plan import Plan, Task

LIBRARIES = ("jinja2", "numpy", "plotly", "pydantic", "scipy")  # that tables and page rest on


def gather(session: Session, plan: Plan, folder: Path) -> None:
    """Fill the empty `folder` with all that a pack holds but the tables, the page and its manifest.

    Raises ConfigError where the data are known by their path alone, and for a study without a file.
    """
    if session.source is None:
        raise ConfigError(
            "a pack holds the file of its study, and this study is a mapping in Python",
            where=session.study.name,
            hint="write it to a YAML file, and pack that",
        )
    check_identities(session.study.evaluations)
    paths, store = PrivatePaths(), Store(folder)
    shutil.copyfile(session.source, folder / STUDY_FILE)
    study = _resolved(session, session.source, paths)
    _write(folder / RESOLVED, study)
    for run in session.runs:
        spec = paths.hidden(run.model_dump(mode="json"))
        write_json(store.run(run.id).path / "spec.json", spec)
    cells = [PackedCell(axes=c.axes, budget=c.budget, run=c.run.id) for c in session.cells]
    _write(folder / CELLS, PackedCells(cells=tuple(cells), overrides=dict(study.overrides)))
    _write(folder / CONTEXT, _context(session, plan, paths))
    for task in plan.tasks:
        _copy_records(task, session.store.run(task.spec.id), store.run(task.spec.id), paths)


def write_manifest(study: Study, plan: Plan, folder: Path) -> Manifest:
    """List what is in the folder of a pack, as its last file."""
    manifest = Manifest(
        format=FORMAT,
        study=study.study,
        scale=study.scale,
        done=plan.done,
        total=len(plan.tasks),
        versions=versions_here(),
        files=files_in(folder),
    )
    _write(folder / MANIFEST, manifest)
    return manifest


def versions_here() -> dict[str, str]:
    """Versions of datayield, of Python and of the libraries that tables and page rest on."""
    own = {"datayield": __version__, "python": python_version()}
    return own | {library: version(library) for library in LIBRARIES}


def _resolved(session: Session, source: Path, paths: PrivatePaths) -> Study:
    baselines = with_digests(session.study.baselines, source.absolute().parent)
    study = session.study.model_copy(update={"baselines": baselines}).model_dump(mode="json")
    shown = {key: paths.hidden(study[key]) for key in ("evaluations", "baselines")}
    resolved = Study.model_validate_json(json.dumps(study | shown))
    return resolved.with_overrides(session.study.overrides)


def _context(session: Session, plan: Plan, paths: PrivatePaths) -> ReportContext:
    """Without notes that name files, and without distances of other datasets."""
    context = session.context(plan, file_names=False)
    sets = {ev.dataset for ev in session.study.evaluations}
    sets |= {run.data.words for run in session.runs}
    kept = context.model_copy(
        update={
            "distances": tuple(each for each in context.distances if {each.a, each.b} <= sets),
            "left_out": tuple(map(paths.hidden_in, context.left_out)),
            "data_notes": tuple(map(paths.hidden_in, context.data_notes)),
        }
    )
    shown = paths.hidden(kept.model_dump(mode="json"))
    return ReportContext.model_validate_json(json.dumps(shown))


def _copy_records(task: Task, source: RunFolder, target: RunFolder, paths: PrivatePaths) -> None:
    """The records that are whole, sealed again; which test items were right; the training log."""
    if cost := source.run_cost():
        target.write_run_cost(cost)
    if check := source.training_check():
        target.write_training_check(check)
    for share, ev in task.evals:
        if record := source.read_result(share, ev.id):
            shown = record.model_copy(update={"eval": paths.hidden(record.eval)})
            target.write_result(shown, source.read_right(share, ev.id))
    if isinstance(task.spec, RunSpec) and source.log.is_file():
        shutil.copyfile(source.log, target.log)


def _write(path: Path, part: Frozen) -> None:
    """As JSON, axes in their order. Raises ConfigError if it is too large to be read whole."""
    text = json.dumps(part.model_dump(mode="json", by_alias=True), indent=1) + "\n"
    if len(text) > LARGEST_TEXT:
        raise ConfigError(
            "this study has too many runs for one pack",
            where=path.name,
            got=f"{len(text):,} bytes",
            allowed=f"{LARGEST_TEXT:,} bytes",
            hint="split the study, and pack the parts",
        )
    write_bytes(path, text.encode())
