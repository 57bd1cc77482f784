"""A table as a dataset: the images that it names, and no others."""

from pathlib import Path

import pytest

from datayield.data.catalog import find, splits_of
from datayield.spec.errors import DataError
from tests.data.made import png, write

ROWS = "file_name,species\n0.png,a\n1.png,b\n2.png,a\n3.png,b\n"
IMAGES = {f"{i}.png": png(i) for i in range(12)}


@pytest.mark.parametrize(
    ("table", "folder"),
    [
        ("labels.csv", ""),
        ("labels.csv", "photos/"),
        ("photos/labels.csv", "photos/"),
        ("labels.tsv", "photos/"),
    ],
)
def test_only_the_images_that_it_names(tmp_path: Path, table: str, folder: str) -> None:
    text = ROWS.replace(",", "\t") if table.endswith(".tsv") else ROWS
    others = {"aside/a.png": png(40), "empty/notes.txt": b""}
    images = {f"{folder}{name}": data for name, data in IMAGES.items()}
    write(tmp_path, images | others | {table: text.encode()})
    source = find(str(tmp_path / table), "train")
    assert [source.names(i) for i in range(len(source))] == [f"{i}.png" for i in range(4)]
    assert source.classes["label"] == ["a", "b"]
    assert source.labels["label"].tolist() == [0, 1, 0, 1]
    assert source.read(2) == IMAGES["2.png"]
    assert splits_of(str(tmp_path / table)) == ["train"]


def test_paths_and_names_without_extension(tmp_path: Path) -> None:
    write(tmp_path, {f"photos/{name}": data for name, data in IMAGES.items()})
    paths = ROWS.replace("\n", "\nphotos/", 4).removesuffix("photos/")
    stems = ROWS.replace(".png", "").replace("file_name", "image_id")
    windows = paths.replace("photos/", ".\\photos\\")
    for k, text in enumerate((paths, stems, windows)):
        write(tmp_path, {f"{k}.csv": text.encode()})
        source = find(str(tmp_path / f"{k}.csv"), "train")
        assert source.labels["label"].tolist() == [0, 1, 0, 1], text


def test_class_folders_are_not_the_labels_of_a_table(tmp_path: Path) -> None:
    write(tmp_path, {f"site{i % 2}/{i}.png": png(i) for i in range(4)})
    text = "file,label\nsite0/0.png,x\nsite1/1.png,x\nsite0/2.png,y\nsite1/3.png,y\n"
    write(tmp_path, {"labels.csv": text.encode()})
    source = find(str(tmp_path / "labels.csv"), "train")
    named = {source.names(i): source.labels["label"][i] for i in range(4)}
    assert named == {"site0/0.png": 0, "site1/1.png": 0, "site0/2.png": 1, "site1/3.png": 1}


def test_splits_of_a_column(tmp_path: Path) -> None:
    rows = "file,label,split\n0.png,a,train\n1.png,b,train\n2.png,a,test\n3.png,b,test\n"
    write(tmp_path, IMAGES | {"labels.csv": rows.encode()})
    name = str(tmp_path / "labels.csv")
    assert splits_of(name) == ["train", "test"]
    assert [find(name, "test").names(i) for i in range(2)] == ["2.png", "3.png"]
    assert find(name, "train").labels["label"].tolist() == [0, 1]
    assert not find(name, "train").census.skipped


def test_images_that_are_absent_are_counted(tmp_path: Path) -> None:
    write(tmp_path, IMAGES | {"labels.csv": (ROWS + "gone.png,a\n").encode()})
    source = find(str(tmp_path / "labels.csv"), "train")
    assert len(source) == 4
    assert source.census.skipped["named in a table but not found"].examples == ("gone.png",)


@pytest.mark.parametrize(
    "text", ["", "a,b\n", "file_name,label\nx.png,a\ny.png,b\n", "label\n0\n1\n"]
)
def test_a_table_of_no_images_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, IMAGES | {"labels.csv": text.encode()})
    with pytest.raises(DataError, match="names no images") as raised:
        find(str(tmp_path / "labels.csv"), "train")
    assert "labels.csv" in raised.value.where
    assert raised.value.exit_code == 2
    named = "file_name" in text  # then only the paths are wrong
    assert ("name the column file_name" in raised.value.hint) != named
    assert (f"missing: {tmp_path / 'x.png'}" in str(raised.value.got)) == named


def test_a_table_of_few_images_shows_a_path_that_was_tried(tmp_path: Path) -> None:
    """Of the folder where most were found, and one that is missing there."""
    write(tmp_path / "photos", {f"{i}.png": png(i) for i in range(2)})
    rows = "".join(f"{i}.png,a\n" for i in (0, 7, 1, 8, 9))
    write(tmp_path, {"labels.csv": f"image,label\n{rows}".encode()})
    with pytest.raises(DataError, match="names few images that are there") as raised:
        find(str(tmp_path / "labels.csv"), "train")
    assert raised.value.got == f"2 of the first 5 files; missing: {tmp_path / 'photos/7.png'}"
    assert "correct the paths" in raised.value.hint
