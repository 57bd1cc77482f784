"""The verbs that look at what there is: lists, this machine, distances between datasets."""

from dataclasses import asdict
from typing import Annotated

import typer

from datayield.cli.image_progress import image_progress
from datayield.cli.options import DeviceOpt, JsonOpt, StoreOpt, out, print_json, say
from datayield.spec.environment import store_dir
from datayield.spec.errors import ConfigError
from datayield.spec.named_paths import path_first


def distance(
    sets: Annotated[
        list[str],
        typer.Argument(metavar="DATASET", help="Two datasets; three or more give a matrix."),
    ],
    split_a: Annotated[str, typer.Option(help="Split of the first dataset.")] = "train",
    split_b: Annotated[str, typer.Option(help="Split of the other datasets.")] = "train",
    encoder: Annotated[
        str,
        typer.Option(
            help="pixels, untrained:<encoder>, timm/<name>, weights:<file>?encoder=<encoder>, "
            "inception or run:<id>[@share]."
        ),
    ] = "untrained:convnet",
    count: Annotated[
        int | None, typer.Option(min=2, help="Images per dataset (default: up to 10,000).")
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=8, max=1024, help="Image size in pixels (default: 32).")
    ] = None,
    store: StoreOpt = None,
    device: DeviceOpt = "auto",
    json_: JsonOpt = False,
) -> None:
    """Measure distances between datasets: FID, KID, MMD, VisualDNA, with intervals."""
    from datayield.report.terminal.distances import show
    from datayield.run.device import choose
    from datayield.run.distances.distance import DistanceRequest, Set, measure_distances
    from datayield.run.distances.feature_net import feature_net
    from datayield.store.folders import Store

    named = enumerate(map(path_first, sets))
    asked = tuple(Set(name, split_b if k else split_a) for k, name in named)
    net = feature_net(encoder, size, Store(store or store_dir()))
    request = DistanceRequest(asked, net, count, choose(device))
    records = list(measure_distances(request, image_progress))
    if json_:
        print_json({"schema_version": 1, "distances": [r.model_dump(mode="json") for r in records]})
    else:
        show(out, records)


def list_(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="studies, methods, recipes, encoders, views, datasets, tasks or protocols.",
        ),
    ] = "studies",
    json_: JsonOpt = False,
) -> None:
    """List available studies, methods, recipes, encoders, views, datasets, tasks or protocols."""
    from datayield.data.catalog import entries
    from datayield.data.tasks import availability
    from datayield.report.terminal.lists import CATALOGUES, NOTES, show

    if what == "datasets":
        rows = [asdict(entry) for entry in entries()]
    elif what == "tasks":
        rows = availability()
    elif what in CATALOGUES:
        rows = CATALOGUES[what]()
    else:
        raise ConfigError(
            "unknown list",
            where="datayield ls",
            got=what,
            allowed=[*CATALOGUES, "datasets", "tasks"],
        )
    if json_:
        print_json(rows)
    else:
        show(out, rows, NOTES.get(what, ""))


def doctor(
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="DATASET",
            help="Check a dataset (folder, archive or name) instead of this machine: its files, "
            "classes and copies; repeatable.",
        ),
    ] = None,
    near_copies: Annotated[
        bool,
        typer.Option(
            "--near-copies", help="With --data: also find resized, re-encoded, mirrored copies."
        ),
    ] = False,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="Time training for each precision, memory format and number of threads.",
        ),
    ] = False,
    json_: JsonOpt = False,
) -> None:
    """Check this machine (versions, device, folders), or datasets."""
    if data:
        _tell_datasets(data, near_copies, json_)
        return
    if near_copies:
        raise ConfigError(
            "near copies are looked for in datasets, and no dataset is named",
            where="--near-copies",
            got="no --data",
            hint="datayield doctor --data DATASET --near-copies",
        )
    from datayield.run.doctor import examine, show

    findings = examine(measure)
    if json_:
        print_json(findings)
    else:
        show(out, findings)


def _tell_datasets(names: list[str], near: bool, json_: bool) -> None:
    from datayield.data.dataset_report import dataset_report

    reports = []
    for name in map(path_first, names):
        with image_progress(f"looking at {name}") as shown:
            reports.append(dataset_report(name, near, shown))
        if not json_:
            for line in reports[-1].lines():
                say(line)
    if json_:
        print_json({"schema_version": 1, "datasets": [each.structure() for each in reports]})
