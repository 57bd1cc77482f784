"""Subsets, batches and listings of 100 million images: seconds, and bytes per image.

    python benchmarks/index.py [--images 100000000] [--repetitions 5]

No images are needed: a subset and the order of batches follow from the number of images alone,
and listings are measured on `--listed` made-up entries, whose bytes per image do not depend on how
many there are. `peak_bytes` is what Python and numpy held at most meanwhile. Prints JSON lines:
first the machine. Nesting is checked: the digest of every subset is compared with that of as many
images at the beginning of the next larger one.
"""

import argparse
import io
import json
import statistics
import tarfile
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from machine import machine

from datayield.data.permutation import BLOCK, WHOLE
from datayield.data.sampling.resident import positions
from datayield.data.selection.subset import SeededOrder, digest_of, indices
from datayield.data.sources.folder import Folder
from datayield.data.sources.parquet import Parquet
from datayield.data.sources.webdataset import WebDataset
from datayield.spec.run.subset import Subset

SHARES = (0.001, 0.01, 0.1, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=100_000_000)
    parser.add_argument("--listed", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--repetitions", type=int, default=5)
    asked = parser.parse_args()
    if asked.images <= WHOLE:
        raise SystemExit(f"--images: more than {WHOLE}, up to which orders are held whole")
    print(json.dumps(machine(torch.device("cpu"))), flush=True)
    subsets(asked)
    batches(asked)
    with tempfile.TemporaryDirectory() as folder:
        listings(Path(folder), asked.listed)


def subsets(asked: argparse.Namespace) -> None:
    """Every position of each subset is drawn, in order, and hashed as a run hashes it."""
    before = None
    for share in SHARES:
        count = round(share * asked.images)
        chosen = indices(Subset(dataset="made", count=count), asked.images)
        assert isinstance(chosen, SeededOrder)
        repetitions = asked.repetitions if share < 1 else 1
        seconds, peak, digest = measured(lambda chosen=chosen: digest_of(chosen), repetitions)
        if before is not None and digest_of(Prefix(chosen, before[0])) != before[1]:
            raise SystemExit(f"the subset of {before[0]} images is no prefix of that of {count}")
        before = count, digest
        report("subset", share=share, images=count, seconds=seconds, peak_bytes=peak,
               peak_bytes_per_image=peak / count, nanoseconds_per_image=seconds / count * 1e9,
               digest=digest, repetitions=repetitions)  # fmt: skip


class Prefix:
    """The first `count` of a subset's images."""

    def __init__(self, whole: SeededOrder, count: int) -> None:
        self.whole, self.count = whole, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, where: Any, /) -> Any:
        return self.whole[where]


def batches(asked: argparse.Namespace) -> None:
    """The images of consecutive steps, and of steps far apart, as after a resume."""
    chosen = indices(Subset(dataset="made"), asked.images)
    per_pass = asked.images // asked.batch
    for what, stride in (("consecutive", 1), ("far apart", per_pass // 64)):

        def some(stride: int = stride) -> None:
            for step in range(0, 64 * stride, stride):
                _ = chosen[positions(asked.images, 0, step, asked.batch)]

        seconds, peak, _ = measured(some, asked.repetitions)
        report("batches", steps=what, batch=asked.batch, seconds_per_batch=seconds / 64,
               images_per_second=64 * asked.batch / seconds, peak_bytes=peak,
               blocks_held=8, block=BLOCK)  # fmt: skip


def listings(root: Path, n: int) -> None:
    """What a listing holds once it is made, and at most while it is made."""
    (root / "shards").mkdir()
    made_tar(root / "shards" / "a.tar", n)
    made_parquet(root / "a.parquet", n)
    made_folder(root / "folder", n)
    for name, make in (
        ("webdataset", lambda: WebDataset((root / "shards" / "a.tar",))),
        ("parquet", lambda: Parquet((root / "a.parquet",))),
        ("folder", lambda: Folder(root / "folder")),
    ):
        began = time.perf_counter()
        assert len(make()) == n
        seconds = time.perf_counter() - began
        tracemalloc.start()
        source = make()
        assert len(source) == n
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        report("listing", kind=name, images=n, seconds=seconds, held_bytes_per_image=held / n,
               peak_bytes_per_image_of_a_shard=peak / n)  # fmt: skip
        del source


def made_tar(path: Path, n: int) -> None:
    with tarfile.open(path, "w") as tar:
        for i in range(n):
            for extension, data in (("jpg", b"x" * 100), ("cls", b"1")):
                info = tarfile.TarInfo(f"{i:09d}.{extension}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


def made_parquet(path: Path, n: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = pa.array([{"bytes": b"x" * 100, "path": f"{i}.jpg"} for i in range(n)])
    pq.write_table(pa.table({"image": images}), path, row_group_size=100)


def made_folder(path: Path, n: int) -> None:
    for i in range(n):
        if i % 1000 == 0:
            (path / f"{i // 1000:05d}").mkdir(parents=True)
        (path / f"{i // 1000:05d}" / f"{i:09d}.jpg").touch()


def measured(run: Callable[[], Any], repetitions: int) -> tuple[float, int, Any]:
    """Median seconds, the peak of a run of its own, and what it returns."""
    times, found = [], None
    for _ in range(repetitions):
        began = time.perf_counter()
        found = run()
        times.append(time.perf_counter() - began)
    tracemalloc.start()
    if run() != found:
        raise SystemExit("two draws of one subset differ")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return statistics.median(times), peak, found


def report(what: str, **line: Any) -> None:
    rounded = {k: round(v, 9) if isinstance(v, float) else v for k, v in line.items()}
    print(json.dumps({"what": what, **rounded}), flush=True)


if __name__ == "__main__":
    main()
