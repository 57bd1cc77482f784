"""Images in place of a study: which dataset they are, and the study that is written for them."""

import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from datayield.cli.image_progress import image_progress
from datayield.cli.options import err, say
from datayield.spec.errors import ConfigError, DataError

if TYPE_CHECKING:
    from datayield.first_study import FirstStudy, Request

MINUTES = 20.0  # that a study of somebody's images may take, unless they say
LEAST_MINUTES = 0.1
# Files that are datasets by their names; any other file is read as a study.
DATASETS = (".zip", ".tar", ".tgz", ".gz", ".zst", ".npz", ".parquet", ".arrow", ".csv", ".tsv")


def dataset_of(name: str) -> str:
    """The dataset that an argument means: a path that is there, or a name in DATAYIELD_DATA.

    Raises DataError where there is neither.
    """
    from datayield.data.catalog import folder_of

    path = Path(name).expanduser()
    if path.exists():
        return str(path.absolute())
    folder_of(name)
    return name


def study_path(dataset: str) -> Path:
    """The file of the study of a dataset, in the current folder."""
    from datayield.first_study import study_name

    return Path(f"{study_name(dataset)}.yaml")


def labels_of(named: str | None, images: str) -> str | None:
    """The dataset that --labels means; None where it is that of the images.

    Raises DataError for what is not there.
    """
    if named is None:
        return None
    try:
        dataset = dataset_of(named)
    except DataError as error:
        raise error.within("--labels") from None
    return None if dataset == images else dataset


def designed(request: "Request") -> "FirstStudy":
    """Design and write the study, with progress on the error output."""
    from datayield.first_study import Watched, design

    return design(request, Watched(partial(say, console=err), image_progress))


def images_in(name: str, scale: str | None, labels: str | None) -> str | None:
    """The dataset that stands in place of a study; None for the name or the file of a study.

    Raises ConfigError for what is neither, and for options that go with the other.
    """
    from datayield.spec.study import find_study

    dataset = None
    try:
        if Path(name).is_file() and Path(name).suffix.lower() in DATASETS:
            dataset = dataset_of(name)
        else:
            find_study(name)
    except ConfigError:
        with suppress(DataError):  # neither: the error of a study says so
            dataset = dataset_of(name)
        if dataset is None:
            raise
    if dataset is None and labels is not None:
        raise ConfigError(
            "this is a study, whose evaluations name their labels",
            where="--labels",
            got=name,
            hint="leave out --labels, or name a folder of images in place of the study",
        )
    if dataset is not None and scale is not None:
        raise ConfigError(
            "these are images, whose study has no scales",
            where="--scale",
            got=scale,
            hint="leave out --scale",
        )
    return dataset


def study_of_images(
    dataset: str, labels: str | None, minutes: float | None, device: str
) -> tuple[str, float]:
    """The study of a dataset, written unless it is there already, and the minutes for its runs."""
    from datayield.cli.designed import show
    from datayield.first_study import Request
    from datayield.propose import REPORT_SECONDS

    began, path, minutes = time.monotonic(), study_path(dataset), minutes or MINUTES
    labelled = labels_of(labels, dataset)
    if path.exists():
        _check_same(path, dataset, labelled)
        say(
            f"continuing {path}, which was written before; for a new study rename or remove it",
            err,
        )
    else:
        made = designed(Request(dataset, labelled, minutes, device, path, began))
        show(err, made, minutes)
    left = minutes - (time.monotonic() - began + REPORT_SECONDS) / 60
    return str(path), max(LEAST_MINUTES, left)


def _check_same(path: Path, dataset: str, labels: str | None) -> None:
    """Raises ConfigError where a study that is there is about other images, or other labels."""
    from datayield.spec.run import dataset_path
    from datayield.spec.study import load_study

    study, folder = load_study(str(path)), path.absolute().parent
    data = study.base.get("data")
    pretrained = data.get("dataset") if isinstance(data, dict) else None
    tested = {ev.dataset for ev in study.evaluations}
    same = isinstance(pretrained, str) and dataset_path(pretrained, folder) == dataset
    if same and (labels is None or labels in tested):
        return
    raise ConfigError(
        f"the study that is there is about other {'labels' if same else 'images'}",
        where=str(path),
        got=", ".join(sorted(tested)) if same else str(pretrained),
        hint=f"datayield run {path} runs it; for {dataset}: datayield init {dataset} --out "
        "another.yaml, then datayield run another.yaml",
    )
