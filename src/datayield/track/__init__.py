"""Trackers: what runs leave in the store, sent to TensorBoard, W&B or MLflow. No torch.

Training knows nothing of it: a tracker reads what runs write, in a process of its own while a study
runs, or afterwards.
"""

from datayield.track.following import following
from datayield.track.sending import SentReport, send_new
from datayield.track.tracked_run import TrackedRun, TrackedStudy, tracked_study
from datayield.track.trackers import TRACKERS, Tracker, check_trackers

__all__ = [
    "TRACKERS",
    "SentReport",
    "TrackedRun",
    "TrackedStudy",
    "Tracker",
    "check_trackers",
    "following",
    "send_new",
    "tracked_study",
]
