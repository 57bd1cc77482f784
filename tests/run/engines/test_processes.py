"""Workers are forked from a server that has imported torch, and are as if they had done so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import datayield

WORK = """
import os

def tell(pipe):
    import torch
    added = torch.ones(400_000).add(1).sum().item()  # in parallel: no lock was inherited
    about = torch.cuda.is_initialized(), torch.get_num_threads(), os.environ["OTHER"]
    pipe.send((added, *about))
"""
CODE = """
import os
from multiprocessing import Pipe
from work import tell
from datayield.run.engines.processes import _environment, worker_process

def asked(threads, other):
    ours, theirs = Pipe()
    os.environ["OTHER"] = other
    with _environment(threads):
        worker = worker_process(tell, theirs)
        worker.start()
    told = ours.recv()
    worker.join()
    return told

print([asked(2, "a"), asked(1, "b")], "OMP_NUM_THREADS" in os.environ)  # no worker runs this
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forked from a server on Linux only")
def test_a_worker_has_the_environment_and_the_threads_of_now(tmp_path: Path) -> None:
    (tmp_path / "asks.py").write_text(CODE)
    (tmp_path / "random.py").write_text("raise SystemExit('of the working directory')")
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "work.py").write_text(WORK)
    paths = str(Path(datayield.__file__).parents[1]), str(tmp_path / "modules")
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    del env["OMP_NUM_THREADS"]
    done = subprocess.run(
        [sys.executable, "-P", "asks.py"], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    wanted = [(800_000.0, False, 2, "a"), (800_000.0, False, 1, "b")]
    assert done.stdout.strip() == f"{wanted} False", done.stderr
