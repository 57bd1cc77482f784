"""The verb that says which images to label or to collect next."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datayield.cli.encoders import EvalOpt, RunOpt, SplitOpt
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

if TYPE_CHECKING:
    from datayield.encoders import StudyEncoder
    from datayield.pick import PickedImages, PickRequest

SHOWN = 10  # images that are printed; the table has all


def pick(
    study: StudyArg,
    pool: Annotated[
        str, typer.Argument(metavar="POOL", help="A folder of images, or any dataset.")
    ],
    table: Annotated[
        Path | None, typer.Argument(metavar="OUT.csv", help="The table of all picked images.")
    ] = None,
    label: Annotated[
        int | None, typer.Option("--label", min=1, help="How many images to label next.")
    ] = None,
    collect: Annotated[
        int | None,
        typer.Option("--collect", min=1, help="How many unlabeled images to pretrain on next."),
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            help="To label: clusters (the default), margin, diverse or random; to collect: "
            "near_target (the default), diverse or random."
        ),
    ] = "",
    split: SplitOpt = None,
    run: RunOpt = None,
    eval_: EvalOpt = None,
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
    device: DeviceOpt = "auto",
    json_: JsonOpt = False,
) -> None:
    """List the images of a pool to label or to collect next, and compare with random ones."""
    request = _request(pool, split, label, collect, by)
    if table is not None and table.suffix != ".csv":
        raise ConfigError(
            "the picked images are written as a CSV file",
            where="OUT.csv",
            got=str(table),
            allowed="a path that ends in .csv",
            hint=f"for example {table.with_suffix('.csv').name or 'picked.csv'}",
        )
    from datayield.encoders import study_encoder
    from datayield.pick import pick_images, write_table
    from datayield.session import open_study
    from datayield.spec.study import parsed_overrides

    session = open_study(study, scale, store, device, parsed_overrides(set_ or ()))
    encoder = study_encoder(session, run, eval_)
    made = pick_images(session, encoder, request, device, image_progress)
    written = table is not None and write_table(made.rows, table)
    if json_:
        print_json(_as_json(made, encoder, table))
        return
    from datayield.pick.words import image_words, picked_words

    for line in picked_words(made):
        say(line)
    if table is not None:
        say(f"picked: {table}" if written else f"nothing to do: {table} already holds this list")
        if made.request.purpose == "label":
            uses_all = any(each.train_count is None for each in session.study.evaluations)
            more = "run the study again" if uses_all else "raise train_count in its evaluations"
            say(f"next: add them to the labelled images, and {more}")
        return
    for row in made.rows[:SHOWN]:
        say(f"  {image_words(row)}")
    if len(made.rows) > SHOWN:
        say(f"  and {len(made.rows) - SHOWN:,} more: name a file, such as picked.csv, for all")


def _request(
    pool: str, split: str | None, label: int | None, collect: int | None, by: str
) -> "PickRequest":
    if (label is None) == (collect is None):
        raise ConfigError(
            "images are picked either to label or to collect",
            where="--label, --collect",
            got="neither" if label is None else f"--label {label} --collect {collect}",
            hint="datayield pick STUDY POOL --label 200, or --collect 2000",
        )
    from datayield.pick import RULES, PickPurpose, PickRequest

    purpose: PickPurpose = "collect" if label is None else "label"
    rules = RULES[purpose]
    if by and by not in rules:
        raise ConfigError(
            f"unknown rule to pick images to {purpose}", where="--by", got=by, allowed=rules
        )
    rule = next((rule for rule in rules if rule == by), rules[0])
    return PickRequest(purpose, label or collect or 0, pool, split, rule)


def _as_json(
    made: "PickedImages", encoder: "StudyEncoder", table: Path | None
) -> dict[str, object]:
    asked, test = made.request, made.test
    tested = None
    if test is not None:
        apart = test.difference._asdict()
        tested = test._asdict() | {"difference": apart, "verdict": test.verdict}
    gain = made.expected.gain
    return {
        "schema_version": 1,
        "purpose": asked.purpose,
        "count": asked.amount,
        "pool": asked.pool,
        "split": asked.split,
        "by": asked.by,
        "run": encoder.spec.id,
        "share": encoder.share,
        "task": made.task,
        "labelled": made.labelled,
        "listed": made.listed,
        "candidates": made.candidates,
        "left_out": made.left_out,
        "notes": list(made.notes),
        "expected": made.expected._asdict() | {"gain": None if gain is None else gain._asdict()},
        "test": tested,
        "table": None if table is None else str(table),
        "images": [row._asdict() for row in made.rows],
    }
