"""Archives of folders: read from a copy, spoken of by their own name."""

import zipfile
from pathlib import Path

import pytest

from datayield.data.catalog import find
from datayield.spec.errors import DataError
from tests.data.made import png, write, write_tar


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def test_classes_do_not_keep_the_folder_around_them(tmp_path: Path) -> None:
    members = {"pets/cat/1.png": png(0), "pets/dog/1.png": png(1)}
    for path in (_zip(tmp_path / "a.zip", members), write_tar(tmp_path / "b.tar", members)):
        assert find(str(path), "train").classes == {"label": ["cat", "dog"]}


def test_messages_name_the_archive(tmp_path: Path) -> None:
    path = _zip(tmp_path / "a.zip", {"1.png": png(0), "metadata.jsonl": b"{}\n\n{no"})
    with pytest.raises(DataError, match="not a readable table: line 3 is not JSON") as refused:
        _ = find(str(path), "train").labels
    assert refused.value.where == f"{path}/metadata.jsonl"


def test_images_beside_an_archive_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"cat/1.png": png(0)})
    _zip(tmp_path / "backup.zip", {"x.png": png(1)})
    with pytest.raises(DataError, match="lie in one folder"):
        find(str(tmp_path), "train")
    assert len(find(str(tmp_path), "./")) == 1
