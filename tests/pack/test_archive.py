"""No archive writes outside its folder, fills the disk, or is half read."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from datayield.pack import archive
from datayield.pack.archive import unpack, write_archive
from datayield.spec.errors import PackError


def _files(folder: Path) -> Path:
    (folder / "runs/a").mkdir(parents=True)
    (folder / "runs/a/spent.json").write_bytes(b"{}" * 1000)
    (folder / "pack.json").write_bytes(b"{}")
    return folder


def _zip(path: Path, fill: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        fill(written)
    return path


def test_files_come_back_and_equal_files_give_equal_bytes(tmp_path: Path) -> None:
    source = _files(tmp_path / "source")
    one, two, into = tmp_path / "one.zip", tmp_path / "two.zip", tmp_path / "into"
    write_archive(one, source)
    (source / "pack.json").touch()
    (source / "pack.json").chmod(0o600)
    write_archive(two, source)
    assert one.read_bytes() == two.read_bytes()
    unpack(one, into)
    assert (into / "runs/a/spent.json").read_bytes() == b"{}" * 1000
    assert sorted(p.name for p in into.rglob("*") if p.is_file()) == ["pack.json", "spent.json"]


@pytest.mark.parametrize(
    "name",
    ["../outside.json", "/etc/outside", "runs/../../outside", "C:\\outside", "runs\\..\\outside",
     "runs//a", "runs/", ".hidden", "a/b/c/d/e/f/g", "new\nline", "nul\0byte", "x" * 300, "émile"],
)  # fmt: skip
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    bad = _zip(tmp_path / "bad.zip", lambda z: z.writestr(_entry(name), b"x"))
    with pytest.raises(PackError, match="not safe to unpack") as error:
        unpack(bad, tmp_path / "into")
    assert error.value.exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["bad.zip"]


def _entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("replaced")
    entry.filename = entry.orig_filename = name
    entry.create_system, entry.external_attr = 3, mode << 16
    return entry


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_only_plain_files_are_unpacked(tmp_path: Path, kind: int) -> None:
    link = _zip(tmp_path / "a.zip", lambda z: z.writestr(_entry("link", kind | 0o777), b"/etc"))
    with pytest.raises(PackError, match="not safe to unpack"):
        unpack(link, tmp_path / "into")
    assert not (tmp_path / "into").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_and_a_file_that_is_a_folder_are_refused(tmp_path: Path) -> None:
    def twice(z: zipfile.ZipFile) -> None:
        z.writestr("runs/A", b"1")
        z.writestr("runs/a", b"2")

    def both(z: zipfile.ZipFile) -> None:
        z.writestr("runs", b"1")
        z.writestr("runs/a", b"2")

    for fill in (twice, both):
        with pytest.raises(PackError, match="not safe to unpack"):
            unpack(_zip(tmp_path / "bad.zip", fill), tmp_path / fill.__name__)


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "SMALL", 1000)
    bomb = _zip(tmp_path / "bomb.zip", lambda z: z.writestr("zeros", bytes(1_000_000)))
    assert bomb.stat().st_size < 2000
    with pytest.raises(PackError, match="1 MB once unpacked"):
        unpack(bomb, tmp_path / "into")
    assert not (tmp_path / "into").exists()
    monkeypatch.setattr(archive, "MOST_FILES", 1)
    many = _zip(tmp_path / "many.zip", lambda z: [z.writestr(n, b"") for n in "ab"] and None)
    with pytest.raises(PackError, match="2 files"):
        unpack(many, tmp_path / "into")


def test_no_more_is_unpacked_than_an_archive_states(tmp_path: Path) -> None:
    """A bomb that lies about its size: the directory says 100 bytes, the data hold a million."""
    honest = _zip(tmp_path / "bomb.zip", lambda z: z.writestr("zeros", bytes(1_000_000)))
    data = honest.read_bytes()
    size = struct.pack("<L", 1_000_000)
    assert data.count(size) == 2  # before the data, and in the directory
    honest.write_bytes(data.replace(size, struct.pack("<L", 100)))
    with pytest.raises(PackError, match="damaged"):
        unpack(honest, tmp_path / "into")
    assert (tmp_path / "into/zeros").stat().st_size <= 100


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_only_the_compression_of_packs_is_read(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as written:
        written.writestr("a", b"x" * 100)
    with pytest.raises(PackError, match="compressed in another way"):
        unpack(tmp_path / "a.zip", tmp_path / "into")


def test_a_truncated_and_a_damaged_archive_are_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.zip"
    write_archive(whole, _files(tmp_path / "source"))
    data = whole.read_bytes()
    for k, cut in enumerate((data[:0], data[: len(data) // 2], data[:-1], b"no archive" * 10)):
        path = tmp_path / f"{k}.zip"
        path.write_bytes(cut)
        with pytest.raises(PackError, match="not a pack, or a damaged one"):
            unpack(path, tmp_path / f"into{k}")
    flipped = bytearray(data)
    flipped[40] ^= 0xFF  # in the data of the first file
    whole.write_bytes(flipped)
    with pytest.raises(PackError, match="damaged"):
        unpack(whole, tmp_path / "into")


def test_a_folder_is_not_a_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="pack not found"):
        unpack(tmp_path, tmp_path / "into")
    assert not archive.holds(tmp_path, "pack.json")
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    (tmp_path / "empty.zip").write_bytes(empty.getvalue())
    assert not archive.holds(tmp_path / "empty.zip", "pack.json")
