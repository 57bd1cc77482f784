"""Kill a tiny real study again and again, and compare its end with an undisturbed run.

    python benchmarks/chaos.py [--kills 1000] [--seed 0] [--jobs 1] [--seconds 240]

Half of the kills (SIGKILL) come at a random time, half at a random file operation: opening,
renaming, linking, removing, making a folder, or syncing, where the file that is being written is
also cut at a random length. The study is restarted until it ends; then weights, checkpoints and
tables are compared bit by bit, files are listed, and another round starts in an empty store, every
third one in an empty cache too, so that decoding is killed as well. A process with torch imported
is forked for each attempt. With --jobs 2, the command, one of its workers or all are killed. Prints
one line of JSON; exit code 1 where anything differs, is lost, is left over, or printed a traceback.
"""

import argparse
import importlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

STUDY = """
study: tiny
base:
  data: {dataset: digits, size: 16}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: mild, size: 16}
  method: {name: simclr, projector: [8, 8]}
  optim: {lr: 0.001}
  batch: 20
  budget: {images: 120}
axes: {data.count: [20, 40]}
evaluations:
  - {name: digit, protocol: knn@1, dataset: digits, label: digit, size: 16, train_count: 60,
     test_count: 60, at: [0.5, 1.0]}
"""
EVENTS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
COMMAND = ["run", "tiny.yaml", "--save-every", "0", "--device", "cpu"]
IMPORTED = (
    "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg", "sklearn.datasets",
    "datayield.cli", "datayield.session", "datayield.run.engines.choose",
    "datayield.run.scheduler", "datayield.report.page.page", "datayield.report.files.index",
)  # fmt: skip
PATIENCE = 120.0  # seconds for one attempt


class Attempt(NamedTuple):
    """One process that ran the study: how it ended, and how many file operations it had begun."""

    code: int  # negative: the signal
    operations: int
    seconds: float


class Kill(NamedTuple):
    """When an attempt is killed: before its k-th file operation, or after some seconds."""

    operation: int = 0
    after: float = 0.0
    whom: str = "command"  # or "worker", "all"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after the round then")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        totals = chaos(Path(root), asked.kills, asked.seed, asked.jobs, asked.seconds)
    print(json.dumps(totals), flush=True)
    sys.exit(1 if any(totals[name] for name in WRONG) else 0)


WRONG = ("differing", "lost_runs", "left_over", "tracebacks", "failed_ends", "hangs")


def chaos(root: Path, kills: int, seed: int, jobs: int, seconds: float) -> dict[str, Any]:
    """The totals of as many rounds as it takes for `kills` kills, or for `seconds`."""
    _warm_up()
    rng, began, totals = random.Random(seed), time.monotonic(), Counter[str]()
    whole = _prepared(root / "whole")
    first = attempt(whole, jobs)
    if first.code != 0:
        raise SystemExit((whole / "output").read_text())
    wanted = outcome(whole)
    print(
        f"undisturbed: {first.operations} file operations, {first.seconds:.1f} s", file=sys.stderr
    )
    broken, rounds = root / "broken", 0
    while totals["kills"] < kills and time.monotonic() - began < seconds:
        keep_cache = rounds % 3 > 0
        _prepared(broken, keep_cache=keep_cache)
        rounds += 1
        while True:
            kill = _next_kill(rng, first, jobs) if totals["kills"] < kills else None
            ended = attempt(broken, jobs, kill, rng)
            if ended.code in (0, 1, 2):
                break
            totals["hangs"] += ended.seconds > PATIENCE
            totals["busy"] += ended.code == 3  # a worker of the last attempt had not ended yet
            if ended.code < 0 and kill is not None:
                totals["kills"] += 1
                totals["at_operations"] += kill.operation > 0
        totals["failed_ends"] += ended.code != 0
        _compare(totals, wanted, outcome(broken), rng, root)
        output = (broken / "output").read_text(errors="replace")
        totals["tracebacks"] += output.count("Traceback") + output.count("Exception ignored")
        if any(totals[name] for name in WRONG):
            print(output[-6000:], file=sys.stderr)
            break
    told = {name: totals[name] for name in ("kills", "at_operations", "busy", *WRONG)}
    took = round(time.monotonic() - began, 1)
    return {"rounds": rounds, **told, "jobs": jobs, "seed": seed, "seconds": took}


def outcome(folder: Path) -> dict[str, bytes]:
    """Every file of store and cache -> what must be the same bit by bit; empty if nothing."""
    found = {}
    for path in (*(folder / "store").rglob("*"), *(folder / "cache").rglob("*")):
        if path.is_dir():
            continue
        name = path.relative_to(folder).as_posix()
        if path.name == "spent.json":
            found[name] = json.loads(path.read_text())["weights"].encode()
        elif "/evals/" in name:
            told = json.loads(path.read_text())
            found[name] = json.dumps([told["metrics"], told["intervals"]]).encode()
        else:
            same = path.suffix == ".pt" or path.name in ("table.csv", "curves.csv", "spec.json")
            found[name] = path.read_bytes() if same else b""
    return found


