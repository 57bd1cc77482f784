"""Write a pack: the records as they are kept, tables and a page made from just these records."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from datayield.analysis.findings import analyse
from datayield.pack.archive import SUFFIX, holds, sha256_of, write_archive
from datayield.pack.contents import MANIFEST, Manifest
from datayield.pack.gather import gather, write_manifest
from datayield.pack.packed_study import PackedStudy, packed_study
from datayield.report.files.summary import NAME, summary
from datayield.report.page.page import write_findings
from datayield.session import Session
from datayield.spec.atomic_files import write_json
from datayield.spec.errors import ConfigError
from datayield.spec.named_paths import pasteable
from datayield.store.plan import Plan


class WrittenPack(NamedTuple):
    """A pack that was written."""

    path: Path
    sha256: str
    bytes: int
    manifest: Manifest


def make_pack(session: Session, path: Path | None = None) -> WrittenPack:
    """Write what is finished of a study to `path`, else to `<study>.zip` in the current folder.

    An earlier pack of that name is replaced. Raises ConfigError for a path that cannot be meant,
    and where nothing is finished; StoreError where the pack cannot be written.
    """
    path = _target(path or Path(f"{session.study.name}{SUFFIX}"))
    plan = session.plan(keep=True)
    with tempfile.TemporaryDirectory(prefix="datayield-pack-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        gather(session, plan, folder)
        packed = packed_study(folder, path)
        plan = packed.plan()
        if not write_files(packed, plan, folder):
            raise ConfigError(
                "no run or baseline of this study is finished, so there is nothing to pack",
                where=session.study.name,
                got=f"{len(plan.todo)} runs and baselines pending in {session.store.root}",
                hint=f"datayield run {pasteable(session.source or session.study.name)} first, or "
                "name its store by --store",
            )
        manifest = write_manifest(session.study, plan, folder)
        write_archive(path, folder)
    return WrittenPack(path, sha256_of(path), path.stat().st_size, manifest)


def write_files(packed: PackedStudy, plan: Plan, into: Path) -> bool:
    """Write the tables and the page of a packed study as in a store; False where it has no result.

    Without figures as files of their own, which the page holds.
    """
    results = packed.results(plan)
    if not results.rows:
        return False
    folder = into / "studies" / packed.study.name
    page = write_findings(analyse(results), folder, figure_files=False)
    write_json(page.with_name(NAME), summary(results, plan.done, len(plan.tasks)))
    return True


def _target(path: Path) -> Path:
    """Raises ConfigError for a folder, another kind of file, or a file that is no pack."""
    wrong, hint = "", f"name a file such as {path.with_suffix(SUFFIX).name or 'study.zip'}"
    if path.is_dir():
        wrong, hint = "this is a folder", f"name a file in it, such as {path / 'study.zip'}"
    elif path.suffix != SUFFIX:
        wrong = f"a pack is a {SUFFIX} file"
    elif path.exists() and not holds(path, MANIFEST):
        wrong, hint = "a file of that name is there, and is no pack", "move it, or name another one"
    if wrong:
        raise ConfigError(wrong, where="OUT", got=str(path), hint=hint)
    return path
