"""torchvision's datasets, on tiny files laid out as theirs."""

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torchvision.datasets

from datayield.data.catalog import find
from datayield.data.decoded.arrays import prepare
from datayield.data.sources.torchvision import TorchvisionSet
from datayield.data.sources.torchvision_names import SETS, Named, Split
from datayield.spec.errors import DataError
from tests.data.made import encoded, pixels, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "torchvision"


def shrink(monkeypatch: pytest.MonkeyPatch, name: str, **counts: int) -> None:
    """Tell the table that `name` has that few images."""
    named = SETS[name]
    fewer = {s: Split(named.splits[s].arguments, n) for s, n in counts.items()}
    monkeypatch.setitem(SETS, name, Named(fewer, named.files, labels=named.labels))


def test_the_table_fits_torchvision() -> None:
    for name, named in SETS.items():
        assert hasattr(torchvision.datasets, name)
        assert all(split.images > 0 for split in named.splits.values())


def test_listing_fetches_nothing(root: Path) -> None:
    assert find("torchvision/CIFAR10", "train").listing().images == 50_000
    assert not root.exists()


def test_a_set_of_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, "DTD", train=3)
    names = ["dotted/dotted_1.jpg", "lined/lined_7.jpg", "dotted/dotted_3.jpg"]
    base = write(
        root / "dtd" / "dtd",
        {f"images/{n}": encoded(pixels(i), "JPEG") for i, n in enumerate(names)},
    )
    for split in ("train", "val", "test"):
        write(base, {f"labels/{split}1.txt": "\n".join(names).encode()})
    source = find("torchvision/DTD", "train")
    assert source.labels["label"].tolist() == [0, 1, 0]
    assert source.classes == {"label": ["dotted", "lined"]}
    assert source.read(1) == (base / "images" / names[1]).read_bytes()
    assert source.names(2) == "dtd/dtd/images/dotted/dotted_3.jpg"
    assert len(prepare("torchvision/DTD", "train", 8)) == 3


def test_a_set_of_pixels(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, "FashionMNIST", train=4, test=4)
    grey = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    labels = np.array([9, 0, 3, 3], np.uint8)
    for part in ("train", "t10k"):
        idx3 = struct.pack(">IIII", 2051, 4, 28, 28) + grey.tobytes()
        idx1 = struct.pack(">II", 2049, 4) + labels.tobytes()
        raw = root / "FashionMNIST" / "raw"
        write(raw, {f"{part}-images-idx3-ubyte": idx3, f"{part}-labels-idx1-ubyte": idx1})
    source = find("torchvision/FashionMNIST", "train")
    assert source.labels["label"].tolist() == [9, 0, 3, 3]
    assert source.classes["label"][9] == "Ankle boot"
    again = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(again.read(2), np.repeat(grey[2][..., None], 3, axis=2))


def test_a_split_of_our_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, "EuroSAT", train=8, test=2)
    files = {
        f"{c}/{c}_{i}.jpg": encoded(pixels(i), "JPEG") for c in ("Crop", "Sea") for i in range(5)
    }
    write(root / "eurosat" / "2750", files)
    parts = [find("torchvision/EuroSAT", split) for split in ("train", "test")]
    names = [{source.names(i) for i in range(len(source))} for source in parts]
    assert (len(names[0]), len(names[1])) == (8, 2)
    assert not names[0] & names[1]


def test_pets_from_their_list(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch, "OxfordIIITPet", train=2)
    base = root / "oxford-iiit-pet"
    write(base, {f"images/{n}_1.jpg": encoded(pixels(0), "JPEG") for n in ("Pug", "Bengal")})
    write(base, {"annotations/trainval.txt": b"Bengal_1 1 1 1\nPug_1 2 2 1\n"})
    source = find("torchvision/OxfordIIITPet", "train")
    assert source.labels["label"].tolist() == [0, 1]
    assert source.classes["label"] == ["Bengal", "Pug"]
    assert source.names(1) == "oxford-iiit-pet/images/Pug_1.jpg"


def test_hidden_labels_are_not_used(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fake:
        data = np.zeros((3, 3, 96, 96), np.uint8)
        labels = np.array([-1, -1, -1])
        classes = ("plane", "bird")

        def __init__(self, *_: Any, **__: Any) -> None:
            self.data[1, 2] = 7

    monkeypatch.setattr(torchvision.datasets, "STL10", Fake)
    shrink(monkeypatch, "STL10", unlabeled=3)
    source = find("torchvision/STL10", "unlabeled")
    assert (source.labels, source.classes) == ({}, {})
    assert np.asarray(source.read(1))[0, 0].tolist() == [0, 0, 7]


def test_no_internet(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise OSError("<urlopen error [Errno -2] Name or service not known>")

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", offline)
    with pytest.raises(DataError, match="cannot be downloaded") as caught:
        prepare("torchvision/CIFAR10", "train", 32)
    assert str(root) in str(caught.value)
    assert "DATAYIELD_CACHE" in str(caught.value)


def test_an_incomplete_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fake:
        data = np.zeros((3, 32, 32, 3), np.uint8)
        targets = (0, 1, 2)

        def __init__(self, *_: Any, **__: Any) -> None:
            pass

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", Fake)
    with pytest.raises(DataError, match=r"incomplete\n.*\n.*3 images"):
        _ = TorchvisionSet("CIFAR10", "train").labels
