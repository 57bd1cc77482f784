"""VTAB's rules for labels, at and beside every cut; and the sets they are applied to."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from datayield.data.sources.torchvision_splits import caltech101, clevr, kitti, sun397
from datayield.data.sources.vtab_labels import clevr_count, clevr_distance, kitti_distance


@pytest.mark.parametrize(
    ("depth", "label"),
    [(3.0, 0), (8.0, 0), (8.001, 1), (8.5, 1), (8.7, 2), (9.2, 3), (9.5, 3), (9.9, 4), (10.0, 4),
     (10.1, 5), (14.0, 5)],
)  # fmt: skip
def test_clevr_distance(depth: float, label: int) -> None:
    assert clevr_distance([12.0 + depth, depth, 99.0]) == label


def test_clevr_count() -> None:
    assert [clevr_count(n) for n in range(3, 11)] == list(range(8))


@pytest.mark.parametrize(
    ("depths", "label"),
    [([7.9, 30.0], 0), ([8.0], 0), ([8.1], 1), ([20.0], 1), ([50.0, 20.1], 2), ([], 3)],
)
def test_kitti_distance(depths: list[float], label: int) -> None:
    assert kitti_distance(depths) == label


def test_clevr_reads_the_published_scenes(tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    scenes = [
        {"image_filename": f"CLEVR_val_{i}.png",
         "objects": [{"pixel_coords": [0, 0, z]} for z in depths]}
        for i, depths in enumerate([[9.7, 8.2, 12.0], [10.5] * 10])
    ]  # fmt: skip
    (tmp_path / "scenes" / "CLEVR_val_scenes.json").write_text(json.dumps({"scenes": scenes}))
    files = [tmp_path / "images" / "val" / f"CLEVR_val_{i}.png" for i in (1, 0)]
    labelled = clevr(SimpleNamespace(_data_folder=tmp_path, _image_files=files), "test")
    assert [Path(file).name for file in labelled.files] == ["CLEVR_val_0.png", "CLEVR_val_1.png"]
    assert labelled.labels == {"count": [0, 7], "distance": [1, 5]}


def test_kitti_takes_vehicles_alone_and_splits_them_for_ever(tmp_path: Path) -> None:
    row = "{} 0 0 0 1 2 3 4 1 1 1 0 0 {} 0"
    images, targets = [], []
    for i in range(720):
        target = tmp_path / f"{i:06d}.txt"
        kinds = [("Pedestrian", 2.0), ("Car", 5.0 + i % 4 * 10), ("DontCare", -1000.0)]
        shown = kinds if i % 5 else [kinds[0]]
        target.write_text("\n".join(row.format(kind, z) for kind, z in shown))
        images.append(str(tmp_path / f"{i:06d}.png"))
        targets.append(str(target))
    dataset = SimpleNamespace(images=images[::-1], targets=targets[::-1])
    parts = {split: kitti(dataset, split) for split in ("train", "test")}
    assert [len(part.files) for part in parts.values()] == [9, 711]
    assert sorted(parts["train"].files + parts["test"].files) == images
    for part in parts.values():
        for file, label in zip(part.files, part.labels["distance"], strict=True):
            i = int(Path(file).stem)
            assert label == (3 if i % 5 == 0 else [0, 1, 2, 2][i % 4])


def test_sets_without_a_split_get_one() -> None:
    caltech = SimpleNamespace(
        root="/c", categories=["ant", "bee"], y=[0] * 6 + [1] * 3, index=[*range(1, 7), 1, 2, 3]
    )
    parts = [caltech101(caltech, split) for split in ("train", "test")]
    assert [len(part.files) for part in parts] == [6, 3]
    assert len({*parts[0].files, *parts[1].files}) == 9
    for file, label in zip(parts[0].files, parts[0].labels["label"], strict=True):
        assert Path(file).parent.name == ["ant", "bee"][label]
    scenes = SimpleNamespace(_image_files=[Path(f"{i}.jpg") for i in "abcde"], _labels=[*range(5)])
    shuffled = SimpleNamespace(_image_files=scenes._image_files[::-1], _labels=scenes._labels[::-1])
    assert sun397(scenes, "train") == sun397(shuffled, "train")
    assert len(sun397(scenes, "test").files) == 1
