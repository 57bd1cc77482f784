"""A study's report in a few fields, for the index of many studies and for its provenance."""

import time
from collections.abc import Mapping
from typing import Any

from datayield.analysis.results import StudyResults
from datayield.spec.study import as_options

SCHEMA_VERSION = 1
NAME = "summary.json"


def run_command(known: Mapping[str, Any]) -> str:
    """The command that runs the study of a summary, as it was run."""
    scale = f" --scale {known['scale']}" if known["scale"] else ""
    return f"datayield run {known['study']}{scale}{as_options(known.get('overrides', {}))}"


def summary(results: StudyResults, done: int, total: int) -> dict[str, Any]:
    """`done` of `total` runs and baselines; seconds of pretraining, and from first to last."""
    spent = results.spent
    begun = [s.finished - s.seconds for s in spent if s.finished]
    ended = [s.finished for s in spent if s.finished]
    versions = {k: v for k, v in results.versions.items() if k != "platform"}
    return {
        "schema_version": SCHEMA_VERSION,
        "study": results.study.study,
        "scale": results.study.scale,
        "overrides": dict(results.study.overrides),
        "question": results.study.question,
        "paper": results.study.paper,
        "done": done,
        "total": total,
        "looks": results.looks,
        "pretrained": len(spent),
        "seconds": sum(s.seconds - s.shared_seconds for s in spent),
        "seconds_first_to_last": max(ended) - min(begun) if ended else 0.0,
        "images": sum(s.images - s.shared_images for s in spent),
        "devices": sorted({s.device for s in spent}),
        "versions": versions,
        "date": time.strftime("%Y-%m-%d", time.gmtime(max(ended))) if ended else "",
    }
