"""How long `plan`, `status`, `report` and `answer` take as a study grows, and what imports cost.

    python benchmarks/study.py [--runs 100 1000 10000] [--repeat 5] [--folder DIR] [--profile VERB]

Writes simulated stores through the project's own records (power laws with noise; five results of
each run, and a twentieth of the runs missing), then times each verb in fresh processes. Prints JSON
lines: the machine, one line per verb and number of runs (median, fastest and slowest seconds, CPU
seconds; size of the page), the growth of CPU seconds from one number of runs to the next with its
exponent, and the import times. With --profile one verb is run once in this process, at the last of
--runs, under cProfile.
"""

import argparse
import cProfile
import json
import math
import os
import pstats
import statistics
import sys
import tempfile
import time
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import yaml
from machine import machine

from datayield.session import Session, open_study
from datayield.spec.evaluation.eval_spec import EvalSpec
from datayield.spec.run.run import BaselineSpec, RunSpec
from datayield.store.folders import RunFolder
from datayield.store.records import ResultRecord, RunCostRecord
from datayield.store.right_items import RightItems

VERBS = {
    "plan": ["plan", "STUDY"],
    "plan of an empty store": ["plan", "STUDY", "--store", "EMPTY"],
    "status": ["status", "STUDY"],
    "report": ["report", "STUDY"],
    "answer": ["answer", "STUDY"],
    "answer of the table": ["answer", "TABLE"],
    "ls": ["ls"],
}
METHODS = ("simclr", "barlow_twins", "vicreg", "byol", "moco_v3")
TASKS = {"category": (0.10, 4.0, 0.35), "texture": (0.05, 3.0, 0.40)}  # a, b, c of the law
N_TEST = 2000
# runs -> sizes, budgets, methods, learning rates, seeds
SHAPES = {
    100: (5, 2, 2, 1, 5),
    1000: (5, 2, 5, 4, 5),
    10000: (10, 4, 5, 5, 10),
    100000: (10, 4, 5, 10, 50),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="keep the stores here, and use them again")
    parser.add_argument("--profile", choices=VERBS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        os.environ["DATAYIELD_CACHE"] = str(folder / "cache")
        if asked.profile:
            os.environ["DATAYIELD_STORE"] = str(made(folder, asked.runs[-1])[0])
            profile(arguments(asked.profile, *made(folder, asked.runs[-1])))
            return
        print(json.dumps(machine(torch.device("cpu"))), flush=True)
        seconds: dict[str, dict[int, float]] = {}
        for runs in asked.runs:
            store, study = made(folder, runs)
            page = store / "studies" / study.stem / "report.html"
            for verb in VERBS:
                took = timed(arguments(verb, store, study), store, asked.repeat)
                line = {"verb": verb, "runs": runs, **took}
                if verb == "report":
                    line["page_MB"] = round(page.stat().st_size / 1e6, 2)
                print(json.dumps(line), flush=True)
                seconds.setdefault(verb, {})[runs] = took["cpu_s"]
        for verb, by_runs in seconds.items():
            print(json.dumps({"verb": verb, "slower by": growth(by_runs)}), flush=True)
        for words in (["--help"], ["plan", "demo"]):
            took = timed(words, folder / "none", asked.repeat)
            print(json.dumps({"command": " ".join(words), **took}), flush=True)


def arguments(verb: str, store: Path, study: Path) -> list[str]:
    table = store / "studies" / study.stem / "table.csv"
    stands = {"STUDY": str(study), "EMPTY": str(store.parent / "empty"), "TABLE": str(table)}
    return [stands.get(word, word) for word in VERBS[verb]]


def growth(by_runs: dict[int, float]) -> dict[str, float]:
    """From each number of runs to the next: how many times as long it takes, and the exponent."""
    grown = {}
    for a, b in pairwise(by_runs):
        times = by_runs[b] / by_runs[a]
        grown[f"{a} to {b} runs"] = round(times, 2)
        grown[f"{a} to {b} runs, exponent"] = round(math.log(times) / math.log(b / a), 2)
    return grown


def timed(words: list[str], store: Path, repeat: int) -> dict[str, float]:
    """Fresh processes, one at a time; the first warms the disk and its times are not counted."""
    found, cpu = [], []
    output = os.open(os.devnull, os.O_WRONLY)
    command = [sys.executable, "-m", "datayield", *words]
    environment = {**os.environ, "DATAYIELD_STORE": str(store)}
    for _ in range(repeat + 1):
        began = time.perf_counter()
        to_null = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
        child = os.posix_spawn(sys.executable, command, environment, file_actions=to_null)
        _, status, used = os.wait4(child, 0)
        found.append(time.perf_counter() - began)
        cpu.append(used.ru_utime + used.ru_stime)
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, 3):  # 3: complete but for what is missing
            raise SystemExit(f"{' '.join(command)} ended with {code}")
    found = found[1:]
    return {
        "median_s": round(statistics.median(found), 3),
        "low_s": round(min(found), 3),
        "high_s": round(max(found), 3),
        "cpu_s": round(statistics.median(cpu[1:]), 2),
    }


def profile(words: list[str]) -> None:
    from datayield.cli import app

    watch = cProfile.Profile()
    watch.enable()
    try:
        app(words, standalone_mode=False)
    finally:
        watch.disable()
        pstats.Stats(watch, stream=sys.stderr).sort_stats("cumulative").print_stats(60)


