"""The verbs that collect images: from a list of addresses, or drawn from prompts."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datayield.cli.asked_for import show_asked, synthetic_plan, tell, web_plan
from datayield.cli.collecting import check_folder, collect_pending, locked
from datayield.cli.options import DeviceOpt, JsonOpt
from datayield.spec.errors import ConfigError

if TYPE_CHECKING:
    from threading import Event


app = typer.Typer(
    help="Collect images, of the web or synthetic, with the provenance of each.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
OutArg = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Folder for the dataset; resumes what is in it.")
]
HourOpt = Annotated[
    float | None,
    typer.Option(
        "--per-hour", min=0.0, help="Price of an hour of collecting; tells the price of an image."
    ),
]
DryOpt = Annotated[
    bool, typer.Option("--dry-run", help="Only show what would be collected; writes nothing.")
]


@app.command()
def web(
    urls: Annotated[
        Path,
        typer.Argument(
            metavar="LIST",
            help="Addresses: .txt (one per line), or CSV, JSON lines or Parquet with a column url; "
            "label or class, license, source and caption are kept.",
        ),
    ],
    folder: OutArg,
    size: Annotated[
        int, typer.Option(min=0, help="Shorter side in pixels, at most; 0 keeps every size.")
    ] = 256,
    per_second: Annotated[
        float, typer.Option(min=0.01, help="Requests per second to one host, at most.")
    ] = 4.0,
    workers: Annotated[int, typer.Option(min=1, max=128, help="Downloads at once.")] = 16,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds to wait for a server; six times that per file.")
    ] = 10.0,
    max_mb: Annotated[float, typer.Option(min=0.01, help="Largest file, in megabytes.")] = 20.0,
    agent: Annotated[
        str | None,
        typer.Option(help="User agent sent to servers; some require a contact address in it."),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also fetch from this machine and its network.")
    ] = False,
    retry: Annotated[
        bool,
        typer.Option("--retry", help="Try again what failed for a reason that may be temporary."),
    ] = False,
    per_hour: HourOpt = None,
    dry_run: DryOpt = False,
    json_: JsonOpt = False,
) -> None:
    """Download a list of images. Obeys robots.txt; resumes; Ctrl-C saves and stops."""
    from datayield.collect import AskedAgain, Journal, read_addresses

    if agent is not None and not (agent.isascii() and agent.isprintable() and agent.strip()):
        raise ConfigError(
            "this user agent cannot be sent to servers",
            where="--agent",
            got=agent,
            allowed="printable ASCII, such as mylab/1.0 (me@mylab.org)",
            hint="leave out other characters",
        )
    listed, same = read_addresses(urls), {"size": size or None}
    most = int(max_mb * 1e6)
    again = AskedAgain(retry, allow_private, most, agent)
    told = {address.key: address.told for address in listed.addresses}
    tell(listed.notes())
    check_folder(folder)
    if dry_run:
        journal = Journal(folder, "web", same)
        show_asked(web_plan(listed, told, journal, again, per_second), json_)
        return
    from datayield.collect.fetch import Limits
    from datayield.collect.web import WebSettings, collect_web

    settings = WebSettings(
        size=size or None,
        per_second=per_second,
        workers=workers,
        agent=agent or WebSettings.agent,
        allow_private=allow_private,
        limits=Limits(most, timeout, timeout, 6 * timeout),
    )
    with locked(folder):
        journal = Journal(folder, "web", same)
        pending = [a for a in listed.addresses if journal.is_pending(a.key, again)]

        def collect(stop: "Event", progress: Callable[[int], None]) -> None:
            collect_web(pending, folder, journal, settings, stop, progress)

        collect_pending(journal, told, len(pending), collect, per_hour, json_)


@app.command()
def synthetic(
    prompts: Annotated[
        Path,
        typer.Argument(
            metavar="LIST",
            help="Classes: .txt (one per line); or CSV, JSON lines or Parquet with columns prompt, "
            "class, negative_prompt.",
        ),
    ],
    folder: OutArg,
    model: Annotated[
        str, typer.Option(help="Diffusion pipeline: a name on the Hugging Face hub, or a folder.")
    ],
    per_class: Annotated[
        int, typer.Option(min=1, help="Images of each class, or of each prompt without one.")
    ] = 100,
    template: Annotated[
        str, typer.Option(help="Prompt of a class; {} is its name.")
    ] = "a photo of a {}",
    negative: Annotated[str | None, typer.Option(help="Negative prompt of all images.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Denoising steps.")] = 50,
    guidance: Annotated[float, typer.Option(min=0.0, help="Guidance scale.")] = 7.5,
    size: Annotated[
        int | None, typer.Option(min=8, help="Width and height in pixels (default: the model's).")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Scheduler of diffusers, for example DPMSolverMultistepScheduler."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the collection; each image has its own.")] = 0,
    batch: Annotated[
        int, typer.Option(min=1, help="Images drawn at once; does not change them.")
    ] = 4,
    license_: Annotated[
        str | None, typer.Option("--license", help="Licence of the images, by the model's terms.")
    ] = None,
    device: DeviceOpt = "auto",
    per_hour: HourOpt = None,
    dry_run: DryOpt = False,
    json_: JsonOpt = False,
) -> None:
    """Draw images of classes or prompts with diffusers. Resumes; Ctrl-C saves and stops."""
    from datayield.collect import Journal, read_wanted
    from datayield.collect.pipeline import (
        SynthesisSettings,
        check_diffusers,
        check_model,
        load_pipeline,
    )

    wanted = read_wanted(prompts, per_class, seed, template, negative)
    same = {"model": model, "steps": steps, "guidance": guidance, "size": size}
    same |= {"scheduler": scheduler, "seed": seed}
    told = {each.key: {"license": license_} for each in wanted.images}
    tell(wanted.notes())
    check_folder(folder)
    check_model(model)
    if dry_run:
        show_asked(synthetic_plan(wanted, told, Journal(folder, "synthetic", same)), json_)
        return
    check_diffusers()
    from datayield.collect.synthetic import collect_synthetic
    from datayield.run.device import choose

    settings = SynthesisSettings(model, steps, guidance, size, scheduler, batch)
    with locked(folder):
        journal = Journal(folder, "synthetic", same)
        pending = [each for each in wanted.images if journal.is_pending(each.key)]

        def collect(stop: "Event", progress: Callable[[int], None]) -> None:
            pipeline = load_pipeline(settings, str(choose(device)))
            collect_synthetic(
                pending, folder, journal, pipeline, settings, stop, license_, progress
            )

        collect_pending(journal, told, len(pending), collect, per_hour, json_)
