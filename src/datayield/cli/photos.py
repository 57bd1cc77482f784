"""Images in place of a study: which dataset they are, and the study that is written for them."""

import shlex
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datayield.cli.image_progress import image_progress
from datayield.cli.options import err, say
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.named_paths import pasteable, without_dots

if TYPE_CHECKING:
    from datayield.first_study import FirstStudy, Request

MINUTES = 20.0  # that a study of somebody's images may take, unless they say
LEAST_MINUTES = 0.1
# Files that are datasets by their names; any other file is read as a study.
DATASETS = (".zip", ".tar", ".tgz", ".gz", ".zst", ".npz", ".parquet", ".arrow", ".csv", ".tsv")


def dataset_of(name: str) -> str:
    """The dataset that an argument means: a path that is there, or a name in DATAYIELD_DATA.

    The path is absolute, without `..`. Raises DataError where there is neither.
    """
    from datayield.data.catalog import folder_of

    path = Path(name).expanduser()
    if path.exists():
        return without_dots(path)
    folder_of(name)
    return name


def study_path(dataset: str) -> Path:
    """The file of the study of a dataset, in the current folder."""
    from datayield.spec.study import study_name

    return Path(f"{study_name(dataset)}.yaml")


def labels_of(named: str | None, images: str) -> str | None:
    """The dataset that --labels means, named as the images where it is theirs.

    Raises DataError for what is not there.
    """
    from datayield.data.catalog import same_dataset

    if named is None:
        return None
    try:
        dataset = dataset_of(named)
    except DataError as error:
        raise error.within("--labels") from None
    return images if same_dataset(dataset, images) else dataset


def designed(request: "Request") -> "FirstStudy":
    """Design and write the study, with progress on the error output."""
    from datayield.first_study import Watched, design

    return design(request, Watched(partial(say, console=err), image_progress))


def are_images(name: str, scale: str | None, labels: str | None) -> bool:
    """Whether a dataset stands in place of a study, and not the name or the file of one.

    Raises ConfigError for what is neither, and for options that go with the other.
    """
    from datayield.spec.study import find_study

    images = Path(name).is_file() and Path(name).suffix.lower() in DATASETS
    try:
        if not images:
            find_study(name)
    except ConfigError:
        with suppress(DataError):  # neither: the error of a study says so
            images = bool(dataset_of(name))
        if not images:
            raise
    if not images and labels is not None:
        raise ConfigError(
            "this is a study, whose evaluations name their labels",
            where="--labels",
            got=name,
            hint="leave out --labels, or name a folder of images in place of the study",
        )
    if images and scale is not None:
        raise ConfigError(
            "these are images; the study written for them has no scales",
            where="--scale",
            got=scale,
            hint="leave out --scale",
        )
    return images


def study_of_images(
    images: str, labels: str | None, minutes: float | None, device: str
) -> tuple[str, float]:
    """The study of images, written unless it is there already, and the minutes for its runs."""
    from datayield.cli.designed import show
    from datayield.first_study import Request
    from datayield.propose import REPORT_SECONDS

    began, minutes, dataset = time.monotonic(), minutes or MINUTES, dataset_of(images)
    path, labelled = study_path(dataset), labels_of(labels, dataset)
    if path.exists():
        if other := _differs(path, dataset, labelled):
            raise _other_study(path, other, images, labels)
        say(
            f"continuing {path}, which already exists, for at most {minutes:g} minutes; for a new "
            "study rename or remove it",
            err,
        )
    else:
        made = designed(Request(dataset, labelled, minutes, device, path, began))
        show(err, made, minutes)
    left = minutes - (time.monotonic() - began + REPORT_SECONDS) / 60
    return str(path), max(LEAST_MINUTES, left)


class _Difference(NamedTuple):
    """In what a study that is there is another one, and what it has."""

    what: str
    has: str


def _differs(path: Path, dataset: str, labels: str | None) -> _Difference | None:
    """In what a study that is there differs: other images, or none of these labels."""
    from datayield.data.catalog import same_dataset
    from datayield.spec.run import dataset_path
    from datayield.spec.study import load_study

    study, folder = load_study(str(path)), path.absolute().parent
    data = study.base.get("data")
    pretrained = data.get("dataset") if isinstance(data, dict) else None
    if not isinstance(pretrained, str) or not same_dataset(
        dataset_path(pretrained, folder), dataset
    ):
        return _Difference("images", str(pretrained))
    tested = sorted({ev.dataset for ev in study.evaluations})
    if labels in (None, dataset) or any(same_dataset(each, labels) for each in tested):
        return None
    return _Difference("labels", ", ".join(tested))


def _other_study(path: Path, other: _Difference, images: str, labels: str | None) -> ConfigError:
    """The error for a study that is there; `images` and `labels` as they were named."""
    words = ["datayield", "init", images, *(("--labels", labels) if labels else ())]
    return ConfigError(
        f"the existing study is about other {other.what}",
        where=str(path),
        got=other.has,
        hint=f"datayield run {pasteable(path)} runs it; for these {other.what}: "
        f"{shlex.join(words)} --out another.yaml, then datayield run another.yaml",
    )
