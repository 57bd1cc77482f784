"""Streaming gives the bits that memory gives, holds a window, says what broke, and ends."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from datayield.data.decoded.rows import Held, Stored
from datayield.data.sampling.resident import Resident
from datayield.data.sampling.streamed import AHEAD, Streamed
from datayield.spec.errors import DataError
from tests.forked import exit_code

N, S = 300, 4


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (N, S, S, 3), np.uint8)


@pytest.fixture
def stored(images: np.ndarray, tmp_path: Path) -> Stored:
    (tmp_path / "images.u8").write_bytes(images.tobytes())
    return Stored(tmp_path / "images.u8", images.shape)


def readers() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("images")]


@pytest.mark.parametrize("size", [8, 100, 250])  # 250: more than the subset holds
def test_the_bits_are_those_of_memory(images: np.ndarray, stored: Stored, size: int) -> None:
    chosen = np.random.default_rng(1).permutation(N)[:200]
    inside, streamed = Resident(images, chosen, "cpu"), Streamed(stored, chosen, "cpu")
    assert len(streamed) == len(inside) == 200
    # In order, then a jump back, another seed, and parts of batches.
    for seed, step in [*((1, step) for step in range(7)), (1, 2), (1, 3), (2, 4), (2, 90)]:
        for part in (slice(None), slice(2, 5)):
            expected = inside.batch(seed, step, size, part)
            batch = streamed.batch(seed, step, size, part)
            assert torch.equal(batch, expected)
            assert batch.stride() == expected.stride()
    streamed.close()


def test_a_file_in_memory_is_the_file(images: np.ndarray, stored: Stored) -> None:
    chosen = np.arange(N)[::-1].copy()
    one, other = Resident(images, chosen, "cpu"), Resident(stored, chosen, "cpu")
    assert torch.equal(one.batch(0, 0, N), other.batch(0, 0, N))


def test_a_batch_is_the_callers_own(stored: Stored) -> None:
    streamed = Streamed(stored, np.arange(N), "cpu")
    first = streamed.batch(0, 0, 16)
    kept = first.clone()
    for step in range(1, 3 * AHEAD):
        streamed.batch(0, step, 16)
    assert torch.equal(first, kept)
    streamed.close()


class Counting(Held):
    """Counts the rows that are read."""

    def __init__(self, images: np.ndarray) -> None:
        super().__init__(images)
        self.count, self.lock = 0, threading.Lock()

    def read(self, chosen: np.ndarray, out: np.ndarray, places: np.ndarray) -> None:
        super().read(chosen, out, places)
        with self.lock:
            self.count += len(chosen)


def test_each_row_is_read_once_and_only_a_window_ahead(images: np.ndarray) -> None:
    rows = Counting(images)
    streamed = Streamed(rows, np.arange(N), "cpu")
    for step in range(10):
        streamed.batch(0, step, 16)
    streamed.close()
    assert 10 * 16 <= rows.count <= (10 + AHEAD) * 16


def test_threads_end_when_closed_and_come_again(stored: Stored) -> None:
    before = readers()
    streamed = Streamed(stored, np.arange(N), "cpu")
    expected = streamed.batch(0, 0, 16)
    assert len(readers()) > len(before)
    streamed.close()
    assert readers() == before
    assert torch.equal(streamed.batch(0, 0, 16), expected)
    streamed.close()
    assert readers() == before


def test_a_file_cut_short_is_named(stored: Stored) -> None:
    os.truncate(stored.path, N * S * S * 3 // 2)
    streamed = Streamed(stored, np.arange(N), "cpu")
    with pytest.raises(DataError, match="ends before image") as caught:
        streamed.batch(0, 0, N)
    assert str(stored.path) in str(caught.value)
    assert "decoded again" in caught.value.hint
    assert readers() == []


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file") as caught:
        Stored(tmp_path / "images.u8", (1, 2, 2, 3))
    assert str(tmp_path / "images.u8") in str(caught.value)


def read_and_fail(path: Path) -> None:
    Streamed(Stored(path, (N, S, S, 3)), np.arange(N), "cpu").batch(0, 0, 64)
    raise SystemExit(7)


def test_a_process_that_fails_ends(stored: Stored) -> None:
    assert exit_code(read_and_fail, stored.path) == 7


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from datayield.data.free_memory import _fields, images_fit
from datayield.data.decoded.rows import Stored
from datayield.data.sampling.streamed import Streamed
import torch
shape = (2_000_000, 36, 36, 3)
size = next(_fields(Path("/proc/self/status"), "VmSize:", 1024))
resource.setrlimit(resource.RLIMIT_AS, (size + (700 << 20),) * 2)
assert not images_fit(int(np.prod(shape)), torch.device("cpu"))
try:
    np.memmap(sys.argv[1], np.uint8, "r", shape=shape)
except OSError:
    pass
else:
    raise SystemExit("the limit is not in force")
before = next(_fields(Path("/proc/self/status"), "VmRSS:", 1024))
images = Streamed(Stored(Path(sys.argv[1]), shape), np.arange(shape[0]), "cpu")
for step in range(100):
    assert images.batch(0, step, 256).shape == (256, 3, 36, 36)
images.close()
held = next(_fields(Path("/proc/self/status"), "VmHWM:", 1024)) - before
assert held < 150 << 20, held  # five batches are 5 MB, indices and order 16 MB each, read 100 MB
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v is not enforced elsewhere")
def test_under_ulimit_v_a_file_ten_times_the_room_is_read(tmp_path: Path) -> None:
    path = tmp_path / "images.u8"
    with path.open("wb") as file:
        file.truncate(2_000_000 * 36 * 36 * 3)  # holes: 8 GB that take no disk
    command = [sys.executable, "-c", LIMITED, str(path)]
    env = os.environ | {"MALLOC_ARENA_MAX": "2"}  # each arena reserves 64 MB of addresses
    done = subprocess.run(command, timeout=120, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_the_bits_are_the_same(images: np.ndarray, stored: Stored) -> None:
    inside = Resident(images, np.arange(N), "cuda")
    streamed = Streamed(stored, np.arange(N), "cuda")
    for step in [*range(40), 3]:
        batch = streamed.batch(0, step, 64)
        assert batch.is_cuda
        assert torch.equal(batch, inside.batch(0, step, 64))
    streamed.close()
