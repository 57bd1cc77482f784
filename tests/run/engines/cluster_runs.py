"""A pocket study on three nodes of Ray, one lost half-way, one added, and the driver killed once.

`python -m tests.run.engines.cluster_runs` starts `ray.cluster_utils.Cluster` on this machine, whose
nodes have a cache of their own, and runs the study there with a store that all nodes see, and with
one that only the driver sees, which needs Linux and root. It prints, for each, how often tasks were
restarted and runs resumed, how often images were decoded and how many splits the nodes' caches
hold, and whether the table of results is that of a local run.
"""

import argparse
import ctypes
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from datayield.spec.atomic_files import read_json
from tests.run.engines.engines_runs import STUDY, environment, finished, start, table

SETTLE_SECONDS = 5.0  # for the driver to see that a node is gone
PRIVATE = "private"  # the folder that a node may not see
NEW_MOUNTS, DETACHED = 0x20000, (1 << 18) | (1 << 14)  # CLONE_NEWNS; MS_PRIVATE | MS_REC


class Nodes:
    """A cluster whose head runs no tasks; each other node has one CPU and its own cache.

    A process of its own starts them, so that they may see other folders than this one does.
    """

    def __init__(self, folder: Path, away: bool) -> None:
        self._pipe, theirs = get_context("spawn").Pipe()
        self._process = get_context("spawn").Process(target=_cluster, args=(folder, away, theirs))
        self._process.start()
        self.address: str = self._pipe.recv()  # what RAY_ADDRESS is set to

    def add(self) -> None:
        """Start a node."""
        self._tell("add")

    def lose(self, number: int) -> None:
        """Kill a node and all of its processes."""
        self._tell(number)

    def close(self) -> None:
        """Shut all of them down."""
        self._tell("close")
        self._process.join()

    def _tell(self, what: str | int) -> None:
        self._pipe.send(what)
        self._pipe.recv()


def _cluster(folder: Path, away: bool, pipe: Connection) -> None:
    """Start and lose nodes as the pipe says."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    if away:
        _hide(folder / PRIVATE)
    started: list[Any] = []
    pipe.send(cluster.address)
    while (what := pipe.recv()) != "close":
        if what == "add":
            cache = str(folder / f"node-{len(started)}")
            seen = environment(folder) | {"DATAYIELD_CACHE": cache}
            started.append(cluster.add_node(num_cpus=1, env_vars=seen))
        else:
            cluster.remove_node(started[what], allow_graceful=False)
        pipe.send(True)
    cluster.shutdown()
    pipe.send(True)


@contextmanager
def nodes(folder: Path, number: int, away: bool) -> Iterator[Nodes]:
    """A cluster of so many nodes; `away`: they do not see the folder of stores."""
    cluster = Nodes(folder, away)
    try:
        for _ in range(number):
            cluster.add()
        yield cluster
    finally:
        cluster.close()


def _hide(folder: Path) -> None:
    """Lay an empty folder over `folder`, for this process and what it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    target = os.fsencode(folder)
    for failed in (
        libc.unshare(NEW_MOUNTS),
        libc.mount(b"none", b"/", None, ctypes.c_ulong(DETACHED), None),
        libc.mount(b"none", target, b"tmpfs", ctypes.c_ulong(0), None),
    ):
        if failed:
            raise OSError(ctypes.get_errno(), "cannot hide the store from a node")


def steps_saved(store: Path) -> dict[str, int]:
    """The steps that the saved states of unfinished runs have."""
    found = {path: read_json(path) for path in store.glob("runs/*/progress.json")}
    return {path.parent.name: told["step"] for path, told in found.items() if told}


def wait_until_saved(store: Path, runs: int, beyond: dict[str, int], driver: Any) -> None:
    """Wait until so many runs have saved more than they had."""
    while driver.poll() is None:
        steps = steps_saved(store)
        if sum(step > beyond.get(run, 0) for run, step in steps.items()) >= runs:
            return
        time.sleep(0.05)
    raise AssertionError(f"the driver ended too early: {driver.wait()}")


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%X')} {text}\n")
    sys.stderr.flush()


def disturbed(folder: Path, away: bool, jobs: int = 4) -> dict[str, object]:
    """Run the study on three nodes: lose one, add one, kill the driver and start it again."""
    name = f"{PRIVATE}/away" if away else "shared"
    (folder / PRIVATE).mkdir(exist_ok=True)
    began, options = time.monotonic(), ("--executor", "ray", "--jobs", str(jobs))
    with nodes(folder, 3, away) as cluster:
        _tell("three nodes are up")
        driver = start(folder, name, *options, ray_address=cluster.address)
        wait_until_saved(folder / name, 2, {}, driver)
        cluster.lose(0)
        _tell("one node is lost")
        cluster.add()
        _tell("another one is up")
        time.sleep(SETTLE_SECONDS)
        wait_until_saved(folder / name, 2, steps_saved(folder / name), driver)
        driver.send_signal(signal.SIGKILL)
        said = driver.wait()
        _tell("the driver is killed")
        again = finished(start(folder, name, *options, ray_address=cluster.address))
    spent = [json.loads(p.read_text()) for p in (folder / name).glob("runs/*/spent.json")]
    caches = sorted(folder.glob("node-*"))
    return {
        "store": "away" if away else "shared",
        "seconds": round(time.monotonic() - began, 1),
        "restarted": len(re.findall(r"restarted \(", said + again)),
        "resumed": sum(each["resumed"] for each in spent),
        "runs": len(spent),
        "decoded": (said + again).count("decoded on"),
        "splits_in_caches": [len(list(each.glob("arrays/stamps/*.json"))) for each in caches],
        "left_in_caches": sum(len(list(each.glob("away/stores/*"))) for each in caches),
        "locks_left": len(list((folder / name).glob("runs/*/lock.json"))),
        "table_is_the_local_one": table(folder, name) == table(folder, "local"),
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=32000, help="budget of each run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--store", choices=("shared", "away"), nargs="*")
    asked = parser.parse_args()
    good = True
    for store in asked.store or ("shared", "away"):
        with tempfile.TemporaryDirectory(prefix="cluster-") as scratch:
            folder = Path(scratch)
            seeds = list(range(asked.seeds))
            (folder / "engines.yaml").write_text(STUDY.format(images=asked.images, seeds=seeds))
            finished(start(folder, "local"))
            _tell("the local run is done")
            told = disturbed(folder, store == "away")
            good = good and bool(told["table_is_the_local_one"])
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
    raise SystemExit(not good)


if __name__ == "__main__":
    _main()
