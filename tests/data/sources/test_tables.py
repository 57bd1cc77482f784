"""Tables of labels beside images: which column says what."""

from pathlib import Path

import pytest

from datayield.data.catalog import find
from datayield.data.census import Noted
from datayield.data.source import UNLABELLED
from datayield.data.sources.folder import Folder
from datayield.data.sources.folder_splits import splits
from datayield.spec.errors import DataError
from tests.data.made import png, write

IMAGE_1 = "images/1.png"


def _folder(root: Path, table: str, count: int = 4) -> Folder:
    images = {f"images/{i}.png": png(i) for i in range(count)}
    return Folder(write(root, images | {"labels.csv": table.encode()}))


def test_columns_of_repeated_values_may_be_named(tmp_path: Path) -> None:
    table = "id,lesion,dx,age\n0,a,nv,30\n1,b,nv,30\n2,c,mel,40\n3,d,mel,\n"
    source = _folder(tmp_path, table)
    assert {*source.classes} == {"dx", "age"}
    assert source.classes["dx"] == ["mel", "nv"]
    assert source.census.unlabelled.number == 0  # of age: it is no column of labels


def test_a_column_named_for_labels_is_the_label(tmp_path: Path) -> None:
    source = _folder(tmp_path, "file,target,sex\n0.png,x,m\n1.png,y,m\n2.png,x,f\n3.png,y,f\n")
    assert source.classes["label"] == ["x", "y"]
    assert source.labels["label"].tolist() == [0, 1, 0, 1]


def test_a_table_without_labels_is_told_and_its_folder_is_no_class(tmp_path: Path) -> None:
    source = _folder(tmp_path, "file,caption\n0.png,a\n1.png,b\n2.png,c\n3.png,d\n")
    assert source.labels == {}
    assert "labels.csv is one of labels: caption" in " ".join(source.census.lines())


def test_one_column_for_each_class(tmp_path: Path) -> None:
    source = _folder(tmp_path, "image,MEL,NV\n0,1.0,0.0\n1,0.0,1.0\n2,1.0,0.0\n3,0.0,1.0\n")
    assert source.classes["label"] == ["MEL", "NV"]
    assert source.labels["label"].tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("value", ["NaN", "NA", "", "null"])
def test_missing_values_are_no_class(tmp_path: Path, value: str) -> None:
    source = _folder(tmp_path, f"file,label\n0.png,a\n1.png,b\n2.png,b\n3.png,{value}\n")
    assert source.classes["label"] == ["a", "b"]
    assert source.labels["label"][3] == UNLABELLED


def test_numbers_with_and_without_a_point_are_the_same_classes(tmp_path: Path) -> None:
    one = _folder(tmp_path / "a", "file,label\n0.png,0.0\n1.png,1.0\n2.png,2.0\n3.png,2.0\n")
    two = _folder(tmp_path / "b", "file,label\n0.png,0\n1.png,1\n2.png,2\n3.png,2\n")
    assert one.classes == two.classes == {"label": ["0", "1", "2"]}


def test_an_image_of_two_classes_has_none_and_is_told(tmp_path: Path) -> None:
    """The columns stay labels, in their order; a repeated row is no fault."""
    rows = "0.png,a,p0\n1.png,b,p0\n2.png,a,p1\n3.png,b,p1\n3.png,b,p1\n"
    source = _folder(tmp_path, f"file,species,owner\n{rows}1.png,a,p0\n1.png,b,p0\n")
    assert source.classes == {"species": ["a", "b"], "owner": ["p0", "p1"]}
    assert source.labels["species"].tolist() == [0, UNLABELLED, 0, 1]
    assert source.labels["owner"].tolist() == [0, 0, 1, 1]
    (skipped,) = source.census.skipped.items()
    assert skipped == (
        "contradictory values of 'species' in labels.csv",
        Noted(1, ("images/1.png: b and a",)),
    )


def test_two_tables_that_contradict_each_other(tmp_path: Path) -> None:
    write(tmp_path, {"more.csv": b"file,label\n0.png,b\n1.png,b\n2.png,a\n"})
    source = _folder(tmp_path, "file,label\n0.png,a\n1.png,b\n2.png,a\n3.png,b\n")
    assert source.labels["label"].tolist() == [UNLABELLED, 1, 0, 1]
    assert [*source.census.skipped] == ["contradictory values of 'label' in more.csv"]
    assert source.census.lines()[-1] == "labels from a table (labels.csv, more.csv)"


def test_images_of_several_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 images have two values of 'species'") as raised:
        _ = _folder(tmp_path, "file,species\n0.png,a\n0.png,b\n1.png,a\n1.png,b\n2.png,a\n").labels
    assert raised.value.where == f"{tmp_path / 'labels.csv'}, images/0.png"
    assert raised.value.got == "a and b"
    assert raised.value.exit_code == 2


