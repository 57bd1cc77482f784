"""Images are known by what they are: not by names, places or the company they keep."""

import os
from pathlib import Path

import numpy as np
import pytest

from datayield.data import content
from datayield.data.catalog import find
from datayield.data.content import content_of, ranked, remember_undecodable, undecodable
from datayield.data.split_content import split_listing
from datayield.spec.run import Part, Subset
from tests.data.made import png, write


def pool(root: Path, count: int = 40) -> Path:
    return write(root, {f"{i:03}.png": png(i) for i in range(count)})


def subset(root: Path, **asked: object) -> str | None:
    listing = split_listing(find(str(root), "train"))
    assert listing.content is not None
    return listing.content.subset(Subset(dataset=str(root), **asked))  # type: ignore[arg-type]


def test_digests_follow_the_bytes_and_not_the_names(tmp_path: Path) -> None:
    one = content_of(find(str(pool(tmp_path / "one")), "train"))
    other = write(tmp_path / "other", {f"z{i:03}.png": png(39 - i) for i in range(40)})
    two = content_of(find(str(other), "train"))
    assert one is not None
    assert two is not None
    assert len(set(one.tolist())) == 40
    np.testing.assert_array_equal(one, two[::-1])


def test_a_moved_folder_is_the_same_subset(tmp_path: Path) -> None:
    before = subset(pool(tmp_path / "here"), count=10)
    (tmp_path / "here").rename(tmp_path / "there")
    assert subset(tmp_path / "there", count=10) == before


def test_an_image_of_the_same_size_and_time_is_another_image(tmp_path: Path) -> None:
    root = pool(tmp_path / "pool")
    path = root / "007.png"
    before, info = subset(root), path.stat()
    changed = bytearray(path.read_bytes())
    changed[-20] ^= 1
    beside = root / "beside"
    beside.write_bytes(bytes(changed))
    os.utime(beside, ns=(info.st_atime_ns, info.st_mtime_ns))
    beside.replace(path)  # as copying tools do: another inode
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (info.st_size, info.st_mtime_ns)
    assert subset(root) != before


@pytest.mark.parametrize("count", [10, 20])
def test_an_addition_changes_at_most_one_image_of_a_subset(tmp_path: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    digests = rng.integers(0, 2**63, 41).astype(np.uint64)
    unchanged = 0
    for seed in range(50):
        few = digests[:40][ranked(digests[:40], seed)][:count]
        more = digests[ranked(digests, seed)][:count]
        assert len(np.setdiff1d(few, more)) <= 1
        unchanged += np.array_equal(few, more)
    assert unchanged == pytest.approx(50 * (1 - count / 41), abs=12)


def test_ranks_are_nested_and_uniform() -> None:
    digests = np.arange(2000, dtype=np.uint64)
    first = np.array([ranked(digests, seed)[:200] for seed in range(40)])
    assert first.mean() == pytest.approx(999.5, abs=5 * 577 / np.sqrt(40 * 200))
    assert len({row.tobytes() for row in first}) == 40


def test_only_what_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pool(tmp_path / "pool")
    content_of(find(str(root), "train"))
    read: list[int] = []
    real = content._digest
    monkeypatch.setattr(
        content, "_digest", lambda source, i, how: read.append(i) or real(source, i, how)
    )
    content_of(find(str(root), "train"))
    assert read == []
    write(root, {"aaa.png": png(99)})
    content_of(find(str(root), "train"))
    assert read == [40]  # behind 039.png


def test_damaged_images_are_left_out_once_they_are_known(tmp_path: Path) -> None:
    root = pool(tmp_path / "pool")
    digests = content_of(find(str(root), "train"))
    assert digests is not None
    remember_undecodable(digests[3:5])
    assert undecodable(digests).nonzero()[0].tolist() == [3, 4]
    assert split_listing(find(str(root), "train")).images == 38


def test_labels_count_and_their_numbers_do_not(tmp_path: Path) -> None:
    names = {f"{'cat' if i % 2 else 'dog'}/{i}.png": png(i) for i in range(10)}
    root = write(tmp_path / "task", names)

    def items(label: str | None) -> str:
        listing = split_listing(find(str(root), "train"))
        assert listing.content is not None
        return listing.content.items(label)

    images, labels = items(None), items("label")
    write(root, {"ant/99.png": png(99)})  # cat and dog get other numbers
    more = items("label")
    (root / "ant/99.png").unlink()
    (root / "ant").rmdir()
    assert (items(None), items("label")) == (images, labels)
    (root / "cat/1.png").rename(root / "dog/1.png")
    assert items(None) == images
    assert len({items("label"), labels, more}) == 3


def test_copies_are_counted(tmp_path: Path) -> None:
    root = write(tmp_path / "pool", {f"{i}.png": png(i % 5) for i in range(9)})
    listing = split_listing(find(str(root), "train"))
    assert listing.content is not None
    assert listing.content.distinct(Part(dataset=str(root))) == 5


def test_the_slices_of_a_split_share_no_copy(tmp_path: Path) -> None:
    root = write(tmp_path / "pool", {f"{i}.png": png(i % 20) for i in range(60)})
    for cut in (20, 35, 50, 80):
        slices = [find(str(root), s) for s in (f"train[:{cut}%]", f"train[{cut}%:]")]
        digests = [content_of(s) for s in slices]
        assert sum(map(len, slices)) == 60
        assert not set(digests[0].tolist()) & set(digests[1].tolist())  # type: ignore[union-attr]


def test_a_file_overwritten_in_place_is_read_again_though_its_time_was_set_back(
    tmp_path: Path,
) -> None:
    root = pool(tmp_path / "pool")
    path = root / "007.png"
    before, info = subset(root), path.stat()
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (info.st_mtime_ns, info.st_ino)
    assert subset(root) != before


def test_digests_that_were_changed_are_made_anew(tmp_path: Path) -> None:
    root = pool(tmp_path / "pool")
    before = subset(root)
    path = next((tmp_path / "cache/content").glob("*.npy"))
    np.save(path, np.load(path) ^ np.uint64(1))
    assert subset(root) == before
