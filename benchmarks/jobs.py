"""A study of many small runs, one after another and several at once.

    python benchmarks/jobs.py [--runs 24] [--images 12800] [--jobs 2 4] [--repetitions 5]
                              [--encoder convnet] [--batch 64] [--device cpu]

Prints JSON lines: first the machine, then one line per number of jobs. Every study is done whole by
the command line, into a new store, with the images decoded beforehand. Numbers of jobs take turns,
so that a slow moment of the machine meets all of them; `seconds` is the median over the
repetitions, start of the program and report included, `times_faster` the median over the
repetitions of the time one after another divided by that of the same turn, with its range.
`--threads` sets OMP_NUM_THREADS for all; without it a run alone has all cores, and runs beside each
other share them. `same_table` says whether table.csv is that of one after another, byte for byte:
expected with equal threads, on a CPU.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from machine import machine

STUDY = """
study: jobs
question: how long does it take?
base:
  data: {{dataset: "sprites?n=2000&n_test=300", size: {size}}}
  encoder: {encoder}
  views: {{recipe: mild, size: {size}}}
  method: {{name: simclr, projector: [128, 64]}}
  optim: {{lr: 1e-3}}
  batch: {batch}
  budget: {{images: {images}}}
axes:
  data.count: [500, 2000]
  seed: {seeds}
evaluations:
  - {{name: texture, protocol: knn@1, dataset: "sprites?n=2000&n_test=300", label: texture,
     size: {size}}}
"""
ENCODERS = {
    "convnet": ("{name: convnet, size: 32, width: 16}", 32),
    "resnet18": ("{name: resnet18, stem: cifar, size: 32}", 32),
    "vit_tiny": ("{name: vit_tiny, patch: 8, size: 64}", 64),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=24)
    parser.add_argument("--images", type=int, default=12800)
    parser.add_argument("--jobs", type=int, nargs="+", default=[2])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--encoder", choices=ENCODERS, default="convnet")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    print(json.dumps(machine(torch.device(asked.device))), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        encoder, size = ENCODERS[asked.encoder]
        text = STUDY.format(
            encoder=encoder,
            size=size,
            batch=asked.batch,
            images=asked.images,
            seeds=list(range(asked.runs // 2)),
        )
        (folder / "jobs.yaml").write_text(text)
        (folder / "warm.yaml").write_text(text.replace(f"images: {asked.images}", "images: 640"))
        seconds(folder, "warm.yaml", "warm", 1, asked)  # decodes the images
        counts = [1, *asked.jobs]
        taken: dict[int, list[float]] = {jobs: [] for jobs in counts}
        same: dict[int, bool] = dict.fromkeys(counts, True)
        for turn in range(asked.repetitions):
            for jobs in counts:
                store = f"{turn}-{jobs}"
                taken[jobs].append(seconds(folder, "jobs.yaml", store, jobs, asked))
                same[jobs] &= table(folder, store) == table(folder, f"{turn}-1")
    for jobs in counts:
        ratios = [one / many for one, many in zip(taken[1], taken[jobs], strict=True)]
        line = {
            "runs": asked.runs,
            "jobs": jobs,
            "threads": asked.threads or "shared out",
            "encoder": asked.encoder,
            "images_per_run": asked.images,
            "batch": asked.batch,
            "seconds": round(statistics.median(taken[jobs]), 2),
            "times_faster": round(statistics.median(ratios), 3),
            "lowest": round(min(ratios), 3),
            "highest": round(max(ratios), 3),
            "repetitions": len(ratios),
            "same_table": same[jobs],
        }
        print(json.dumps(line), flush=True)


def seconds(folder: Path, study: str, store: str, jobs: int, asked: argparse.Namespace) -> float:
    """Wall time of one whole study."""
    env = {**os.environ, "DATAYIELD_CACHE": str(folder / "cache")}
    if asked.threads:
        env["OMP_NUM_THREADS"] = str(asked.threads)
    command = [sys.executable, "-m", "datayield", "run", study, "--store", store]
    began = time.perf_counter()
    subprocess.run(
        [*command, "--jobs", str(jobs), "--device", asked.device],
        env=env,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - began


def table(folder: Path, store: str) -> bytes:
    """The results of a study."""
    return (folder / store / "studies" / "jobs" / "table.csv").read_bytes()


if __name__ == "__main__":
    main()