def test_rows_without_a_label_are_counted_once(tmp_path: Path) -> None:
    two = "file,dx,age\n0.png,nv,30\n1.png,,30\n2.png,mel,40\n3.png,mel,\n4.png,nv,40\n"
    source = _folder(tmp_path / "two", two, 5)
    assert source.census.skipped == {"rows of labels.csv that have no 'dx'": Noted(1, (IMAGE_1,))}
    one = _folder(tmp_path / "one", "file,dx\n0.png,nv\n1.png,\n2.png,mel\n3.png,mel\n", 4)
    assert one.census.skipped == source.census.skipped
    assert one.census.unlabelled == Noted(1, (IMAGE_1,))
    assert not [line for line in one.census.lines() if "without a label" in line]
    some = _folder(tmp_path / "some", "file,dx\n0.png,nv\n1.png,\n2.png,mel\n3.png,mel\n", 5)
    assert "2 without a label (images/1.png, images/4.png)" in some.census.lines()


def test_rows_of_too_few_or_too_many_cells_are_counted(tmp_path: Path) -> None:
    rows = '0.png,a,x\n1.png,b\n\n2.png,a,x,,\n"3.png","b\nb",y,z\n4.png,a\n5.png,b,y,z\n'
    source = _folder(tmp_path, f"file,label,site\n{rows}", 6)
    assert source.census.skipped == {
        "missing cells in rows of labels.csv": Noted(2, ("line 3", "line 8")),
        "surplus cells in rows of labels.csv": Noted(2, ("line 7", "line 9")),
    }
    assert _folder(tmp_path / "no", "0.png,a\n1.png\n2.png,b\n3.png,b\n").census.skipped == {
        "missing cells in rows of labels.csv": Noted(1, ("line 2",)),
        "rows of labels.csv that have no 'label'": Noted(1, (IMAGE_1,)),
    }


def test_the_names_of_tables_are_splits(tmp_path: Path) -> None:
    write(tmp_path, {f"images/{i}.png": png(i) for i in range(4)})
    (tmp_path / "train.csv").write_text("file,label\n0.png,a\n1.png,b\n2.png,a\n")
    (tmp_path / "test.csv").write_text("file,label\n3.png,b\n")
    assert {k: len(v) for k, v in splits(tmp_path).items()} == {"test": 1, "train": 3}
    (tmp_path / "test.csv").write_text("file,label\n2.png,a\n")
    with pytest.raises(DataError, match="in two splits"):
        splits(tmp_path)


def test_two_columns_of_labels_that_differ_are_refused(tmp_path: Path) -> None:
    table = "file,label,label\n0.png,a,b\n1.png,b,b\n2.png,a,a\n3.png,b,a\n"
    with pytest.raises(DataError, match="two columns are called 'label'"):
        _ = _folder(tmp_path / "differ", table).labels
    same = "file,label,label\n0.png,a,a\n1.png,b,b\n2.png,a,a\n3.png,b,b\n"
    assert _folder(tmp_path / "same", same).classes["label"] == ["a", "b"]


def test_a_table_above_the_splits_speaks_of_each(tmp_path: Path) -> None:
    """Files of one name in both splits keep their own labels, and no name is called missing."""
    names = [f"train/{i}.png" for i in range(6)] + [f"test/{i}.png" for i in range(4)]
    rows = [f"{name},{'ab'[i % 2]}" for i, name in enumerate(names) if name.startswith("test")]
    tables = {"labels.csv": "file,label\n" + "\n".join(rows), "notes.csv": "name,colour\nx,red\n"}
    images = {name: png(i) for i, name in enumerate(names)}
    found = splits(write(tmp_path, images | {k: v.encode() for k, v in tables.items()}))
    assert found["train"].labels == {}
    assert found["test"].labels["label"].tolist() == [0, 1, 0, 1]
    for source in found.values():
        assert source.census.skipped == {}
        assert source.census.ignored["tables that name no image here"].examples == ("notes.csv",)


def test_labels_of_fewer_than_half_are_not_used_and_said(tmp_path: Path) -> None:
    source = _folder(tmp_path, "file,label\n0.png,a\n1.png,b\n", 8)
    assert source.labels == {}
    table = tmp_path / "labels.csv"
    assert source.census.partly == {table: 2}
    assert source.census.lines() == [
        f"2 of 8 images have labels: labels.csv, a dataset of its own (--labels {table})"
    ]
    assert find(str(table), "train").labels["label"].tolist() == [0, 1]


def test_a_table_whose_rows_mostly_have_no_label_is_not_advised(tmp_path: Path) -> None:
    rows = "".join(f"{i}.png,{'ab'[i] if i < 2 else ''}\n" for i in range(8))
    source = _folder(tmp_path, f"file,dx\n{rows}", 8)
    assert source.labels == {}
    assert not source.census.partly
    assert "ambiguous: 2 of 8 images have a 'dx' in a table, too few to use it" in (
        source.census.lines()
    )


def test_folders_that_hold_nothing_are_named(tmp_path: Path) -> None:
    root = write(tmp_path, {"train/a/1.png": png(1), "test/a/2.png": png(2), "readme.pdf": b"x"})
    (root / "train/b").mkdir()
    (root / "train/.cache").mkdir()
    ignored = splits(root)["train"].census.ignored
    assert ignored["empty folders"].examples == ("b",)
    assert ignored["hidden folders"].examples == (".cache",)
    assert ignored[".pdf files"].examples == ("readme.pdf",)
