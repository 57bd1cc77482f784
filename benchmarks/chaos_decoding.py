"""Kill the decoding of many images again and again, and compare its end with an undisturbed one.

    python benchmarks/chaos_decoding.py [--kills 150] [--seed 0] [--workers 2] [--seconds 240]

A folder of images is decoded by several processes. At a random time the process that asked for it,
one of the decoding processes, or all are killed (SIGKILL). It is decoded again until that ends;
then the files of the cache are compared byte by byte, and another round starts in an empty cache.
Prints one line of JSON; exit code 1 where anything differs, is lost, is left over, or printed a
traceback.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import worker_server
from attempts import PATIENCE, waited
from PIL import Image
from tiny_study import differences

IMAGES, SIZE = 2_100, 16  # more than are decoded by one process
WRONG = ("differing", "lost", "left_over", "tracebacks", "failed_ends")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after the round then")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        _images(Path(root) / "images")
        totals = chaos(Path(root), asked.kills, asked.seed, asked.workers, asked.seconds)
    print(json.dumps(totals), flush=True)
    sys.exit(1 if any(totals[name] for name in WRONG) else 0)


def chaos(root: Path, kills: int, seed: int, workers: int, seconds: float) -> dict[str, Any]:
    """The totals of as many rounds as it takes for `kills` kills, or for `seconds`."""
    rng, totals, rounds = random.Random(seed), Counter[str](), 0
    began = time.monotonic()
    code, _ = decoded(root, "whole", workers, None, "")
    if code != 0:
        raise SystemExit((root / "output").read_text())
    took, wanted = time.monotonic() - began, _files(root / "whole")
    print(f"undisturbed: {took:.1f} s", file=sys.stderr)

    def enough() -> bool:
        return totals["kills"] >= kills or time.monotonic() - began > seconds

    while not enough():
        shutil.rmtree(root / "broken", ignore_errors=True)
        rounds += 1
        while True:
            for_ = None if enough() else rng.uniform(0.0, took)
            code, hit = decoded(root, "broken", workers, for_, rng.choice(("one", "asking", "all")))
            if hit:
                totals["kills"] += 1
                totals[hit] += 1
            # A decoding process that was killed is an error in words; the command can be repeated.
            if code == 0 or not hit:
                break
        totals["failed_ends"] += code != 0
        for kind, names in differences(wanted, _files(root / "broken")).items():
            totals[kind] += len(names)
            if names:
                print(f"{kind}: {names}", file=sys.stderr)
        output = (root / "output").read_text(errors="replace")
        totals["tracebacks"] += output.count("Traceback")
        if any(totals[name] for name in WRONG):
            print(output[-6000:], file=sys.stderr)
            break
    told = {name: totals[name] for name in ("kills", "asking", "one", "all", *WRONG)}
    took = round(time.monotonic() - began, 1)
    return {"rounds": rounds, **told, "workers": workers, "seed": seed, "seconds": took}


def decoded(
    root: Path, cache: str, workers: int, after: float | None, whom: str
) -> tuple[int, str]:
    """Decode in a forked process and kill it as asked: its exit code, and who was killed."""
    began, pid = time.monotonic(), os.fork()
    if pid == 0:
        os.setsid()
        output = os.open(root / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ["DATAYIELD_CACHE"] = str(root / cache)
        os._exit(_decode(root / "images", workers))
    code, hit = waited(pid, began + (PATIENCE if after is None else after)), ""
    if code is None and whom == "one":
        started = [*worker_server.children(pid)]
        hit = "one" if worker_server.kill(started[-1:]) else ""
        code = waited(pid, began + PATIENCE)
    if code is None:
        helpers = [*worker_server.children(pid)]
        os.kill(pid, signal.SIGKILL)
        if whom == "all":
            worker_server.kill(helpers)
        code, hit = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), whom
        while any((Path("/proc") / str(helper)).exists() for helper in helpers):
            time.sleep(0.01)  # they end when they find nobody to report to
    return code, hit


def _decode(folder: Path, workers: int) -> int:
    from datayield.data.decoded import prepare
    from datayield.spec.environment import cache_dir
    from datayield.spec.errors import DatayieldError
    from datayield.store.folders import Store
    from datayield.store.litter import sweep_litter

    try:
        sweep_litter(Store(cache_dir() / "no-store"), cache_dir())  # as every command does
        prepare(str(folder), "train", SIZE, workers=workers)
    except DatayieldError as error:
        print(error.text())
        return error.exit_code
    except BaseException:
        import traceback

        traceback.print_exc()
        return 70
    return 0


def _images(folder: Path) -> None:
    rng = np.random.default_rng(0)
    folder.mkdir()
    for i in range(IMAGES):
        pixels = rng.integers(0, 256, (24, 24, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:05}.png", compress_level=1)


def _files(folder: Path) -> dict[str, bytes]:
    """Every file -> its bytes, but those of archives, which hold times."""
    # but verified.json, which holds the times and inodes of this machine's files
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != "verified.json")
    return {
        path.relative_to(folder).as_posix(): b"" if path.suffix == ".npz" else path.read_bytes()
        for path in files
    }


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
