"""The verbs that take an encoder out of a study: as files, and as features of images."""

from pathlib import Path
from typing import Annotated

import typer

from datayield.cli.image_progress import image_progress
from datayield.cli.options import (
    DeviceOpt,
    JsonOpt,
    ScaleOpt,
    SetOpt,
    StoreOpt,
    StudyArg,
    print_json,
    say,
)
from datayield.spec.errors import ConfigError

RunOpt = Annotated[
    str | None, typer.Option("--run", help="A run by its id, or ID@SHARE of its budget.")
]
BestOpt = Annotated[
    bool, typer.Option("--best", help="The best checkpoint by validation score (the default).")
]
EvalOpt = Annotated[
    str | None,
    typer.Option("--eval", help="Evaluation that picks the checkpoint and sets the preprocessing."),
]
SplitOpt = Annotated[
    str | None, typer.Option(help="Split of a dataset (all image files of a folder).")
]
SKIPPED = 20  # images that are named one by one; --json names them all


def export(
    study: StudyArg,
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder.")],
    run: RunOpt = None,
    best: BestOpt = False,
    eval_: EvalOpt = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="Also write model.onnx.")] = False,
    hub: Annotated[
        str, typer.Option(help="Prepare a repository of this name; uploads nothing.")
    ] = "",
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    json_: JsonOpt = False,
) -> None:
    """Write a trained encoder as files that timm, torchvision or plain PyTorch load."""
    _one_choice(run, best)
    from datayield.encoders import export_encoder, study_encoder
    from datayield.session import open_study
    from datayield.spec.study import parsed_overrides

    session = open_study(study, scale, store, overrides=parsed_overrides(set_ or ()))
    chosen = study_encoder(session, run, eval_)
    made = export_encoder(session, chosen, folder, hub, onnx)
    record = made.record
    if json_:
        told = record.model_dump(mode="json") | {"folder": str(folder), "written": made.written}
        print_json(told | {"choice": chosen.choice._asdict() if chosen.choice else None})
        return
    from datayield.analysis.text.encoder import chosen_by, share_words, test_score

    say(f"run {record.run} at {share_words(record.share)}")
    if chosen.choice is not None:
        say(chosen_by(chosen.choice))
        say(f"test score: {test_score(chosen.choice)}")
    if not made.written:
        say(f"nothing to do: {folder} already holds this export")
        return
    say(f"checked: loads strictly; features differ by {record.difference:.1e} of the largest one")
    if record.onnx_difference is not None:
        say(f"checked: model.onnx differs by {record.onnx_difference:.1e}")
    say(f"exported: {folder} (how to load it: {folder / 'README.md'})")


def embed(
    encoder: Annotated[
        str, typer.Argument(metavar="STUDY|EXPORT", help="A study, or an exported folder.")
    ],
    images: Annotated[
        str, typer.Argument(metavar="IMAGES", help="A folder of images, or any dataset.")
    ],
    table: Annotated[Path, typer.Argument(metavar="OUT", help="The table, a .parquet file.")],
    split: SplitOpt = None,
    run: RunOpt = None,
    best: BestOpt = False,
    eval_: EvalOpt = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at once.")] = 256,
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    device: DeviceOpt = "auto",
    json_: JsonOpt = False,
) -> None:
    """Write the features of images, one row per image. Resumes if it was stopped."""
    _one_choice(run, best)
    from datayield.encoders import images_of, open_encoder
    from datayield.run.device import choose
    from datayield.run.export import embed as embed_images
    from datayield.run.export import embeddable
    from datayield.spec.study import parsed_overrides

    embeddable(table)
    on = choose(device)
    opened = open_encoder(encoder, run, eval_, scale, store, parsed_overrides(set_ or ()))
    with image_progress("decoding") as show:
        arrays = images_of(images, split, opened.module.preprocessing, show)
    with image_progress("features") as show:
        made = embed_images(opened.module, arrays, table, opened.identity, on, batch_size, show)
    if json_:
        print_json(
            {
                "schema_version": 1,
                "table": str(table),
                "images": made.images,
                "new": made.images - made.before,
                "features": made.features,
                "skipped": [each._asdict() for each in arrays.skipped],
                "notes": arrays.notes(),
                **opened.identity,
            }
        )
        return
    for note in arrays.notes():
        say(f"note  {note}")
    for each in arrays.skipped[:SKIPPED]:
        say(f"  left out: {each.name}: {each.reason}")
    if len(arrays.skipped) > SKIPPED:
        say(f"  and {len(arrays.skipped) - SKIPPED:,} more: --json names them all")
    if not made.written:
        say(f"nothing to do: {table} already holds these features")
        return
    before = f"; {made.before:,} computed before" if made.before else ""
    many = "1 image" if made.images == 1 else f"{made.images:,} images"
    say(f"features of {many}, {made.features:,} each{before}: {table}")


def _one_choice(run: str | None, best: bool) -> None:
    if run is not None and best:
        raise ConfigError(
            "--run and --best are mutually exclusive",
            where="--run, --best",
            got=run,
            hint="leave out one: without --run the checkpoint is the best by validation score",
        )
