"""MLflow: the study is an experiment, its runs are runs. In SQLite unless a server is named."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlflow.entities import Metric, Param, RunStatus, RunTag
from mlflow.tracking import MlflowClient

from datayield.track.flat_settings import flat
from datayield.track.mlflow_names import allowed
from datayield.track.tracked_run import TrackedRun
from datayield.track.updates import RunState, TrackedPoint

ID = "datayield.run"  # the tag by which a run is found again
LONGEST = 500  # of a parameter's value
AT_ONCE = 100, 1000  # parameters, metrics in one call
STATUS = {"done": "FINISHED", "stopped": "KILLED"}  # others: FAILED


def tracker(folder: Path, study: str, question: str) -> "MlflowRuns":
    """MLflow by its own environment variables, of which MLFLOW_TRACKING_URI says where."""
    local = f"sqlite:///{folder / 'mlflow.db'}"
    where = os.environ.get("MLFLOW_TRACKING_URI") or local
    artifacts = (folder / "artifacts").as_uri() if where == local else None
    return MlflowRuns(where, artifacts, study, question)


class MlflowRuns:
    """Runs of an experiment with the study's name."""

    def __init__(self, where: str, artifacts: str | None, study: str, question: str) -> None:
        self.destination = where
        self.look = where if where.startswith("http") else f"mlflow ui --backend-store-uri {where}"
        self._client = MlflowClient(where)
        found = self._client.get_experiment_by_name(study)
        if found is None:
            tags = {"mlflow.note.content": question} if question else None
            self._experiment = self._client.create_experiment(study, artifacts, tags)
        else:
            self._experiment = found.experiment_id
        self._ids: dict[str, str] = {}

    def begin(self, run: TrackedRun, *, resume: bool) -> bool:
        """Go on with the run that has this id as a tag, or create it."""
        old = self._client.search_runs([self._experiment], f"tags.`{ID}` = '{run.id}'")
        if old and resume:
            self._ids[run.id] = old[0].info.run_id
            self._client.update_run(old[0].info.run_id, status="RUNNING")
            return True
        for each in old:  # what it holds is uncertain: it is written anew
            self._client.delete_run(each.info.run_id)
        tags = {ID: run.id, "datayield.tags": ", ".join(run.tags)}
        made = self._client.create_run(self._experiment, tags=tags, run_name=run.name)
        self._ids[run.id] = made.info.run_id
        params = [Param(allowed(name), str(value)[:LONGEST]) for name, value in flat(run.config)]
        for first in range(0, len(params), AT_ONCE[0]):
            some = params[first : first + AT_ONCE[0]]
            self._client.log_batch(made.info.run_id, params=some)
        return False

    def log(self, run: TrackedRun, points: Sequence[TrackedPoint]) -> None:
        """Metrics at the steps of training."""
        now = int(1000 * time.time())
        metrics = [
            Metric(allowed(name), value, now, point.step)
            for point in points
            for name, value in point.values.items()
        ]
        for first in range(0, len(metrics), AT_ONCE[1]):
            some = metrics[first : first + AT_ONCE[1]]
            self._client.log_batch(self._ids[run.id], metrics=some)

    def end(
        self, run: TrackedRun, state: RunState, outcome: Mapping[str, float | str | bool]
    ) -> None:
        """What it took as metrics, the state as a tag and as MLflow's status."""
        now, id_ = int(1000 * time.time()), self._ids.pop(run.id)
        numbers = {k: v for k, v in outcome.items() if isinstance(v, float)}
        words = {k: v for k, v in outcome.items() if isinstance(v, str)} | {"state": state}
        self._client.log_batch(
            id_,
            metrics=[Metric(allowed(k), v, now, run.steps) for k, v in numbers.items()],
            tags=[RunTag(f"datayield.{name}", str(value)) for name, value in words.items()],
        )
        self._client.set_terminated(id_, STATUS.get(state, RunStatus.to_string(RunStatus.FAILED)))

    def close(self) -> None:
        """Nothing is open: every call has written what it was given."""
        self._ids.clear()
