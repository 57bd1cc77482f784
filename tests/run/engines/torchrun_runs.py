"""One study on engines with two processes at each task, and its tables compared.

`python -m tests.run.engines.torchrun_runs` makes a study of two runs by torchrun itself, then on
submitit's local cluster (stopped by Ctrl-C and restarted, then a job warned of its end), then
on Ray (a follower killed), and compares the digests of table.csv. One thread each.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from datayield.spec.atomic_files import read_json
from tests.forked import Command
from tests.run.engines.engines_runs import (
    BY_RAY,
    BY_SLURM,
    STUDY,
    environment,
    finished,
    start,
    table,
)

BY_TWO = ("--processes", "2")
PATIENT = (*BY_SLURM, "--slurm", "time=60")  # else submitit warns each job after 5 minutes


def leader(store: Path, study: Command) -> int:
    """The process that holds the first run seen to have saved."""
    while study.poll() is None:
        for progress in store.glob("runs/*/progress.json"):
            lock = read_json(progress.with_name("lock.json"))
            if lock and (read_json(progress) or {"step": 0})["step"] > 0:
                return int(lock["pid"])
        time.sleep(0.01)
    raise AssertionError(f"it ended before a run had saved: {study.wait()}")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def follower(of: int) -> int:
    """The other process of the torchrun that started `of`."""
    pids = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    [other] = [pid for pid in pids if pid != of and parent(pid) == parent(of)]
    return other


def direct(folder: Path) -> str:
    """By torchrun itself."""
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "datayield", "run", "engines.yaml", "--store", "direct",
    ]  # fmt: skip
    subprocess.run(command, cwd=folder, env=environment(folder), check=True, capture_output=True)
    return "direct"


def slurm(folder: Path) -> str:
    """Stopped and continued, then a job warned, which is requeued."""
    store = folder / "slurm"
    study = start(folder, "slurm", *PATIENT, *BY_TWO)
    leader(store, study)
    study.send_signal(signal.SIGINT)
    said = study.wait(600)
    assert study.poll() == 3, said
    assert ", saved" in said, said
    assert not list(store.glob("runs/*/lock.json"))
    assert not list(store.glob("runs/*/spent.json"))
    saved = len(list(store.glob("runs/*/state.pt")))

    study = start(folder, "slurm", *PATIENT, *BY_TWO)
    os.kill(parent(parent(leader(store, study))), signal.SIGUSR2)  # parent: torchrun; its: the job
    said = finished(study)
    assert "restarted" not in said, said
    records = [json.loads(path.read_text()) for path in store.glob("runs/*/spent.json")]
    assert {record["processes"] for record in records} == {2}
    assert sum(record["resumed"] for record in records) == saved + 1
    return "slurm"


def ray(folder: Path) -> str:
    """A follower killed: its task is lost, and restarted."""
    study = start(folder, "ray", *BY_RAY, *BY_TWO)
    os.kill(follower(leader(folder / "ray", study)), signal.SIGKILL)
    said = finished(study)
    assert "process 1 of 2 ended (killed; if nobody did" in said, said
    assert said.count("restarted (1 of 2)") == 1, said
    return "ray"


def _main() -> None:
    cases: list[Callable[[Path], str]] = [direct, slurm, ray]
    tables = set()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "engines.yaml").write_text(STUDY.format(images=6400, seeds=[0]))
        for case in cases:
            began = time.monotonic()
            made = table(folder, case(folder))
            tables.add(made)
            line = {
                "engine": case.__name__,
                "seconds": round(time.monotonic() - began, 1),
                "table": hashlib.sha256(made).hexdigest()[:16],
            }
            print(json.dumps(line), flush=True)  # noqa: T201
    print(json.dumps({"tables_identical": len(tables) == 1}))  # noqa: T201
    raise SystemExit(len(tables) != 1)


if __name__ == "__main__":
    _main()
