"""A run that streams ends with the bits of one in memory, killed or not, and says what broke."""

import os
import threading
import time
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from datayield.data.decoded.rows import Stored
from datayield.data.sampling.streamed import Streamed
from datayield.run import training_data
from datayield.run.loop import TrainingData, pretrain
from datayield.spec.atomic_files import read_json
from datayield.spec.errors import DataError
from datayield.store.folders import RunFolder
from tests.conftest import TINY, Call
from tests.forked import begin
from tests.run.loop.test_pretrain import CPU, spec_of, train


def streamed(path: Path, n: int) -> TrainingData:
    """The images of `test_pretrain.training_data_of`, from a file."""
    if not path.exists():
        pixels = np.random.default_rng(0).integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)
        path.write_bytes(pixels.tobytes())
    rows = Stored(path, (n, 16, 16, 3))
    return TrainingData(Streamed(rows, np.arange(n), CPU), "data", "indices", 0)


def train_streamed(folder: Path, path: Path, save_seconds: float, steps: int) -> None:
    spec = spec_of("simclr", images=32 * steps)
    source = streamed(path, 40)
    loop = pretrain(
        spec,
        source,
        RunFolder(folder),
        shares=(1.0,),
        device=CPU,
        stop=Event(),
        save_seconds=save_seconds,
    )
    for _ in loop:
        pass
    source.images.close()


def test_killed_and_resumed_it_ends_with_the_bits_of_memory(tmp_path: Path) -> None:
    steps, file, folder = 200, tmp_path / "images.u8", RunFolder(tmp_path / "streamed")
    train(spec_of("simclr", images=32 * steps), tmp_path / "memory")
    streamed(file, 40).images.close()
    process = begin(train_streamed, folder.path, file, 0.0, steps)
    deadline, progress = time.monotonic() + 120, folder.path / "progress.json"
    while (read_json(progress) or {"step": -1})["step"] < steps // 3:
        assert time.monotonic() < deadline
        assert process.is_alive(), "it ended before it could be killed"
        time.sleep(0.002)
    process.kill()
    process.join()
    train_streamed(folder.path, file, 60.0, steps)
    one, other = RunFolder(tmp_path / "memory").run_cost(), folder.run_cost()
    assert one is not None
    assert other is not None
    assert other.resumed == 1
    assert other.weights == one.weights


def test_the_wait_is_that_of_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow reads show up as waiting, but only for as long as the loop waits for them."""
    source = streamed(tmp_path / "images.u8", 40)
    rows = source.images._rows  # type: ignore[attr-defined]
    read = rows.read

    def slow(*arguments: object) -> None:
        time.sleep(0.05)
        read(*arguments)

    monkeypatch.setattr(rows, "read", slow)
    spec = spec_of("simclr", images=32 * 20)
    folder = RunFolder(tmp_path / "run")
    list(pretrain(spec, source, folder, shares=(1.0,), device=CPU, stop=Event()))
    source.images.close()
    spent = folder.run_cost()
    assert spent is not None
    # 24 reads of 0.05 s and more, five at a time, behind steps that take some of it.
    assert 0.04 < spent.wait_seconds < min(0.05 * 20, spent.seconds)


ONE = TINY.replace("[60, 240]", "[60]").replace("[simclr, barlow_twins]", "[simclr]")
ONE = ONE.replace("seed: [0, 1]", "seed: [0]")


def test_a_study_streams_what_does_not_fit(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.yaml").write_text(ONE)
    training_data._training_data.cache_clear()
    assert "while training" not in (said := datayield("run", "tiny.yaml", "--store", "a")).err
    assert "while training" not in said.out
    monkeypatch.setattr(training_data, "images_fit", lambda nbytes, device: False)
    training_data._training_data.cache_clear()
    done = datayield("run", "tiny.yaml", "--store", "b")
    assert done.code == 0, done
    lines = [x for x in (done.out + done.err).splitlines() if "while training" in x]
    assert len(lines) == 1
    assert "60 images" in lines[0]
    runs = [sorted((tmp_path / store / "runs").glob("*/spent.json")) for store in "ab"]
    assert [p.parent.name for p in runs[0]] == [p.parent.name for p in runs[1]]
    weights = [[(read_json(p) or {})["weights"] for p in each] for each in runs]
    assert weights[0] == weights[1] != []
    assert not [t for t in threading.enumerate() if t.name.startswith("images")]
    training_data._training_data.cache_clear()


def test_images_cut_short_during_a_run_are_named(tmp_path: Path) -> None:
    path = tmp_path / "images.u8"
    source = streamed(path, 4000)
    spec = spec_of("simclr", n=4000, images=32 * 100)
    loop = pretrain(spec, source, RunFolder(tmp_path / "run"), shares=(), device=CPU, stop=Event())
    next(loop)
    os.truncate(path, 16 * 16 * 3 * 2000)
    with pytest.raises(DataError, match="ends before image") as caught:
        list(loop)
    assert str(path) in str(caught.value)
    assert not [t for t in threading.enumerate() if t.name.startswith("images")]
