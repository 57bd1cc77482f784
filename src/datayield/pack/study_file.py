"""Whether the resolved study of a pack is what its study file says."""

from pathlib import Path, PurePath
from typing import Any

from datayield.pack.contents import STUDY_FILE
from datayield.spec.errors import ConfigError
from datayield.spec.study import Study, load_study

DATA = ("dataset", "content")  # of an evaluation: resolved where the study was run


def differs(folder: Path, study: Study) -> str:
    """The first thing that the study file of an unpacked pack says otherwise; empty if nothing.

    Datasets are compared by the last part of their names, since only that is packed of a path.
    """
    try:
        stated = load_study(str(folder / STUDY_FILE), study.scale or None, study.overrides)
    except ConfigError as error:
        return f"it cannot be read: {error.message}"
    kept = {ev.name for ev in study.evaluations}
    absent = [ev.name for ev in stated.evaluations if ev.optional and ev.name not in kept]
    first, second = _said(stated.without(absent) if absent else stated), _said(study)
    for key, value in first.items():
        if value != second[key]:
            return f"{key} differs from that of {STUDY_FILE}"
    return ""


def _said(study: Study) -> dict[str, Any]:
    said = study.model_dump(mode="json", exclude={"evaluations", "baselines"})
    said["baselines"] = [PurePath(each.weights).name for each in study.baselines]
    said["evaluations"] = [
        ev.model_dump(mode="json", exclude=set(DATA)) | {"dataset": PurePath(ev.dataset).name}
        for ev in study.evaluations
    ]
    return said
