"""W&B: the study is a group of a project, its runs are runs. Offline unless WANDB_MODE is set."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import wandb

from datayield.track.tracked_run import TrackedRun
from datayield.track.updates import RunState, TrackedPoint

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run

LONGEST = 128  # of a group's name


def tracker(folder: Path, study: str, question: str) -> "WandbRuns":
    """W&B by its own environment variables: WANDB_MODE, WANDB_PROJECT, WANDB_ENTITY, WANDB_DIR."""
    return WandbRuns(Path(os.environ.get("WANDB_DIR") or folder), study, question)


class WandbRuns:
    """Runs of W&B. Each has an id of its own in a study, as studies may share a run."""

    def __init__(self, folder: Path, study: str, question: str) -> None:
        self._mode = os.environ.get("WANDB_MODE") or "offline"
        self._project = os.environ.get("WANDB_PROJECT") or "datayield"
        entity = os.environ.get("WANDB_ENTITY") or ""
        self.destination = f"{self._mode} {folder if self._mode == 'offline' else entity} "
        self.destination += self._project
        self._folder, self._study, self._question = folder, study, question
        offline = f"wandb sync {folder / 'wandb'}/offline-run-*"
        self.look = offline if self._mode == "offline" else f"https://wandb.ai, {self._project}"
        self._runs: dict[str, Run] = {}

    def begin(self, run: TrackedRun, *, resume: bool) -> bool:
        """Online, W&B goes on with the run of this id. Offline a run cannot be opened again: what
        was written of it is replaced, so that one `wandb sync` sends each point once.
        """
        kept = resume and self._mode != "offline"
        if run.id in self._runs:  # after an error
            self._runs.pop(run.id).finish()
        name = f"{self._study}-{run.id}"
        if not kept:
            for old in self._folder.glob(f"wandb/offline-run-*-{name}"):
                shutil.rmtree(old)
        self._runs[run.id] = opened = wandb.init(
            id=name,
            resume="allow" if kept else None,
            project=self._project,
            group=self._study[:LONGEST],
            name=run.name,
            notes=self._question or None,
            config=run.config | {"run_id": run.id, "study": self._study},
            tags=[tag[:64] for tag in run.tags],
            dir=self._folder,
            mode=self._mode,
            reinit="create_new",
            save_code=False,
            settings=wandb.Settings(
                silent=True, console="off", x_disable_stats=True, disable_git=True,
                disable_code=True, x_disable_meta=True, program="datayield",
            ),
        )  # fmt: skip
        # Scores of early checkpoints come after the last step of training.
        opened.define_metric("step", hidden=True)
        opened.define_metric("*", step_metric="step")
        return kept

    def log(self, run: TrackedRun, points: Sequence[TrackedPoint]) -> None:
        """A row of history for each point, against `step`, the step of training."""
        for point in points:
            self._runs[run.id].log({"step": point.step, **point.values})

    def end(
        self, run: TrackedRun, state: RunState, outcome: Mapping[str, float | str | bool]
    ) -> None:
        """The state as `final_state` of the summary; W&B itself knows finished and failed."""
        opened = self._runs.pop(run.id)
        opened.summary.update({"final_state": state, **outcome})
        opened.finish(exit_code=0 if state == "done" else 1)

    def close(self) -> None:
        """Finish what is open: another process resumes it."""
        while self._runs:
            self._runs.popitem()[1].finish()
