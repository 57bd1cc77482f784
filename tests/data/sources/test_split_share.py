"""Shares of a split are disjoint, whole together, mixed over classes, and cheap to name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datayield.data.catalog import find
from datayield.data.decoded.arrays import prepare
from datayield.data.sources.split_share import group_names
from datayield.data.split_content import split_listing
from datayield.data.splits import share_of
from datayield.spec.errors import DataError
from tests.data.made import png, write, write_parquet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """60 images in 3 classes, without splits."""
    for k in range(3):
        (tmp_path / "mine" / f"class{k}").mkdir(parents=True)
        for i in range(20):
            pixels = np.full((16, 16, 3), 60 * k + i, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "mine" / f"class{k}" / f"{i}.png")
    return tmp_path / "mine"


def test_shares_are_disjoint_and_whole_together(folder: Path) -> None:
    train, test = find(str(folder), "train[:80%]"), find(str(folder), "train[80%:]")
    assert (len(train), len(test)) == (48, 12)
    names = [{s.names(i) for i in range(len(s))} for s in (train, test)]
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 60
    assert all(len(set(s.labels["label"])) == 3 for s in (train, test))


def test_pixels_and_labels_of_a_share_belong_together(folder: Path) -> None:
    arrays = prepare(str(folder), "train[25%:75%]", 16)
    assert len(arrays) == 30
    np.testing.assert_array_equal(arrays.images[:, 0, 0, 0] // 60, arrays.labels["label"])


def test_fingerprints_tell_shares_apart(folder: Path) -> None:
    shares = ["train", "train[:50%]", "train[50%:]"]
    assert len({split_listing(find(str(folder), share)).fingerprint for share in shares}) == 3
    assert split_listing(find("sprites?n=1000", "train[10%:]")).images == 900


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("train", ("train", None, None)), ("train[:80%]", ("train", (0, 80), None)),
        ("val[20%:]", ("val", (20, 100), None)), ("train[20%:60%]", ("train", (20, 60), None)),
        ("train[: by patient]", ("train", (0, 100), "patient")),
        ("train[80%: by Patient ID]", ("train", (80, 100), "Patient ID")),
    ],
)  # fmt: skip
def test_spelling(text: str, meant: object) -> None:
    assert share_of(text) == meant


@pytest.mark.parametrize(
    "text",
    ["train[80]", "train[60%:20%]", "train[:120%]", "train[", "[:5%]", "train[by x]", "a[: by ]"],
)
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="invalid split slice"):
        share_of(text)


def _patients(root: Path, count: int = 40, per: int = 4) -> Path:
    """Images of ten patients and two classes, with a table."""
    write(root, {f"images/{i}.png": png(i) for i in range(count)})
    rows = [f"{i}.png,p{i // per},{i % 2}" for i in range(count)]
    (root / "labels.csv").write_text("\n".join(["file,patient,label", *rows]))
    return root


def test_images_of_a_group_are_in_one_slice(tmp_path: Path) -> None:
    root = str(_patients(tmp_path))
    train, test = (find(root, f"train[{part} by patient]") for part in (":80%", "80%:"))
    groups = [{*group_names(s, "patient")} for s in (train, test)]
    assert not groups[0] & groups[1]
    assert len(groups[0] | groups[1]) == 10
    assert (len(train), len(test)) == (32, 8)
    assert "80% to 100% by patient: 2 of 10 groups, 8 images" in test.census.lines()
    assert {*test.labels["label"].tolist()} == {0, 1}


def test_a_new_group_moves_no_other_one_far(tmp_path: Path) -> None:
    few, more = (_patients(tmp_path / str(n), n) for n in (40, 44))
    before, after = (
        {*group_names(find(str(root), "train[:50% by patient]"), "patient")} for root in (few, more)
    )
    assert len(before ^ after) <= 2


def test_groups_may_be_the_folders_of_images_or_a_column_of_rows(tmp_path: Path) -> None:
    write(tmp_path / "a", {f"site{k}/{i}.png": png(9 * k + i) for k in range(4) for i in range(3)})
    half = find(str(tmp_path / "a"), "train[:50% by folder]")
    assert len(half) == 6
    assert len({half.names(i).partition("/")[0] for i in range(6)}) == 2
    columns = {"site": ([1.0, 1.0, 2.0, 2.0], None), "label": ([0, 1, 0, 1], None)}
    path = write_parquet(tmp_path / "b.parquet", [png(i) for i in range(4)], columns)
    slices = [find(str(path), f"train[{part} by site]") for part in (":50%", "50%:")]
    assert sorted(group_names(s, "site") for s in slices) == [["1", "1"], ["2", "2"]]


def test_groupings_that_cannot_be(tmp_path: Path) -> None:
    root = _patients(tmp_path)
    with pytest.raises(DataError, match="cannot be grouped by 'patent'") as refused:
        find(str(root), "train[:80% by patent]")
    assert "did you mean 'patient'?" in refused.value.text()
    with pytest.raises(DataError, match="no group is in 99% to 100%"):
        find(str(root), "train[99%: by patient]")
    with pytest.raises(DataError, match="cannot be grouped"):
        find("digits", "train[:80% by writer]")
    text = (root / "labels.csv").read_text().replace("0.png,p0", "0.png,", 1)
    (root / "labels.csv").write_text(text)
    with pytest.raises(DataError, match="1 of 40 images have no value of 'patient'"):
        find(str(root), "train[:80% by patient]")
