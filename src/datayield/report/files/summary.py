"""A study's report in a few fields, for the index of many studies and for its provenance."""

import time
from typing import Any

from datayield.analysis.results import StudyResults

SCHEMA_VERSION = 1
NAME = "summary.json"


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
