"""Decoding: images per second and core, once to a file and on the fly, and the memory it takes.

    python benchmarks/decode.py [--images 4000] [--stored 500] [--size 64 224] [--workers 1 2]

Makes JPEGs of `--stored` x 3/4 `--stored` pixels (ImageNet's are 500 x 375 in the middle) in tar
shards. `to a file` is `decode_all` with so many processes; `on the fly` is what a training loop
gets from the reading threads, in random order. `peak_rss` is of the largest process. Prints JSON
lines: first the machine.
"""

import argparse
import io
import json
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from datayield.data.decoded.decode_all import DecodeJob, decode_all
from datayield.data.decoded.on_the_fly import Undecoded
from datayield.data.sources.webdataset import WebDataset

DISTINCT = 64  # pictures; their order in the shard repeats
BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--stored", type=int, default=500)
    parser.add_argument("--size", type=int, nargs="+", default=[64, 224])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        shard, kind, size, workers = asked.child
        print(json.dumps(child(Path(shard), kind, int(size), int(workers))))
        return
    import torch
    from machine import machine

    print(json.dumps(machine(torch.device("cpu"))), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        shard = made(Path(scratch) / "train-0.tar", asked.images, asked.stored)
        for size in asked.size:
            for kind in ("to a file", "on the fly"):
                for workers in asked.workers:
                    options = ["--child", str(shard), kind, str(size), str(workers)]
                    command = [sys.executable, __file__, *options]
                    lines = [
                        json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                        for _ in range(asked.repetitions)
                    ]
                    rate = statistics.median(line["images_per_second"] for line in lines)
                    report = {
                        "what": kind,
                        "stored": asked.stored,
                        "size": size,
                        "workers": workers,
                        "images_per_second": round(rate, 1),
                        "images_per_core_second": round(
                            statistics.median(line["images_per_core_second"] for line in lines), 1
                        ),
                        "peak_rss": max(line["peak_rss"] for line in lines),
                        "images": asked.images,
                        "repetitions": asked.repetitions,
                    }
                    print(json.dumps(report), flush=True)


def child(shard: Path, kind: str, size: int, workers: int) -> dict[str, float]:
    """One pass over the shard: by the clock on the wall, and by CPU time of all processes."""
    source = WebDataset((shard,))
    n = len(source)
    wall, cpu = time.perf_counter(), cpu_seconds()
    if kind == "to a file":
        with tempfile.TemporaryDirectory(dir=shard.parent) as folder:
            outcome = decode_all(
                DecodeJob(source, Path(folder) / "images.u8", size, "crop"), workers
            )
        assert not outcome.skipped
    else:
        from datayield.data.sampling import streamed

        streamed.READERS, streamed.os.cpu_count = workers, lambda: workers  # type: ignore
        images = streamed.Streamed(Undecoded(source, [], size, "crop"), np.arange(n), "cpu")
        wall, cpu = time.perf_counter(), cpu_seconds()  # importing torch is no part of it
        for step in range(n // BATCH):
            images.batch(0, step, BATCH)
        n = n // BATCH * BATCH
        images.close()
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    # RUSAGE_SELF would tell the peak of the process that started this one, where that is higher.
    status = Path("/proc/self/status").read_text().split()
    mine = int(status[status.index("VmHWM:") + 1])
    peak = max(mine, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024
    return {"images_per_second": n / wall, "images_per_core_second": n / cpu, "peak_rss": peak}


def cpu_seconds() -> float:
    """CPU time of this process and of those that it waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def made(path: Path, n: int, side: int) -> Path:
    """Smooth noise, which JPEG packs about as photographs: some 0.1 MB at 500 pixels."""
    rng: Any = np.random.default_rng(0)
    pictures = []
    for _ in range(DISTINCT):
        noise = rng.integers(0, 256, (side * 3 // 4, side, 3), dtype=np.uint8)
        out = io.BytesIO()
        blurred = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1.2))
        blurred.save(out, "JPEG", quality=90)
        pictures.append(out.getvalue())
    with tarfile.open(path, "w") as tar:
        for i in range(n):
            info = tarfile.TarInfo(f"{i:07d}.jpg")
            info.size = len(pictures[i % DISTINCT])
            tar.addfile(info, io.BytesIO(pictures[i % DISTINCT]))
    return path


if __name__ == "__main__":
    main()
