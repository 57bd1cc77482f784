"""A mixture is one index space: rows and batches are those of the sets put end to end."""

from pathlib import Path

import numpy as np
import pytest

from datayield.data.decoded.rows import Held, Rows, Stored
from datayield.data.sampling.mixture import EndToEnd, Joined
from datayield.data.sampling.resident import Resident
from datayield.data.sampling.streamed import Streamed
from datayield.data.selection.subset import Indices, SeededOrder, digest_of

SIZES = (7, 1, 12)


def _sets(path: Path) -> tuple[list[Rows], np.ndarray]:
    """Sets in files and in memory, and all their images end to end."""
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (n, 4, 4, 3), dtype=np.uint8) for n in SIZES]
    (path / "a.u8").write_bytes(images[0].tobytes())
    (path / "c.u8").write_bytes(images[2].tobytes())
    sets: list[Rows] = [
        Stored(path / "a.u8", images[0].shape),
        Held(images[1]),
        Stored(path / "c.u8", images[2].shape),
    ]
    return sets, np.concatenate(images)


def test_rows_are_those_of_the_sets_end_to_end(tmp_path: Path) -> None:
    sets, together = _sets(tmp_path)
    rows = Joined(sets)
    assert rows.shape == together.shape
    chosen = np.array([19, 0, 7, 6, 8, 7, 12])
    places = np.array([2, 0, 1, 6, 5, 3, 4])
    out = np.zeros((7, 4, 4, 3), np.uint8)
    rows.read(chosen, out, places)
    expected = np.zeros_like(out)
    expected[places] = together[chosen]
    np.testing.assert_array_equal(out, expected)


def test_positions_are_shifted_by_the_sets_before() -> None:
    parts: list[Indices] = [np.array([3, 1]), np.array([0]), SeededOrder(12, 4, None, 2)]
    joined = EndToEnd(parts, SIZES)
    want = np.array([3, 1, 7, 10, 11, 12, 13])
    assert len(joined) == 7
    np.testing.assert_array_equal(joined[np.arange(7)], want)
    np.testing.assert_array_equal(joined[np.array([6, 0, 2])], want[[6, 0, 2]])
    assert digest_of(joined) == digest_of(want)


@pytest.mark.parametrize("kind", [Resident, Streamed])
def test_batches_are_those_of_one_set(tmp_path: Path, kind: type[Resident | Streamed]) -> None:
    sets, together = _sets(tmp_path)
    chosen = np.array([6, 2, 7, 19, 10, 11])
    joined = EndToEnd([np.array([6, 2]), np.array([0]), np.array([11, 2, 3])], SIZES)
    one, other = Resident(together, chosen, "cpu"), kind(Joined(sets), joined, "cpu")
    for step in range(4):
        assert (one.batch(5, step, 4) == other.batch(5, step, 4)).all()
    other.close()


def test_a_batch_holds_the_parts_in_proportion() -> None:
    images = np.zeros((400, 1, 1, 3), np.uint8)
    images[300:] = 1
    source = Resident(Joined([Held(images[:300]), Held(images[300:])]), np.arange(400), "cpu")
    shares = np.array([source.batch(0, s, 64).float()[:, 0].mean().item() for s in range(100)])
    assert abs(shares.mean() - 0.25) < 0.005  # of 16 passes: exact but for the last
    assert 0.01 < shares.std() < 0.08  # a draw of 64, not a rule for each batch
