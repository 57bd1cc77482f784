"""The trackers that there are, and what each has to be able to do."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Protocol

from datayield.spec.errors import ConfigError
from datayield.track.tracked_run import TrackedRun
from datayield.track.updates import RunState, TrackedPoint


class Tracker(Protocol):
    """A service or a folder that shows runs. Its methods may raise any error."""

    destination: str  # where it keeps runs, so that what was sent there is not sent again
    look: str  # the command or address by which a person looks at them

    def begin(self, run: TrackedRun, *, resume: bool) -> bool:
        """Open a run. With `resume`: whether it holds what was sent before; if not, it is empty."""

    def log(self, run: TrackedRun, points: Sequence[TrackedPoint]) -> None:
        """Add points to an open run, and keep them: a crash after it must not lose them."""

    def end(
        self, run: TrackedRun, state: RunState, outcome: Mapping[str, float | str | bool]
    ) -> None:
        """Close an open run, and say how it ended and what it took."""

    def close(self) -> None:
        """Close what is open; those runs are still going on."""


class _Library(NamedTuple):
    package: str
    module: str  # with a function `tracker(folder, study) -> Tracker`


TRACKERS = {
    "tensorboard": _Library("tensorboard", "datayield.track.tensorboard_files"),
    "wandb": _Library("wandb", "datayield.track.wandb_runs"),
    "mlflow": _Library("mlflow", "datayield.track.mlflow_runs"),
}


def check_trackers(names: Sequence[str], option: str) -> tuple[str, ...]:
    """The names, each once. Raises ConfigError for an unknown one or a missing package."""
    for name in names:
        if name not in TRACKERS:
            raise ConfigError("unknown tracker", where=option, got=name, allowed=TRACKERS)
        if find_spec(TRACKERS[name].package) is None:
            raise ConfigError(
                f"{name} is not installed",
                where=option,
                got=f"no package {TRACKERS[name].package}",
                hint=f"pip install 'datayield[{name}]'",
            )
    return tuple(dict.fromkeys(names))


def tracker_folder(store: Path, name: str) -> Path:
    """Where a tracker keeps files, unless its own environment variables say otherwise."""
    return store.absolute() / "trackers" / name


def open_tracker(name: str, store: Path, study: str, question: str) -> Tracker:
    """A tracker of a study, ready to begin runs. Raises what its library raises."""
    folder = tracker_folder(store, name)
    folder.mkdir(parents=True, exist_ok=True)
    made: Tracker = import_module(TRACKERS[name].module).tracker(folder, study, question)
    return made


def sent_folder(store: Path, name: str, destination: str, study: str) -> Path:
    """Where it is noted what a tracker has of each run of a study: `<run>.json`."""
    at = hashlib.sha256(destination.encode()).hexdigest()[:8]
    return tracker_folder(store, name) / "sent" / at / study