def _compare(
    totals: Counter[str],
    wanted: dict[str, bytes],
    got: dict[str, bytes],
    rng: random.Random,
    root: Path,
) -> None:
    lost, more = wanted.keys() - got.keys(), got.keys() - wanted.keys()
    differing = [name for name in wanted.keys() & got.keys() if wanted[name] != got[name]]
    totals["lost_runs"] += len(lost)
    totals["left_over"] += len(more)
    totals["differing"] += len(differing)
    for what, names in (("lost", lost), ("left over", more), ("differing", differing)):
        if names:
            print(f"{what}: {sorted(names)}", file=sys.stderr)


def _next_kill(rng: random.Random, whole: Attempt, jobs: int) -> Kill:
    if jobs > 1:
        whom = rng.choice(("command", "worker", "all"))
        return Kill(after=rng.uniform(0.0, whole.seconds), whom=whom)
    early = rng.random() ** 3  # an attempt has less to do than the first one
    if rng.random() < 0.5:
        return Kill(operation=1 + int(early * whole.operations))
    return Kill(after=early * whole.seconds)


def attempt(
    folder: Path, jobs: int, kill: Kill | None = None, rng: random.Random | None = None
) -> Attempt:
    """Run the study in `folder` in a forked process, and kill it as asked."""
    began, (ours, theirs) = time.monotonic(), os.pipe()
    cut = (rng or random).random()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        _child(folder, jobs, kill, cut, theirs)
    os.close(theirs)
    until = began + (kill.after if kill is not None and kill.after else PATIENCE)
    ended = _waited(pid, until)
    if ended is None:
        hung = kill is None or not kill.after
        _kill(pid, "all" if hung or kill is None else kill.whom)
        if kill is not None and kill.whom == "worker":  # the command goes on
            ended = _waited(pid, began + PATIENCE)
            if ended is None:
                _kill(pid, "all")
        if ended is None:
            _, status = os.waitpid(pid, 0)
            ended = os.waitstatus_to_exitcode(status)
    with os.fdopen(ours, "rb") as pipe:  # open until all of its processes have ended
        operations = pipe.read()
    return Attempt(ended, len(operations), time.monotonic() - began)


def _waited(pid: int, until: float) -> int | None:
    """The exit code of the process; None if it still runs at `until`."""
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= until:
            return None
        time.sleep(0.001)


def _kill(pid: int, whom: str) -> None:
    if whom == "command":
        os.kill(pid, signal.SIGKILL)
    elif whom == "all":
        os.killpg(pid, signal.SIGKILL)
    else:
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = entry.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and b"spawn_main" in (entry.parent / "cmdline").read_bytes():
                os.kill(int(entry.parent.name), signal.SIGKILL)
                return


def _child(folder: Path, jobs: int, kill: Kill | None, cut: float, pipe: int) -> None:
    """The process of an attempt; each of its file operations writes a byte to `pipe`."""
    code = 70
    try:
        os.setsid()
        os.set_inheritable(pipe, True)
        output = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(folder)
        os.environ["DATAYIELD_STORE"] = str(folder / "store")
        os.environ["DATAYIELD_CACHE"] = str(folder / "cache")
        _count_operations(str(folder), kill.operation if kill else 0, cut, pipe)
        from datayield.cli import main as datayield

        sys.argv = ["datayield", *COMMAND, "--jobs", str(jobs)]
        datayield()
    except SystemExit as done:
        code = int(done.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _count_operations(folder: str, last: int, cut: float, pipe: int) -> None:
    """Count file operations of this process below `folder`; the one numbered `last` kills it."""
    begun, owner, sync = 0, os.getpid(), os.fsync

    def begin(before_end: Callable[[], None] | None = None) -> None:
        nonlocal begun
        if os.getpid() != owner:  # a forked process that draws
            return
        begun += 1
        os.write(pipe, b".")
        if begun == last:
            if before_end:
                before_end()
            os.kill(owner, signal.SIGKILL)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and isinstance(arguments[0], str | os.PathLike):
            path = os.fspath(arguments[0])
            if isinstance(path, str) and path.startswith(folder) and not path.endswith("output"):
                begin()

    def cut_and_sync(file: int) -> None:
        begin(lambda: os.ftruncate(file, int(cut * os.fstat(file).st_size)))
        sync(file)

    os.fsync = cut_and_sync  # type: ignore[assignment]
    sys.addaudithook(hook)


def _prepared(folder: Path, keep_cache: bool = False) -> Path:
    if folder.exists():
        for each in folder.iterdir():
            if each.is_dir() and not (keep_cache and each.name == "cache"):
                shutil.rmtree(each)
    folder.mkdir(exist_ok=True)
    (folder / "output").write_bytes(b"")
    (folder / "tiny.yaml").write_text(STUDY)
    return folder


def _warm_up() -> None:
    """Import what an attempt imports, so that a fork of this process starts at once."""
    for name in IMPORTED:
        importlib.import_module(name)
    import matplotlib.figure
    import torch

    from datayield.report.templates import template

    template("template.html")
    figure = matplotlib.figure.Figure()
    figure.add_subplot().set_title("fonts, read once")
    for kind in ("pdf", "svg", "png"):
        figure.savefig(io.BytesIO(), format=kind)
    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
