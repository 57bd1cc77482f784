"""Kill a tiny real study again and again, and compare its end with an undisturbed run.

    python benchmarks/chaos.py [--kills 1000] [--seed 0] [--jobs 1] [--stack 1]
                               [--seconds 240]

Half of the kills (SIGKILL) come at a random time, half at a random file operation: opening,
renaming, linking, removing, making a folder, or syncing, where the file that is being written is
also cut at a random length. The study is restarted until it ends; then weights, checkpoints and
tables are compared bit by bit, files are listed, and another round starts in an empty store, every
third one in an empty cache too, so that decoding is killed as well. A process with torch imported
is forked for each attempt. With --jobs 2, the command, one of its workers (and mostly all, a little
later) or all are killed, always at a random time; nine attempts of ten share one server of workers,
so that torch is imported once, and the tenth has its own, which is killed too. With --stack K there
are six runs of one shape, up to K of them in one network. Prints one line of
JSON; exit code 1 where anything differs, is lost, is left over, or printed a traceback.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import worker_server
from attempts import (
    PATIENCE,
    RUN,
    Attempt,
    Disturbance,
    environment,
    operations,
    start,
    waited,
)
from tiny_study import STACKED, STUDY, differences, outcome, prepared, warm_up

UNDISTURBED = 0.03  # fraction of attempts
OWN_SERVER = 0.1  # fraction of attempts
AT_ONCE = 0.05  # fraction that does not wait until the workers of the last attempt have ended
WRONG = ("differing", "lost", "left_over", "tracebacks", "failed_ends", "hangs")


class Kind(NamedTuple):
    """How every attempt runs the study."""

    jobs: int
    stack: int

    @property
    def study(self) -> str:
        """Runs of one shape to stack, or the usual ones."""
        return STACKED if self.stack > 1 else STUDY

    @property
    def command(self) -> tuple[str, ...]:
        """Arguments of `datayield`."""
        return (*RUN, "--jobs", str(self.jobs), "--stack", str(self.stack))


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
    parser.add_argument("--stack", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after the round then")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        kind = Kind(asked.jobs, asked.stack)
        totals = chaos(Path(root), asked.kills, asked.seed, kind, asked.seconds)
    print(json.dumps(totals), flush=True)
    sys.exit(1 if any(totals[name] for name in WRONG) else 0)


def chaos(root: Path, kills: int, seed: int, kind: Kind, seconds: float) -> dict[str, Any]:
    """The totals of as many rounds as it takes for `kills` kills, or for `seconds`."""
    warm_up()
    rng, totals = random.Random(seed), Counter[str]()
    whole = prepared(root / "whole", study=kind.study)
    first = killed(whole, kind, None, rng, 0)
    if first.code != 0:
        raise SystemExit((whole / "output").read_text())
    wanted, server = outcome(whole), 0
    if kind.jobs > 1:
        server = worker_server.start(environment(root / "broken"))
        first = killed(prepared(root / "broken", study=kind.study), kind, None, rng, server)
    print(
        f"undisturbed: {first.operations} file operations, {first.seconds:.1f} s", file=sys.stderr
    )
    broken, rounds, began = root / "broken", 0, time.monotonic()
    while totals["kills"] < kills and time.monotonic() - began < seconds:
        prepared(broken, keep_cache=rounds % 3 > 0, study=kind.study)
        rounds += 1
        while True:
            kill = _next_kill(rng, first, kind.jobs) if totals["kills"] < kills else None
            ended = killed(broken, kind, kill, rng, server)
            if kill is not None:
                totals["kills"] += ended.kills
                totals["at_operations"] += ended.kills > 0 and kill.operation > 0
                totals["workers"] += ended.kills - (ended.code == -signal.SIGKILL)
            if ended.code in (0, 1, 2):
                break
            totals["hangs"] += ended.seconds > PATIENCE
            totals["busy"] += ended.code == 3  # a worker of the last attempt had not ended yet
        totals["failed_ends"] += ended.code != 0
        for wrong, names in differences(wanted, outcome(broken)).items():
            totals[wrong] += len(names)
            if names:
                print(f"{wrong}: {names}", file=sys.stderr)
        output = (broken / "output").read_text(errors="replace")
        totals["tracebacks"] += output.count("Traceback") + output.count("Exception ignored")
        if any(totals[name] for name in WRONG):
            print(output[-6000:], file=sys.stderr)
            break
    told = {name: totals[name] for name in ("kills", "at_operations", "workers", "busy", *WRONG)}
    took = round(time.monotonic() - began, 1)
    return {"rounds": rounds, **told, **kind._asdict(), "seed": seed, "seconds": took}


def _next_kill(rng: random.Random, whole: Attempt, jobs: int) -> Kill | None:
    """Mostly early: an attempt has less to do than the first one. Now and then none."""
    if rng.random() < UNDISTURBED:
        return None
    if jobs > 1:
        whom = rng.choice(("command", "worker", "all"))
        return Kill(after=0.5 * rng.random() * whole.seconds, whom=whom)
    early = 0.5 * rng.random() ** 2
    if rng.random() < 0.5:
        return Kill(operation=1 + int(early * whole.operations))
    return Kill(after=early * whole.seconds)


def killed(folder: Path, kind: Kind, kill: Kill | None, rng: random.Random, server: int) -> Attempt:
    """Run the study in `folder` in a forked process, and kill it as asked.

    `server`: the process whose children are the workers; 0 for a server of its own.
    """
    began, disturbance = time.monotonic(), None
    if kill is not None and kill.operation:
        disturbance = _suicide(kill.operation, rng.random())
    if rng.random() < OWN_SERVER and kill is not None:
        server = 0
    first = worker_server.adopt if server else worker_server.forget
    pid, pipe = start(folder, kind.command, disturbance, first)
    until = began + (kill.after if kill is not None and kill.after else PATIENCE)
    ended, hit = waited(pid, until), False
    if ended is None and kill is not None and kill.whom == "worker":  # the command goes on
        while ended is None and not hit:
            hit = worker_server.kill([*_workers(pid, server)][:1])
            ended = waited(pid, time.monotonic() + 0.01)
        longer = PATIENCE if rng.random() < 0.3 else kill.after + 2.0 * rng.random()
        ended = waited(pid, began + longer) if ended is None else ended
    if ended is None and kill is not None and kill.whom == "command":
        os.kill(pid, signal.SIGKILL)
    elif ended is None:
        workers = [*_workers(pid, server)]
        os.kill(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):  # it had no group of its own yet
            os.killpg(pid, signal.SIGKILL)
        worker_server.kill(workers)
    if ended is None:
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    begun = operations(pipe)
    if server and rng.random() >= AT_ONCE:
        worker_server.wait_for_workers(server, PATIENCE)
    return Attempt(ended, begun, time.monotonic() - began, hit + (ended == -signal.SIGKILL))


def _workers(pid: int, server: int) -> Iterator[int]:
    return worker_server.children(server) if server else worker_server.workers_of(pid)


def _suicide(at: int, cut: float) -> Disturbance:
    """The process kills itself, after it has cut the file that it was about to sync."""

    def act(file: int | None) -> bool:
        if file is not None:
            os.ftruncate(file, int(cut * os.fstat(file).st_size))
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    return Disturbance(at, act)


if __name__ == "__main__":
    main()
