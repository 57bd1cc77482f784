"""Training from memory against streaming from disk under an enforced limit of memory.

    python benchmarks/pipeline.py [--times 4] [--encoder resnet18] [--size 64] [--scratch FOLDER]

Linux, CPU. A child process first trains in memory without a limit, on `--held` images, and tells
its virtual memory; the limit (`ulimit -v`, RLIMIT_AS) is what it had mapped before it held any
image, plus `--room`. Then a file `--times` larger than the limit is written, and children that
live under the limit train on all of it, in turns with children in memory. That the limit is in
force is tried in each: mapping a quarter more than it allows must fail, as must mapping the file.
`--cold` drops the file from the page cache before each turn, so that every image comes from the
disk. Prints JSON lines: the machine, one line per turn, then medians and the ratio.
"""

import argparse
import json
import math
import mmap
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

BLOCK = 64 << 20


def main() -> None:
    asked = arguments()
    if asked.child:
        print(json.dumps(child(asked)))
        return
    import torch
    from machine import machine

    torch.set_num_threads(asked.threads)
    print(json.dumps(machine(torch.device("cpu"))), flush=True)
    row = asked.size**2 * 3
    with tempfile.TemporaryDirectory(prefix="pipeline-", dir=asked.scratch) as scratch:
        small = written(Path(scratch) / "held.u8", asked.held * row)
        tried = turn("memory", small, asked.held, 0, asked)
        limit = tried["mapped_before"] + asked.room * (1 << 20)
        n = math.ceil(asked.times * limit / row)
        large = written(Path(scratch) / "large.u8", n * row)
        about = {"limit_bytes": limit, "source_bytes": n * row, "times": n * row / limit}
        print(json.dumps({"what": "sizes", "row": row, "images": n} | about), flush=True)
        turns: dict[str, list[dict[str, Any]]] = {"memory": [], "streamed": []}
        for _ in range(asked.repetitions):
            turns["memory"].append(turn("memory", small, asked.held, 0, asked))
            turns["streamed"].append(turn("streamed", large, n, limit, asked))
        for kind in turns:
            for line in turns[kind]:
                print(json.dumps({"what": kind} | line), flush=True)
    rate = {
        kind: statistics.median(line["images_per_second"] for line in lines)
        for kind, lines in turns.items()
    }
    end = {
        "what": "streamed over memory",
        "encoder": asked.encoder,
        "size": asked.size,
        "batch": asked.batch,
        "threads": asked.threads,
        "cold": asked.cold,
        "memory_images_per_second": round(rate["memory"], 1),
        "streamed_images_per_second": round(rate["streamed"], 1),
        "ratio": round(rate["streamed"] / rate["memory"], 4),
        "streamed_wait_share": statistics.median(x["wait_share"] for x in turns["streamed"]),
        "memory_wait_share": statistics.median(x["wait_share"] for x in turns["memory"]),
        "streamed_peak_rss": max(x["peak_rss"] for x in turns["streamed"]),
        "memory_peak_rss": max(x["peak_rss"] for x in turns["memory"]),
        "streamed_peak_mapped": max(x["peak_mapped"] for x in turns["streamed"]),
        "repetitions": asked.repetitions,
    }
    print(json.dumps(end | about))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=float, default=4.0, help="size of the source / limit")
    parser.add_argument("--room", type=int, default=768, help="MiB above what an idle run maps")
    parser.add_argument("--held", type=int, default=20_000, help="images of the run in memory")
    parser.add_argument("--encoder", default="resnet18", choices=("resnet18", "vit_tiny"))
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--scratch", type=Path, default=None)
    parser.add_argument("--child", choices=("memory", "streamed"), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--images", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def written(path: Path, nbytes: int) -> Path:
    """A file of random bytes, on the disk and not only on its way there."""
    block = np.random.default_rng(0).integers(0, 256, BLOCK, dtype=np.uint8)
    with path.open("wb") as file:
        for start in range(0, nbytes, BLOCK):
            block = np.roll(block, 4099)
            file.write(block[: min(BLOCK, nbytes - start)].data)
        file.flush()
        os.fsync(file.fileno())
    return path


def turn(kind: str, file: Path, images: int, limit: int, asked: argparse.Namespace) -> Any:
    """A child's measurements. Ends the benchmark where the child fails."""
    if asked.cold:
        with file.open("rb") as held:
            os.posix_fadvise(held.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    command = [sys.executable, __file__, "--child", kind, "--file", str(file)]
    command += ["--images", str(images), "--limit", str(limit)]
    for name in ("encoder", "size", "batch", "steps", "threads"):
        command += [f"--{name}", str(getattr(asked, name))]
    # glibc reserves 64 MiB of addresses for each thread that allocates: two arenas are enough.
    env = os.environ | {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": str(asked.threads)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env)
    if done.returncode:
        raise SystemExit(f"the child that trains from {kind} failed: {done.returncode}")
    return json.loads(done.stdout)


def child(asked: argparse.Namespace) -> dict[str, float]:
    """Train for `--steps` from memory, or streaming under the limit; what it took."""
    import torch

    from datayield.data.decoded.rows import Stored
    from datayield.data.free_memory import images_fit
    from datayield.data.sampling.resident import Resident
    from datayield.data.sampling.streamed import Streamed
    from datayield.run.loop import TrainingData, pretrain
    from datayield.store.folders import RunFolder

    torch.set_num_threads(asked.threads)
    device = torch.device("cpu")
    spec = spec_of(asked)
    shape = (asked.images, asked.size, asked.size, 3)
    warm = Resident(np.zeros((asked.batch, *shape[1:]), np.uint8), np.arange(asked.batch), device)
    with tempfile.TemporaryDirectory() as scratch:
        run(
            pretrain,
            spec_of(asked, steps=3),
            TrainingData(warm, "", "", 0),
            RunFolder(Path(scratch)),
        )
    mapped_before = status("VmPeak")
    if asked.limit:
        enforce(asked.limit, asked.file)
    rows, chosen = Stored(asked.file, shape), np.arange(asked.images)
    nbytes = math.prod(shape)
    if asked.child == "streamed" and images_fit(nbytes, device):
        raise SystemExit(f"{nbytes} bytes would be held in memory under a limit of {asked.limit}")
    images = (Streamed if asked.child == "streamed" else Resident)(rows, chosen, device)
    with tempfile.TemporaryDirectory() as scratch:
        folder = RunFolder(Path(scratch))
        run(pretrain, spec, TrainingData(images, "", "", 0), folder)
        spent = folder.run_cost()
    images.close()
    assert spent is not None
    return {
        "images_per_second": spent.images / spent.seconds,
        "wait_share": round(spent.wait_seconds / spent.seconds, 5),
        "seconds": round(spent.seconds, 2),
        "peak_rss": status("VmHWM"),
        "peak_mapped": status("VmPeak"),
        "mapped_before": mapped_before,
        "read_bytes": disk_bytes(),
        "limit": asked.limit,
    }


def run(pretrain: Any, spec: Any, source: Any, folder: Any) -> None:
    import torch

    settings = {"shares": (), "device": torch.device("cpu"), "stop": Event()}
    for _ in pretrain(spec, source, folder, **settings):
        pass


def enforce(limit: int, file: Path) -> None:
    """`ulimit -v`, and the proof that it holds. Raises SystemExit where it does not."""
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    size, too_much = file.stat().st_size, limit + limit // 4 - status("VmSize")
    with file.open("rb") as held:
        for number, nbytes in ((-1, too_much), (held.fileno(), size)):
            try:
                mmap.mmap(number, nbytes, prot=mmap.PROT_READ).close()
            except (OSError, MemoryError):
                continue
            raise SystemExit(f"the limit of {limit} bytes is not enforced: {nbytes} were mapped")


def spec_of(asked: argparse.Namespace, steps: int | None = None) -> Any:
    from datayield.spec.run.budget import Budget
    from datayield.spec.run.encoder import EncoderSpec
    from datayield.spec.run.method import METHOD_SPECS
    from datayield.spec.run.optim import OptimSpec
    from datayield.spec.run.run import RunSpec
    from datayield.spec.run.subset import Subset
    from datayield.spec.run.views import recipe

    knobs = {"stem": "cifar"} if asked.encoder == "resnet18" else {"patch": 8}
    encoder = {"name": asked.encoder, "size": asked.size, **knobs}
    return RunSpec(
        data=Subset(dataset="made", size=asked.size),
        encoder=EncoderSpec.model_validate(encoder),
        method=METHOD_SPECS["simclr"].model_validate({"projector": (256, 128)}),
        views=recipe("symmetric", asked.size),
        optim=OptimSpec.model_validate({"lr": 1e-3}),
        batch=asked.batch,
        budget=Budget(unit="images", amount=asked.batch * (steps or asked.steps)),
    )


def status(name: str) -> int:
    """Bytes, from the process's own account of its memory."""
    return next(_numbers("/proc/self/status", name)) * 1024


def disk_bytes() -> int:
    """Bytes that this process had fetched from the disk, not from the page cache."""
    return next(_numbers("/proc/self/io", "read_bytes"))


def _numbers(path: str, name: str) -> Iterator[int]:
    for line in Path(path).read_text().splitlines():
        if line.startswith(f"{name}:"):
            yield int(line.split()[1])


if __name__ == "__main__":
    main()
