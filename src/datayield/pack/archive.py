"""An archive of many small files: equal files give equal bytes, and any archive is safe to unpack.

An archive from a stranger is only unpacked if every entry is a plain file with a plain relative
name, and if all of them together are no larger than such files can be. Nothing in it is executed,
and nothing is written outside of the folder.
"""

import hashlib
import re
import shutil
import stat
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, NoReturn

from datayield.spec.atomic_files import in_bytes, write_with
from datayield.spec.errors import PackError

SUFFIX = ".zip"
MOST_FILES = 2_000_000
MOST_BYTES = 8 << 30  # of all files together
MOST_RATIO = 100  # times as large as the archive; records and tables are about ten times
SMALL = 64 << 20  # bytes that any archive may have, whatever their ratio
DEEPEST = 6  # folders
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that the format knows
_READ = 1 << 20


def write_archive(path: Path, folder: Path) -> None:
    """Write all files below `folder` to the zip archive `path`, whole or not at all.

    Sorted by name, with the same date and mode, so that equal files give equal bytes (with the same
    zlib). Raises StoreError.
    """
    files = sorted(
        (each.relative_to(folder).as_posix(), each) for each in folder.rglob("*") if each.is_file()
    )

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, source in files:
                entry = zipfile.ZipInfo(name, _DATE)
                entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                with source.open("rb") as read, archive.open(entry, "w") as written:
                    shutil.copyfileobj(read, written, _READ)

    write_with(path, write)


def holds(path: Path, name: str) -> bool:
    """Whether `path` is a readable zip archive with a file of that name."""
    try:
        with zipfile.ZipFile(path) as archive:
            return name in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError):
        return False


def unpack(path: Path, into: Path) -> None:
    """Unpack the archive `path` into the folder `into`, which is empty or not there.

    Raises PackError for what is no archive, is truncated or damaged, is larger than it may be, or
    holds anything but plain files below the folder.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no such file"
        raise PackError("pack not found", where=str(path), got=what, hint="name a .zip file")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_sizes(path, entries)
            for name, entry in _checked_names(path, entries):
                target = into.joinpath(*name)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as read, target.open("xb") as written:
                    shutil.copyfileobj(read, written, _READ)
    except (FileExistsError, NotADirectoryError) as error:
        _refuse(path, f"a file that is also a folder: {error.filename}", "plain files")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError) as error:
        raise PackError(
            "not a pack, or a damaged one",
            where=str(path),
            got=str(error) or type(error).__name__,
            hint="fetch it again, and compare its SHA-256 with the one that was published",
        ) from None


def sha256_of(path: Path) -> str:
    """SHA-256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_sizes(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Sizes as stated; of each entry, no more than that is unpacked."""
    if len(entries) > MOST_FILES:
        _refuse(path, f"{len(entries):,} files", f"at most {MOST_FILES:,} files")
    total, most = sum(entry.file_size for entry in entries), path.stat().st_size * MOST_RATIO
    most = min(max(SMALL, most), MOST_BYTES)
    if total > most:
        _refuse(path, f"{in_bytes(total)} once unpacked", f"at most {in_bytes(most)}")


def _checked_names(
    path: Path, entries: list[zipfile.ZipInfo]
) -> list[tuple[list[str], zipfile.ZipInfo]]:
    """The parts of each name, of entries that are all plain files."""
    checked, seen = [], set[str]()
    for entry in entries:
        name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
        parts = name.split("/")
        if not all(_PART.fullmatch(part) for part in parts) or len(parts) > DEEPEST:
            _refuse(path, f"a file called {name[:100]!r}", "plain names of files below the pack")
        if kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
            _refuse(path, f"{name}, which is a link or encrypted", "plain files")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            _refuse(path, f"{name}, compressed in another way", "stored or deflated files")
        if name.casefold() in seen:
            _refuse(path, f"{name} twice", "each file once")
        seen.add(name.casefold())
        checked.append((parts, entry))
    return checked


def _refuse(path: Path, got: str, allowed: str) -> NoReturn:
    raise PackError(
        "this archive is not safe to unpack, and was not",
        where=str(path),
        got=got,
        allowed=allowed,
        hint="datayield pack writes no such archive: ask its author for another one",
    )