def made(folder: Path, runs: int) -> tuple[Path, Path]:
    """A store of `runs` runs with their study, written on the first call."""
    store, study = folder / f"store-{runs}", folder / f"simulated_{runs}.yaml"
    if not study.exists():
        folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(declared(study.stem, *SHAPES[runs]), sort_keys=False)
        beside = study.with_suffix(".part")
        beside.write_text(text, encoding="utf-8")
        fill(open_study(str(beside), store=store))
        beside.rename(study)
    return store, study


def declared(
    name: str, sizes: int, budgets: int, methods: int, rates: int, seeds: int
) -> dict[str, object]:
    """The study: every axis of a real one, an arm (the learning rate) and milestones."""
    tasks: list[dict[str, object]] = [
        {
            "name": task,
            "protocol": "linear@1",
            "dataset": "sprites",
            "label": task,
            "at": [0.5, 1.0],
        }
        for task in TASKS
    ]
    rank = {"name": "spectrum", "protocol": "spectrum@1", "dataset": "sprites"}
    budget = [{"epochs": 50}, {"images": 100_000}, {"images": 400_000}, {"images": 1_600_000}]
    return {
        "study": name,
        "question": "What does the next unlabeled image buy?",
        "base": {
            "data": {"dataset": "sprites?n=200000", "size": 32},
            "encoder": {"name": "convnet", "size": 32},
            "views": {"recipe": "mild", "size": 32},
            "method": {"projector": [256, 256]},
            "optim": {"lr": 1e-3},
        },
        "axes": {
            "data.count": [250 * 2**i for i in range(sizes)],
            "budget": budget[:budgets],
            "method": list(METHODS[:methods]),
            "optim.lr": [1e-3 * 2**i for i in range(rates)],
            "seed": list(range(seeds)),
        },
        "evaluations": [*tasks, rank],
    }


def fill(session: Session) -> None:
    """Put down what finished runs leave, without training any."""
    os.fsync = lambda _: None  # as the store writes it, but for the wait until it is on the disk
    plan = session.plan()
    for i, task in enumerate(plan.tasks):
        if isinstance(task.spec, RunSpec) and i % 20 == 0:
            continue
        folder = session.store.run(task.spec.id)
        (folder.path / "checkpoints").mkdir(parents=True)
        (folder.path / "evals").mkdir()
        folder.write_spec(task.spec)
        if isinstance(task.spec, RunSpec):
            folder.write_run_cost(spent(task.spec))
            for share in task.shares:
                zipfile.ZipFile(folder.checkpoint(share), "w").close()
        for share, ev in task.evals:
            results(folder, task.spec, share, ev)


def results(folder: RunFolder, spec: RunSpec | BaselineSpec, share: float, ev: EvalSpec) -> None:
    seeds = [int(spec.id, 16), int(ev.id, 16), round(1000 * share)]
    noise = np.random.default_rng(seeds).normal(size=3)
    metrics, right = {"effective_rank": 40.0 + 2 * float(noise[0])}, np.zeros(0, np.bool_)
    if ev.name in TASKS:
        score = min(1.0, max(0.0, accuracy(spec, share, ev.name) + 0.006 * float(noise[0])))
        right = solved(ev.name, score)
        score = float(right.mean())
        metrics = {
            "accuracy": score,
            "accuracy_val": score + 0.004 * float(noise[1]),
            "accuracy_best_on_test": score + 0.004 * abs(float(noise[2])),
            "balanced_accuracy": score,
        }
    record = ResultRecord(
        run=spec.id,
        share=share,
        eval_id=ev.id,
        eval=ev.model_dump(mode="json"),
        metrics=metrics,
        n_train=8000,
        n_test=N_TEST,
        seconds=1.0,
        data_digests=("simulated",) * 2,
        versions={"datayield": "simulated"},
        finished=0.0,
    )
    kept = RightItems(np.packbits(right[None], axis=1), (N_TEST,), ev.name) if right.size else None
    folder.write_result(record, kept)


def solved(task: str, score: float) -> np.ndarray:
    """The test items that a model of that score gets right: some are hard for all, some luck."""
    hard = np.random.default_rng(sorted(TASKS).index(task)).random(N_TEST)
    luck = np.random.default_rng(round(1e9 * score)).random(N_TEST)
    right = np.zeros(N_TEST, np.bool_)
    right[np.argsort(hard + luck)[: round(score * N_TEST)]] = True
    return right


def accuracy(spec: RunSpec | BaselineSpec, share: float, task: str) -> float:
    """1 - a - b N^-c, a little lower for later methods, other rates and less training."""
    if not isinstance(spec, RunSpec):
        return 0.35
    a, b, c = TASKS[task]
    n = spec.data.count or 0
    rate = math.log2(spec.optim.lr / 1e-3) - 1
    trained = 0.05 * (1 - share) + 0.3 * (spec.images * share) ** -0.15
    return 1 - a - b * n**-c - 0.004 * METHODS.index(spec.method.name) - 0.01 * rate**2 - trained


def spent(spec: RunSpec) -> RunCostRecord:
    return RunCostRecord(
        images_asked=spec.images,
        images=spec.steps * spec.batch,
        views=2 * spec.steps * spec.batch,
        steps=spec.steps,
        flops=1e9 * spec.images,
        seconds=spec.images / 400,
        wait_seconds=0.1,
        view_seconds=1.0,
        peak_memory=700_000_000,
        device="simulated",
        threads=1,
        final_loss=1.0,
        weights="simulated",
        data_digest="simulated",
        indices_digest="simulated",
        speed_key="simulated",
        versions={"datayield": "simulated"},
        finished=0.0,
    )


if __name__ == "__main__":
    main()
