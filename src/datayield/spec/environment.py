"""All environment variables that datayield reads: folders, switches, processes."""

import os
from pathlib import Path
from typing import NamedTuple

from datayield.spec.errors import ConfigError

DEFAULT_STORE = "datayield-store"
SPINS = 1000  # some microseconds: benchmarks/threads.py


def data_dir() -> Path | None:
    """DATAYIELD_DATA: a folder whose sub-folders are datasets."""
    value = os.environ.get("DATAYIELD_DATA")
    return _expanded(value, "DATAYIELD_DATA") if value else None


def cache_dir() -> Path:
    """DATAYIELD_CACHE: decoded images, measurements, compiled losses; safe to delete.

    `$XDG_CACHE_HOME/datayield` or `~/.cache/datayield` unless set. Raises ConfigError if a file is
    in the way.
    """
    value = os.environ.get("DATAYIELD_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    path = _expanded(value or f"{home}/datayield", "DATAYIELD_CACHE")
    if path.exists() and not path.is_dir():
        raise ConfigError(
            "the cache path is a file, not a folder",
            where="DATAYIELD_CACHE",
            got=path,
            hint="set DATAYIELD_CACHE to a folder",
        )
    return path.absolute()


def store_dir() -> Path:
    """DATAYIELD_STORE: runs, results and reports; `./datayield-store` unless set."""
    return _expanded(os.environ.get("DATAYIELD_STORE") or DEFAULT_STORE, "DATAYIELD_STORE")


def is_default_store(root: Path) -> bool:
    """Whether a store is `./datayield-store` because neither DATAYIELD_STORE nor anyone chose."""
    default = Path(DEFAULT_STORE).absolute()
    return not os.environ.get("DATAYIELD_STORE") and root.absolute() == default


def compiling() -> bool:
    """DATAYIELD_COMPILE: 1 compiles the loss of new runs with torch.compile; off unless set."""
    return os.environ.get("DATAYIELD_COMPILE", "0") not in ("", "0")


def cores() -> int:
    """CPUs that this process may use: batch systems restrict them."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def threads_wanted() -> bool:
    """OMP_NUM_THREADS: whether the user or the parent process set the number of threads."""
    return bool(os.environ.get("OMP_NUM_THREADS"))


def let_idle_threads_sleep() -> None:
    """GOMP_SPINCOUNT: how long an idle thread of OpenMP waits before it sleeps.

    By default it spins for milliseconds, and takes a core from whoever shares the machine: two
    training threads beside one busy process are then slower than one thread. Must be called before
    torch is imported; what the user has set is kept.
    """
    if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} & os.environ.keys():
        os.environ["GOMP_SPINCOUNT"] = str(SPINS)


def one_thread_for_blas() -> None:
    """OPENBLAS_NUM_THREADS: threads of numpy's linear algebra; 1, unless set by the user.

    The laws solve thousands of problems of a handful of numbers: more threads only wait for each
    other, for a third of an answer's CPU time. Must be called before numpy is imported.
    """
    if not {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"} & os.environ.keys():
        os.environ["OPENBLAS_NUM_THREADS"] = "1"


def home_dir() -> Path | None:
    """HOME; None where the system knows no home folder, as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def private_folders(store: Path) -> list[tuple[Path, str]]:
    """Folders of this machine that what is published should not name, each with what to write."""
    named = [(data_dir(), "$DATAYIELD_DATA"), (store, "$DATAYIELD_STORE")]
    named += [(cache_dir(), "$DATAYIELD_CACHE"), (home_dir(), "~"), (Path.cwd(), ".")]
    return [(path.absolute(), name) for path, name in named if path is not None]


class ProcessRank(NamedTuple):
    """The rank of this process among those that train together; 0 of 1 unless under torchrun."""

    rank: int
    local_rank: int  # on this machine
    processes: int


def process_rank() -> ProcessRank:
    """RANK, LOCAL_RANK, WORLD_SIZE, as torchrun sets them."""
    processes = _number("WORLD_SIZE", 1)
    ranks = (_number("RANK", 0), _number("LOCAL_RANK", 0))
    if processes < 1 or not all(0 <= rank < processes for rank in ranks):
        raise ConfigError(
            "the ranks that the environment sets do not fit together",
            where="RANK, LOCAL_RANK, WORLD_SIZE",
            got=f"RANK={ranks[0]}, LOCAL_RANK={ranks[1]}, WORLD_SIZE={processes}",
            allowed="0 <= rank < WORLD_SIZE",
            hint="unset all three, or start with torchrun",
        )
    return ProcessRank(*ranks, processes)


def _number(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ConfigError(
            "invalid environment variable",
            where=name,
            got=value,
            allowed="a whole number, as torchrun sets it",
            hint=f"unset {name}",
        )
    return int(value)


def _expanded(path: str, where: str) -> Path:
    """`path` with `~` as the home folder. Raises ConfigError where there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError(
            "cannot expand ~: no home folder is known",
            where=where,
            got=path,
            hint=f"set {where} to a folder that does not begin with ~, or set HOME",
        ) from None
