"""Paths into commands and back: quoting, the shorter form, names that are nearly right."""

import shlex
from pathlib import Path

import pytest

from datayield.spec.named_paths import near_path, pasteable, without_dots


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bird house/all photos", "bird house/.hidden", "work/photos/deep"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "work/all_photos.yaml").touch()
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("bird house/all photos", "'../bird house/all photos'"),
        ("work/photos", "./photos"),  # a plain name would be one in DATAYIELD_DATA
        ("work", "."),
        ("", ".."),
    ],
)
def test_an_absolute_path_is_shown_from_here(tmp_path: Path, path: str, written: str) -> None:
    shown = pasteable(str(tmp_path / path))
    assert shown == written
    assert Path(shlex.split(shown)[0]).samefile(tmp_path / path)


def test_what_needs_no_change_stays(tmp_path: Path) -> None:
    assert pasteable("digits") == "digits"
    assert pasteable("./photos") == "./photos"
    assert pasteable("my photos") == "'my photos'"
    assert pasteable("/") == "/"


def test_dots_go_and_links_stay(tmp_path: Path) -> None:
    Path("link").symlink_to(tmp_path / "bird house")
    assert without_dots("../work/./link") == str(tmp_path / "work/link")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("../bird house/al photos", "../bird house/all photos"),
        ("../bird house/ALL PHOTOS/", "../bird house/all photos"),
        ("../birdhouse/all photos", "../bird house/all photos"),  # another part of it
        ("./photo", "./photos"),
        ("all_photo.yaml", "all_photos.yaml"),
        ("all_photos.yml", "all_photos.yaml"),
        ("photos", ""),  # it is there
        ("../bird house/hidden", ""),
        ("../birdhouse/nothing", ""),
        ("quite else", ""),
        ("nowhere/at/all", ""),
        ("a\0b", ""),
    ],
)
def test_the_nearest_path(name: str, near: str) -> None:
    assert near_path(name) == near
