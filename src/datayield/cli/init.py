"""The verb that designs a first study of somebody's images, and says what it will tell."""

from pathlib import Path
from typing import Annotated

import typer

from datayield.cli.options import DeviceOpt, out, say
from datayield.cli.photos import MINUTES
from datayield.spec.errors import ConfigError
from datayield.spec.named_paths import pasteable

YAML = (".yaml", ".yml")
ImagesArg = Annotated[
    str, typer.Argument(metavar="PHOTOS", help="A folder of images, or a dataset.")
]
LabelsOpt = Annotated[
    str | None,
    typer.Option(
        "--labels",
        metavar="DIR|CSV",
        help="Labelled images elsewhere: a folder with a folder per class, or a table.",
    ),
]


def init(
    images: ImagesArg,
    labels: LabelsOpt = None,
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.1, help="Minutes that the study may take.")
    ] = MINUTES,
    device: DeviceOpt = "auto",
    to: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Where the study is written (<name of PHOTOS>.yaml)."
        ),
    ] = None,
) -> None:
    """Look at images and machine, and write a study that fits the time. Trains nothing."""
    from datayield.cli.designed import show
    from datayield.cli.photos import dataset_of, designed, labels_of, study_path

    if Path(images).suffix in YAML:
        raise ConfigError(
            "this is a study already; init writes one for a folder of images",
            where="datayield init",
            got=images,
            hint=f"datayield run {pasteable(images)} runs it; init takes a folder of images",
        )
    dataset = dataset_of(images)
    path = to or study_path(dataset)
    _check_new(path)
    from datayield.first_study import Request

    request = Request(dataset, labels_of(labels, dataset), minutes, device, path)
    made = designed(request)
    show(out, made, minutes)
    say(f"next: datayield run {pasteable(path)}")


def _check_new(path: Path) -> None:
    """Raises ConfigError where the file is there already, or cannot be one of a study."""
    if path.suffix not in YAML:
        raise ConfigError(
            "a study is a YAML file",
            where="--out",
            got=str(path),
            hint=f"write --out {pasteable(path.with_suffix('.yaml'))}",
        )
    if path.exists():
        raise ConfigError(
            "this file already exists, and is not overwritten",
            where="--out",
            got=str(path),
            hint=f"datayield run {pasteable(path)} runs it; for a new study name another file with "
            "--out, or remove this one (finished runs are kept)",
        )
