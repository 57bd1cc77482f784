"""TensorBoard: a folder for the study, in it one for each run, with its curves and settings."""

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.plugin_data_pb2 import (
    HParamsPluginData,
    SessionEndInfo,
    SessionStartInfo,
)
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_tensor_proto

from datayield.track.flat_settings import flat
from datayield.track.tracked_run import TrackedRun
from datayield.track.updates import RunState, TrackedPoint

START, END = "_hparams_/session_start_info", "_hparams_/session_end_info"  # tags of the plugin


def tracker(folder: Path, study: str, question: str) -> "TensorBoardFiles":
    """Event files in `folder/study`; TensorBoard has no place for the question of a study."""
    return TensorBoardFiles(folder / study)


class TensorBoardFiles:
    """Event files, written without TensorFlow or torch."""

    def __init__(self, folder: Path) -> None:
        self.destination = "folder"  # what was sent is noted beside it, and goes with it
        self.look = f"tensorboard --logdir {folder}"
        self._folder = folder
        self._writers: dict[str, EventFileWriter] = {}

    def begin(self, run: TrackedRun, *, resume: bool) -> bool:
        """Another event file in the run's folder; TensorBoard reads all of them as one run."""
        folder = self._folder / f"{re.sub(r'[^A-Za-z0-9.,=_-]+', '_', run.name)}_{run.id[:8]}"
        kept = resume and any(folder.glob("events.out.tfevents.*"))
        self._writers[run.id] = EventFileWriter(str(folder))
        if not kept:
            start = SessionStartInfo(group_name=run.id, start_time_secs=time.time())
            for name, value in flat(run.config):
                if isinstance(value, str):
                    start.hparams[name].string_value = value
                elif isinstance(value, bool):
                    start.hparams[name].bool_value = value
                else:
                    start.hparams[name].number_value = value
            self._add(run, 0, _of_plugin(START, HParamsPluginData(session_start_info=start)))
        return kept

    def log(self, run: TrackedRun, points: Sequence[TrackedPoint]) -> None:
        """Scalars at the steps of training."""
        for point in points:
            scalars = (Summary.Value(tag=t, simple_value=v) for t, v in point.values.items())
            self._add(run, point.step, *scalars)
        self._writers[run.id].flush()

    def end(
        self, run: TrackedRun, state: RunState, outcome: Mapping[str, float | str | bool]
    ) -> None:
        """The state and the cost as a text, and the state for the table of settings."""
        rows = {"state": state, "id": run.id, "tags": ", ".join(run.tags)} | dict(outcome)
        table = "\n".join(["| | |", "|-|-|", *(f"| {k} | {v} |" for k, v in rows.items())])
        status = {"done": Status.STATUS_SUCCESS, "stopped": Status.STATUS_UNKNOWN}
        ended = SessionEndInfo(
            status=status.get(state, Status.STATUS_FAILURE), end_time_secs=time.time()
        )
        scalars = {f"run/{k}": v for k, v in outcome.items() if isinstance(v, float)}
        self._add(
            run,
            run.steps,
            _text("run", table),
            _of_plugin(END, HParamsPluginData(session_end_info=ended)),
            *(Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()),
        )
        self._writers.pop(run.id).close()

    def close(self) -> None:
        """Close all event files."""
        while self._writers:
            self._writers.popitem()[1].close()

    def _add(self, run: TrackedRun, step: int, *values: Summary.Value) -> None:
        event = Event(wall_time=time.time(), step=step, summary=Summary(value=values))
        self._writers[run.id].add_event(event)


def _of_plugin(tag: str, data: HParamsPluginData) -> Summary.Value:
    plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=data.SerializeToString())
    return Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=plugin))


def _text(tag: str, markdown: str) -> Summary.Value:
    plugin = SummaryMetadata.PluginData(plugin_name="text")
    return Summary.Value(
        tag=tag,
        metadata=SummaryMetadata(plugin_data=plugin),
        tensor=make_tensor_proto(markdown.encode(), shape=(1,)),
    )
