"""A task in several processes: torchrun inside the process that an engine started.

There are three kinds of process. The engine's process starts a launcher and waits for the task to
end. The launcher is torchrun, and reports which of its processes died. Those are a leader, which
writes to the mailbox as a task of one process would, and followers (`run.distributed`). The leader
holds the far end of a pipe to the engine's process: when that is closed, as a stop request or
because its holder died, it saves and stops.
"""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from datayield.run.distributed import follow, leading
from datayield.run.engines.mailbox import LOOK_SECONDS, run_by_mailbox
from datayield.run.engines.processes import cause
from datayield.run.job import Job, TaskEnd
from datayield.spec.atomic_files import write_with
from datayield.spec.environment import cores, process_rank

MODULE = "datayield.run.engines.torchrun"
_FOLLOW = (signal.SIGABRT, signal.SIGTERM)


def run_in_processes(job: Job, folder: Path, home: Path, stop: Event | None = None) -> TaskEnd:
    """`run_by_mailbox`, with as many processes per task as the job requests.

    They divide the task's cores, or take one visible GPU each.
    """
    if job.processes == 1 or job.task.share_left == 0:  # only the leader evaluates
        return run_by_mailbox(job, folder, home, stop)
    threads = max(1, cores() // (job.jobs * job.processes))
    with tempfile.TemporaryDirectory(prefix="datayield-") as scratch:
        box = Path(scratch)
        (box / "task").write_bytes(pickle.dumps((job, folder, home)))
        torchrun = subprocess.Popen(
            [sys.executable, "-m", MODULE, scratch],
            stdin=subprocess.PIPE,
            cwd=home,
            env=os.environ | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS") or str(threads)},
            start_new_session=True,  # signals for a terminal or a job step go to this process
        )
        assert torchrun.stdin is not None
        with torchrun:
            while torchrun.poll() is None:
                if stop is not None and stop.is_set():
                    torchrun.stdin.close()
                with suppress(subprocess.TimeoutExpired):
                    torchrun.wait(LOOK_SECONDS)
        if (box / "end").exists():
            end: TaskEnd = pickle.loads((box / "end").read_bytes())
            return end
        return TaskEnd("lost", f"torchrun ended ({cause(torchrun.returncode)})")


def _launch(box: Path) -> None:
    """The launcher: run torchrun."""
    if hasattr(signal, "SIGUSR2"):
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # Slurm may warn every process of a job
    from torch.distributed.run import main as torchrun

    processes = _task(box)[0].processes
    try:
        torchrun(["--standalone", f"--nproc-per-node={processes}", "-m", MODULE, str(box)])
    except ChildFailedError as error:
        if not (box / "end").exists():  # else all is done and saved: a follower died on its way out
            _end(box, _verdict(list(error.failures.values()), processes, box))


def _verdict(failures: list[ProcessFailure], processes: int, box: Path) -> TaskEnd:
    """A process killed by a signal is lost; one that exited by itself left its cause.

    If there is a cause, SIGABRT and SIGTERM follow from it: a broken connection may abort the
    others, and torchrun terminates them.
    """
    told = (box / "cause").exists()
    for each in failures:
        if each.exitcode < 0 and not (told and -each.exitcode in _FOLLOW):
            return TaskEnd(
                "lost", f"process {each.local_rank} of {processes} ended ({cause(each.exitcode)})"
            )
    if told:
        return TaskEnd("failed", (box / "cause").read_text(encoding="utf-8"))
    first = failures[0]
    return TaskEnd("lost", f"process {first.local_rank} of {processes} {cause(first.exitcode)}")


def _take_part(box: Path) -> None:
    """One of torchrun's processes: the leader, which reports how the task ended, or a follower."""
    job, folder, home = _task(box)
    try:
        if process_rank().rank > 0:
            follow(job.device)
            return
        stop = Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        Thread(target=_until_closed, args=(stop,), daemon=True).start()
        with leading(job.device):
            end = run_by_mailbox(job, folder, home, stop)
    except BaseException as error:
        # The others fail next, because this one is gone: report the first cause.
        said = str(error) if isinstance(error, SystemExit) else traceback.format_exc()
        with suppress(FileExistsError), (box / "cause").open("x", encoding="utf-8") as file:
            file.write(f"process {process_rank().rank} of {job.processes}: {said}")
        raise
    _end(box, end)


def _until_closed(stop: Event) -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing is ever written
    stop.set()


def _task(box: Path) -> tuple[Job, Path, Path]:
    task: tuple[Job, Path, Path] = pickle.loads((box / "task").read_bytes())
    return task


def _end(box: Path, end: TaskEnd) -> None:
    write_with(box / "end", lambda file: pickle.dump(end, file))


if __name__ == "__main__":
    if process_rank().processes == 1:
        _launch(Path(sys.argv[1]))
    else:
        _take_part(Path(sys.argv[1]))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # at a normal exit threads of the process group may abort what is done
