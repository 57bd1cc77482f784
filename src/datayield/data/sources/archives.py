"""Archives unpacked once into the cache: .zip, tar files of folders, compressed tar shards."""

import bz2
import gzip
import lzma
import shutil
import tarfile
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from datayield.data.sources.files import file_at
from datayield.spec.environment import cache_dir
from datayield.spec.errors import DataError
from datayield.spec.identity import digest
from datayield.spec.named_paths import without_dots

ZIPS = (".zip",)
TARS = (".tar",)
COMPRESSED = {
    ".tar.gz": "gzip", ".tgz": "gzip", ".tar.bz2": "bz2", ".tbz2": "bz2", ".tar.xz": "xz",
    ".txz": "xz", ".tar.zst": "zstd", ".tzst": "zstd",
}  # fmt: skip
BLOCK = 1 << 20
SPARE = 100 << 20  # bytes that stay free on the disk


def compression(name: str) -> str | None:
    """The extension of a compressed tar file, None if it is not one."""
    return next((end for end in COMPRESSED if name.lower().endswith(end)), None)


def unpacked_member(path: Path, name: str) -> Path:
    """One member of a .zip (or .npz), copied into the cache."""

    def write(target: Path) -> None:
        with zipfile.ZipFile(path) as file, file.open(name) as member, target.open("wb") as out:
            _check_room(file.getinfo(name).file_size, path)
            shutil.copyfileobj(member, out, BLOCK)

    return _made(path, name, "member.npy", write)


def decompressed(path: Path) -> Path:
    """A compressed tar file as a tar file in the cache, of the same name. Raises DataError."""
    end = compression(path.name)
    assert end is not None

    def write(target: Path) -> None:
        written = 0
        with _opened(path, COMPRESSED[end]) as source, target.open("wb") as out:
            while block := source.read(BLOCK):
                _check_room(len(block), path)
                written += out.write(block)

    return _made(path, "tar", f"{path.name[: -len(end)]}.tar", write)


def extracted(path: Path) -> Path:
    """The folder of the cache with the files of a .zip or a .tar. Raises DataError.

    Names that lead out of the folder, and links, are refused.
    """

    def write(target: Path) -> None:
        target.mkdir()
        if path.suffix.lower() in ZIPS:
            with zipfile.ZipFile(path) as file:
                _check_room(sum(info.file_size for info in file.infolist()), path)
                for info in file.infolist():
                    if not info.is_dir():
                        with file.open(info) as member:
                            _write_member(target, info.filename, member, path)
        else:
            with tarfile.open(path, "r:") as tar:
                members = [member for member in tar if member.isfile()]
                _check_room(sum(member.size for member in members), path)
                for each in members:
                    if (reader := tar.extractfile(each)) is not None:
                        _write_member(target, each.name, reader, path)

    return _made(path, "folder", path.stem, write)


def _write_member(target: Path, name: str, member: IO[bytes], archive: Path) -> None:
    relative = name.replace("\\", "/").removeprefix("./")
    parts = relative.split("/")
    if relative.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in relative:
        raise DataError(
            "an archive names a file outside its own folder",
            where=str(archive),
            got=name,
            hint="do not use it, or unpack it yourself and look at what it holds",
        )
    if parts[0].startswith("__MACOSX") or parts[-1].startswith("."):
        return
    path = target / relative
    if path.exists():
        raise DataError(
            "an archive names a file twice",
            where=str(archive),
            got=name,
            hint="unpack it yourself, and name the folder",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        shutil.copyfileobj(member, out, BLOCK)


def _made(path: Path, what: str, name: str, write: Callable[[Path], None]) -> Path:
    """The file or folder `name` of the cache that `write` makes, once for each state of `path`."""
    state = file_at(path)
    root = cache_dir() / "archives"
    folder = root / digest([without_dots(path), *state[1:], what], 24)
    if folder.exists():
        return folder / name
    building = root / f"building-{uuid.uuid4().hex}"
    try:
        building.mkdir(parents=True)
        with _readable(path):
            write(building / name)
        try:
            building.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was first
                raise
    except OSError as error:
        raise DataError(
            f"an archive cannot be unpacked: {error.strerror or error}",
            where=f"{path}, into {root}",
            hint="free some space, or set DATAYIELD_CACHE to a folder on a larger disk",
        ) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(building)
    return folder / name


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Errors of damaged, encrypted and truncated archives as a DataError."""
    damaged: tuple[type[Exception], ...] = (
        *(zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, gzip.BadGzipFile, EOFError),
        *(RuntimeError, NotImplementedError, ValueError, KeyError),
    )
    try:
        import zlib

        damaged += (zlib.error,)
        yield
    except damaged as error:
        raise DataError(
            f"not a readable archive, truncated or damaged: {error}",
            where=str(path),
            hint="download it again, or unpack it yourself and name the folder",
        ) from error
    except OSError as error:
        if error.errno is None:  # bz2, pyarrow: the data are wrong, not the disk
            raise DataError(
                f"not a readable archive, truncated or damaged: {error}", where=str(path)
            ) from error
        raise


def _opened(path: Path, kind: str) -> Any:
    if kind == "gzip":
        return gzip.open(path)
    if kind == "bz2":
        return bz2.open(path)
    if kind == "xz":
        return lzma.open(path)
    import pyarrow as pa

    return cast(Any, pa.input_stream(str(path), compression=kind))


def _check_room(needed: int, path: Path) -> None:
    root = cache_dir()
    free = shutil.disk_usage(root).free
    if free < needed + SPARE:
        raise DataError(
            f"unpacking needs {needed / 1e9:.2f} GB, and {free / 1e9:.2f} GB is free",
            where=f"{path}, into {root}",
            hint="free some space, or set DATAYIELD_CACHE to a folder on a larger disk",
        )
