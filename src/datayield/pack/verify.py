"""Check a pack: its list of files, the seals of its records, and all that is made from them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

from datayield.pack.archive import sha256_of, unpack
from datayield.pack.compare import difference
from datayield.pack.contents import (
    CELLS,
    CONTEXT,
    MANIFEST,
    RESOLVED,
    STUDY_FILE,
    Manifest,
    files_in,
    manifest_in,
)
from datayield.pack.gather import versions_here
from datayield.pack.make import write_files
from datayield.pack.packed_study import PackedStudy, packed_study
from datayield.pack.records import check_records, record_names
from datayield.pack.study_file import differs
from datayield.spec.errors import DatayieldError, PackError
from datayield.store.plan import Plan

CheckKind = Literal["table", "page", "record", "study", "list"]
DRAWS = ("jinja2", "plotly")  # libraries whose version is in every page


class FileCheck(NamedTuple):
    """One file of a pack, what it is, and what is wrong with it; empty if nothing is."""

    file: str
    kind: CheckKind
    wrong: str


class Verified(NamedTuple):
    """What was checked of a pack.

    `records`: how many are whole. `files`: tables and the page, and all others with which anything
    is wrong. `not_compared`: why the page is not, which other libraries draw differently.
    """

    pack: Path
    sha256: str
    manifest: Manifest
    versions: dict[str, str]
    records: int
    files: tuple[FileCheck, ...]
    not_compared: str

    @property
    def equal(self) -> bool:
        """Whether everything is as the pack says."""
        return not any(check.wrong for check in self.files)


@contextmanager
def opened(pack: Path) -> Iterator[tuple[Path, PackedStudy]]:
    """The folder of a pack, unpacked while the block lasts, and its study. Raises PackError."""
    with tempfile.TemporaryDirectory(prefix="datayield-pack-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        unpack(pack, folder)
        manifest_in(folder, pack)
        yield folder, packed_study(folder, pack)


def verify(pack: Path, folder: Path, packed: PackedStudy) -> Verified:
    """Check the pack that lies unpacked in `folder`. Raises PackError where it makes no sense."""
    manifest, plan = manifest_in(folder, pack), packed.plan()
    records = check_records(plan, packed.store)
    checks = [*_listed(folder, manifest, packed, plan)]
    checks += _study(folder, packed, plan, manifest)
    checks += [FileCheck(file, "record", wrong) for file, wrong in records if wrong]
    versions, drawn_by = versions_here(), manifest.versions
    others = [
        f"{name} {drawn_by.get(name)}, not {versions[name]}"
        for name in DRAWS
        if drawn_by.get(name) != versions[name]
    ]
    rebuilt = _rebuilt(pack, folder, packed)
    checks += [each for each in rebuilt if each.kind == "table" or not others]
    whole = sum(not wrong for _, wrong in records)
    not_compared = f"drawn by {' and '.join(others)}" if others else ""
    return Verified(pack, sha256_of(pack), manifest, versions, whole, tuple(checks), not_compared)


def _listed(
    folder: Path, manifest: Manifest, packed: PackedStudy, plan: Plan
) -> Iterator[FileCheck]:
    """Files that are not those which the manifest lists, or that no pack of this study has."""
    there = files_in(folder)
    known = {STUDY_FILE, RESOLVED, CELLS, CONTEXT, *record_names(plan, packed.store)}
    tables = f"studies/{packed.study.name}/"
    for name in there:
        if name not in known and not name.startswith(tables):
            yield FileCheck(name, "list", "no run or evaluation of this study has such a file")
    for name in sorted(there.keys() | manifest.files.keys()):
        if name not in there:
            yield FileCheck(name, "list", "listed in the pack, but missing from it")
        elif name not in manifest.files:
            yield FileCheck(name, "list", "in the pack, but not listed in it")
        elif there[name] != manifest.files[name]:
            yield FileCheck(name, "list", "changed after it was packed: its SHA-256 differs")


def _study(
    folder: Path, packed: PackedStudy, plan: Plan, manifest: Manifest
) -> Iterator[FileCheck]:
    """Whether the study, its points and what is said of its progress fit together."""
    study, axes = packed.study, packed.study.axes
    if (manifest.study, manifest.scale) != (study.study, study.scale):
        yield FileCheck(RESOLVED, "study", f"it is {study.name}, not {manifest.study}")
    if wrong := differs(folder, study):
        yield FileCheck(RESOLVED, "study", wrong)
    points = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    if [cell.axes for cell in packed.cells] != points:
        yield FileCheck(CELLS, "study", f"not the combinations of the axes in {STUDY_FILE}")
    if (manifest.done, manifest.total) != (plan.done, len(plan.tasks)):
        told = f"{manifest.done} of {manifest.total} runs and baselines are said to be finished"
        yield FileCheck(MANIFEST, "study", f"{told}, but {plan.done} of {len(plan.tasks)} are")


def _rebuilt(pack: Path, folder: Path, packed: PackedStudy) -> Iterator[FileCheck]:
    """Each table, and the page, beside the same made again from the records."""
    with tempfile.TemporaryDirectory(prefix="datayield-pack-", ignore_cleanup_errors=True) as name:
        made = Path(name)
        try:
            write_files(packed, packed.plan(), made)
        except DatayieldError:
            raise
        except Exception as error:  # of numbers that no run of ours can have measured
            raise PackError(
                "the records of this pack cannot be analysed",
                where=str(pack),
                got=f"{type(error).__name__}: {error}",
                hint="they were changed, or this is a bug of datayield: please report it",
            ) from error
        names = {
            each.relative_to(root).as_posix()
            for root in (folder, made)
            for each in root.glob("studies/**/*")
            if each.is_file()
        }
        for file in sorted(names):
            kind: CheckKind = "page" if file.endswith(".html") else "table"
            yield FileCheck(file, kind, difference(folder / file, made / file))
