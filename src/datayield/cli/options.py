"""What all verbs share: the two consoles, their common options, JSON."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from datayield.cli.completion import scale_names, study_names
from datayield.cli.terminal import Terminal, prepare, reader_gone

prepare()  # before the width is read
out, err = Terminal(soft_wrap=False), Terminal(stderr=True)

StudyArg = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A YAML file, or the name of a built-in study.",
        autocompletion=study_names,
    ),
]
ScaleOpt = Annotated[
    str | None,
    typer.Option(
        "--scale", help="Scale of the study, for example pocket.", autocompletion=scale_names
    ),
]
SetOpt = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the study: base.batch=64, axes.seed=[0,1]; repeatable.",
    ),
]
StoreOpt = Annotated[
    Path | None,
    typer.Option(
        "--store",
        help="Folder for runs and reports (DATAYIELD_STORE, else ./datayield-store, or the "
        "one beside the study's file).",
    ),
]
DeviceOpt = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:1 or mps.")]
AllOpt = Annotated[bool, typer.Option("--all", help="Show one line per run, without truncation.")]
SpendOpt = Annotated[
    float | None,
    typer.Option(
        "--spend",
        min=0.0,
        help="Amount to spend, in the currency of the prices: find its best use.",
    ),
]
JsonOpt = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def say(text: str, console: Terminal = out) -> None:
    """Print a line as it is: no markup, nothing highlighted, wrapped by the terminal alone."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """`value` on standard output."""
    try:
        sys.stdout.write(json.dumps(value, indent=1) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        reader_gone()
