"""Names to sources, and what is said when there is none."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datayield.data.catalog import entries, find
from datayield.data.sources import digits
from datayield.data.split_content import split_listing
from datayield.spec.errors import DataError
from tests.data.made import png, write, write_parquet, write_tar

CLASSES = {"cat/a.png": png(0), "cat/b.png": png(1), "dog/c.PNG": png(2)}


def message(dataset: str, split: str = "train") -> str:
    with pytest.raises(DataError) as caught:
        find(dataset, split)
    return str(caught.value)


def test_importing_it_brings_in_nothing_heavy() -> None:
    heavy = "{'torch', 'numpy', 'pyarrow', 'sklearn', 'PIL', 'pydantic'}"
    code = f"import sys, datayield.data.catalog; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


def test_a_path_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither sets that ship nor their spelling are of use then: the nearest path is."""
    for name in ("data/birds/sorted", "here/photos"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("DATAYIELD_DATA", str(tmp_path / "data"))
    for name, near in (
        ("../her/photos", "../here/photos"),
        (str(tmp_path / "here/Photos"), str(tmp_path / "here/photos")),
        ("photos", "./photos"),  # it is here, and not in DATAYIELD_DATA
        ("photo", "./photos"),
        ("birds/sortd", "birds/sorted"),  # this one is
        ("labels.csv", ""),
    ):
        with pytest.raises(DataError, match="no such file or folder") as wrong:
            find(name, "train")
        assert wrong.value.nearest == near
        assert not wrong.value.allowed
    with pytest.raises(DataError, match="did you mean 'digits'") as plain:
        find("digit", "train")
    assert "torchvision/CIFAR10" in plain.value.allowed


def test_listing_needs_no_torch(tmp_path: Path) -> None:
    root = write_parquet(tmp_path / "d" / "train-00000-of-00001.parquet", [png(0)], {}).parent
    code = (
        "import sys; from datayield.data.catalog import entries, find; entries();"
        "from datayield.data.split_content import split_listing;"
        "names = ('digits', 'sprites', 'torchvision/DTD', sys.argv[1]);"
        "[split_listing(find(name, 'train')) for name in names];"
        "print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(root)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_name_below_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "pets", {f"train/{name}": data for name, data in CLASSES.items()})
    write(tmp_path / "pets", {"test/dog/z.png": png(3)})
    monkeypatch.setenv("DATAYIELD_DATA", str(tmp_path))
    assert len(find("pets", "train")) == 3
    assert find("pets", "test").labels["label"].tolist() == [1]  # classes of all splits count
    by_name = {entry.name: entry for entry in entries()}
    assert by_name["pets"].splits == {"test": None, "train": None}
    assert set(by_name) >= {"digits", "sprites", "torchvision/CIFAR10"}


def test_fingerprint_does_not_depend_on_the_place_but_the_stamp_does(tmp_path: Path) -> None:
    one = find(str(write(tmp_path / "one", CLASSES)), "train")
    two = find(str(write(tmp_path / "two", CLASSES)), "train")
    assert one.listing() == two.listing()
    assert one.stamp != two.stamp
    more = find(str(write(tmp_path / "two", {"dog/d.png": png(3)})), "train")
    assert more.listing().fingerprint != two.listing().fingerprint


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "mine", {"a.png": png(0)})
    monkeypatch.chdir(tmp_path)
    assert split_listing(find("./mine", "train")).images == 1


def test_every_kind_can_be_pickled_and_reads_the_same(tmp_path: Path) -> None:
    images = [png(i) for i in range(6)]
    write_parquet(tmp_path / "p" / "train-00000-of-00001.parquet", images, {})
    write_tar(tmp_path / "t" / "train-0.tar", {f"{i}.png": b for i, b in enumerate(images)})
    write(tmp_path / "f", {f"{i}.png": b for i, b in enumerate(images)})
    for name in ("p", "t", "f"):
        source = find(str(tmp_path / name), "train")
        again = pickle.loads(pickle.dumps(source))
        assert [again.read(i) for i in range(6)] == images
        assert again.stamp == source.stamp
        assert all(source.names(i) for i in range(6))


def test_unknown_names_say_where_and_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "DATAYIELD_DATA is not set" in message("flowers")
    write(tmp_path / "flowers", {"a.png": png(0)})
    monkeypatch.setenv("DATAYIELD_DATA", str(tmp_path))
    text = message("flower")
    assert str(tmp_path / "flower") in text
    assert "did you mean 'flowers'?" in text
    assert "torchvision/CIFAR10" in text
    assert "did you mean 'torchvision/CIFAR10'?" in message("torchvision/CIFAR-10") or (
        "did you mean 'CIFAR10'?" in message("torchvision/CIFAR-10")
    )
    assert str(tmp_path / "nowhere") in message(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("dataset", ["digits", "sprites", "torchvision/CIFAR10"])
def test_unknown_split(dataset: str) -> None:
    text = message(dataset, "tset")
    assert "allowed: test, train" in text
    assert "did you mean 'test'?" in text


def test_split_of_a_folder_without_splits(tmp_path: Path) -> None:
    text = message(str(write(tmp_path, {"a.png": png(0)})), "test")
    assert "train[:80%]" in text


def test_spellings_of_splits(tmp_path: Path) -> None:
    write(tmp_path, {"training/a.png": png(0), "validation/b.png": png(1), "Test/c.png": png(2)})
    for split in ("train", "val", "test"):
        assert len(find(str(tmp_path), split)) == 1


def test_empty_folder_and_options_where_none_are(tmp_path: Path) -> None:
    assert "has no images" in message(str(tmp_path))
    assert "only sprites and dsprites accept options" in message("digits?n=3")


def test_digits() -> None:
    train, test = find("digits", "train"), find("digits", "test")
    assert (len(train), len(test)) == (1000, 797)
    assert len(train.labels["digit"]) == 1000
    everything = {bytes(np.asarray(s.read(i))) for s in (train, test) for i in range(len(s))}
    from sklearn.datasets import load_digits

    expected = load_digits()
    assert len(everything) == len({image.tobytes() for image in expected.images})
    assert max(np.asarray(train.read(i)).max() for i in range(100)) == 255
    assert "".join(map(str, expected.target)) == digits.DIGIT
    ink = expected.images.sum(axis=(1, 2))
    fifths = np.digitize(ink, np.quantile(ink, (0.2, 0.4, 0.6, 0.8)))
    assert "".join(map(str, fifths)) == digits.INK


def test_pixels_of_digits_belong_to_their_labels() -> None:
    source = find("digits", "train")
    images = np.stack([np.asarray(source.read(i)) for i in range(len(source))]).astype(float)
    labels = source.labels["digit"]
    means = np.stack([images[labels == k].mean(axis=0) for k in range(10)])
    away = ((images[:, None] - means) ** 2).sum(axis=(2, 3, 4))
    assert (away.argmin(axis=1) == labels).mean() > 0.85
    ink, bins = images.sum(axis=(1, 2, 3)), source.labels["ink"]
    assert all(ink[bins == k].max() <= ink[bins == k + 1].min() for k in range(4))
    assert np.bincount(bins).min() > 150
