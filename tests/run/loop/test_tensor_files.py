"""Files of tensors: any flipped bit, any other owner, any foreign file is found."""

import pickle
import random
from pathlib import Path

import pytest
import torch

from datayield.run.loop.tensor_files import (
    CHECKPOINT,
    STATE,
    content_digest,
    read_tensors,
    write_tensors,
)
from datayield.spec.errors import DamagedFileError, StoreError
from datayield.store.folders import RunFolder

CPU = torch.device("cpu")
CONTENT = {
    "run": "a",
    "share": 0.5,
    "encoder": {"w": torch.arange(12.0).reshape(3, 4), "half": torch.ones(3, dtype=torch.bfloat16)},
    "optimizer": {"betas": (0.9, 0.999), "state": {0: {"step": torch.tensor(3.0)}}, "none": None},
}


def _written(folder: Path) -> Path:
    path = folder / "a.pt"
    write_tensors(RunFolder(folder), path, CHECKPOINT, CONTENT)
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    read = read_tensors(_written(tmp_path), CPU, CHECKPOINT, run="a", share=0.5)
    assert content_digest(read) == content_digest(CONTENT | {"kind": CHECKPOINT})
    assert list(tmp_path.iterdir()) == [tmp_path / "a.pt"]


@pytest.mark.parametrize("owner", [{"run": "b"}, {"share": 1.0}, {"step": 3}])
def test_a_file_of_another_owner_is_refused(tmp_path: Path, owner: dict[str, object]) -> None:
    with pytest.raises(DamagedFileError, match=f"{next(iter(owner))} .* instead of"):
        read_tensors(_written(tmp_path), CPU, CHECKPOINT, **owner)
    with pytest.raises(DamagedFileError, match="kind"):
        read_tensors(tmp_path / "a.pt", CPU, STATE)


def test_no_flipped_bit_changes_what_is_read(tmp_path: Path) -> None:
    path = _written(tmp_path)
    whole, right, rng = path.read_bytes(), content_digest(CONTENT | {"kind": CHECKPOINT}), 0
    refused = 0
    for bit in random.Random(rng).sample(range(8 * len(whole)), 400):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            read = read_tensors(path, CPU, CHECKPOINT, run="a")
        except DamagedFileError:
            refused += 1
        else:  # a bit of padding, or of a name inside the archive
            read.pop("seal", None)
            assert content_digest(read) == right
    assert refused > 100


@pytest.mark.parametrize(
    "data", [b"", b"half", pickle.dumps([1]), pickle.dumps({"kind": CHECKPOINT}), b"PK\x05\x06" * 9]
)
def test_a_foreign_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.pt").write_bytes(data)
    with pytest.raises(DamagedFileError):
        read_tensors(tmp_path / "a.pt", CPU, CHECKPOINT)
    (tmp_path / "folder.pt").mkdir()
    with pytest.raises(DamagedFileError):
        read_tensors(tmp_path / "folder.pt", CPU, CHECKPOINT)
    with pytest.raises(StoreError, match="not found"):
        read_tensors(tmp_path / "absent.pt", CPU, CHECKPOINT)


def test_a_list_in_a_torch_file_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "a.pt")
    with pytest.raises(DamagedFileError, match="list instead of a dictionary"):
        read_tensors(tmp_path / "a.pt", CPU, CHECKPOINT)
