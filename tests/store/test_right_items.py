"""Which test items were right: kept in bits beside a record, and ignored if not whole."""

from pathlib import Path

import numpy as np
import pytest

from datayield.store.folders import RunFolder, Store
from datayield.store.right_items import RightItems
from tests.stored import result

RUN, SHARE, EVAL = "0123456789ab", 0.5, "ba9876543210"
RIGHT = np.random.default_rng(0).random((3, 1003)) < 0.6
ITEMS = RightItems(np.packbits(RIGHT, axis=1), (500, 400, 103), "feedfeedfeed")


def kept(tmp_path: Path, items: RightItems | None = ITEMS) -> tuple[RunFolder, Path]:
    folder = Store(tmp_path).run(RUN)
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.write_result(result(RUN, SHARE, EVAL, accuracy=0.6), items)
    return folder, folder.result(SHARE, EVAL).with_suffix(".items")


def test_they_are_read_as_they_were_written(tmp_path: Path) -> None:
    folder, path = kept(tmp_path)
    again = folder.read_right(SHARE, EVAL)
    assert again is not None
    assert np.array_equal(again.right(), RIGHT)
    assert (again.classes, again.items, again.n) == (ITEMS.classes, ITEMS.items, 1003)
    assert len(path.read_bytes()) < 3 * 126 + 200  # 1,003 bits are 126 bytes
    assert folder.has_result(SHARE, EVAL)


def test_a_record_without_them_is_whole_and_leaves_none_of_an_earlier_attempt(
    tmp_path: Path,
) -> None:
    folder, path = kept(tmp_path)
    kept(tmp_path, None)
    assert not path.exists()
    assert folder.read_right(SHARE, EVAL) is None
    assert folder.has_result(SHARE, EVAL)


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:50],
        lambda data: data + b"\0",
        lambda data: data[:-1] + bytes([data[-1] ^ 8]),
        lambda data: data.replace(b"500", b"501"),
        lambda data: b"{}\n",
    ],
)
def test_damaged_ones_are_ignored(tmp_path: Path, harm: object) -> None:
    folder, path = kept(tmp_path)
    path.write_bytes(harm(path.read_bytes()))  # type: ignore[operator]
    assert folder.read_right(SHARE, EVAL) is None
    assert folder.has_result(SHARE, EVAL)  # the record needs none


def test_those_of_another_run_or_milestone_are_ignored(tmp_path: Path) -> None:
    folder, path = kept(tmp_path)
    other = folder.result(1.0, EVAL).with_suffix(".items")
    other.write_bytes(path.read_bytes())
    assert folder.read_right(1.0, EVAL) is None
    stranger = Store(tmp_path).run("f" * 12)
    (stranger.path / "evals").mkdir(parents=True)
    stranger.result(SHARE, EVAL).with_suffix(".items").write_bytes(path.read_bytes())
    assert stranger.read_right(SHARE, EVAL) is None
