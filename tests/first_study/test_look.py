"""Which images are tested: of the folder or table that is asked for, or of a table in it."""

from pathlib import Path

import pytest

from datayield.first_study.look import look_at
from datayield.first_study.request import Request
from datayield.spec.errors import DataError
from tests.data.made import png, write

FLAT = {f"{i}.png": png(i) for i in range(12)}
SOME = "file,kind\n" + "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(4))
NONE = "file,kind\ngone1.png,a\ngone2.png,b\n"


def _labels_of(images: Path, labels: Path | None) -> str:
    asked = None if labels is None else str(labels)
    return look_at(Request(str(images), asked, 20.0, "cpu", Path("s.yaml"))).labels_of


def test_a_table_in_the_folder_that_is_asked_for(tmp_path: Path) -> None:
    """Of photographs, of labelled ones elsewhere, or a folder with nothing else in it."""
    photos = write(tmp_path / "photos", FLAT | {"kinds.csv": SOME.encode()})
    other = write(tmp_path / "other", FLAT | {"a.csv": NONE.encode(), "kinds.csv": SOME.encode()})
    up = SOME.replace("\n", "\n../photos/", 4)
    tables = write(tmp_path / "tables", {"up.csv": up.encode(), "readme.txt": b"x"})
    for images, labels, table in (
        (photos, None, photos / "kinds.csv"),
        (photos, photos, photos / "kinds.csv"),
        (photos, other, other / "kinds.csv"),
        (photos, tables, tables / "up.csv"),
    ):
        assert _labels_of(images, labels) == str(table)


@pytest.mark.parametrize(
    ("beside", "found"),
    [
        ({}, "0 images; labels: none; dataset"),
        (FLAT, "12 images; labels: none; "),
        ({f"one/{name}": data for name, data in FLAT.items()}, "12 images; labels: label; "),
    ],
)
def test_labels_that_are_asked_for_and_not_there(
    tmp_path: Path, beside: dict[str, bytes], found: str
) -> None:
    """The error names the table and a file that is missing, also where the images are asked for."""
    photos = write(tmp_path / "photos", FLAT)
    asked = write(tmp_path / "asked", beside | {"bad.csv": NONE.encode()})
    for images in (photos, asked) if beside else (photos,):
        with pytest.raises(DataError, match="no labels to test") as raised:
            _labels_of(images, asked)
        assert raised.value.exit_code == 2
        assert raised.value.where == f"--labels: {asked}"
        got = str(raised.value.got)
        assert got.startswith(found)
        assert f"{asked / 'bad.csv'}: this table names no images that are there" in got
        assert f"missing: {asked / 'gone1.png'}" in got


def test_without_labels_asked_for_a_useless_table_is_no_error(tmp_path: Path) -> None:
    photos = write(tmp_path / "photos", FLAT | {"bad.csv": NONE.encode()})
    assert _labels_of(photos, None) == str(photos)


def test_a_folder_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    photos = write(tmp_path / "photos", FLAT)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no images"):
        _labels_of(photos, tmp_path / "empty")
