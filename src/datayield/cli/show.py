"""`show`: a page of images, to look at before anything is trained."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from datayield.cli.completion import study_names
from datayield.cli.image_progress import image_progress
from datayield.cli.options import ScaleOpt, SetOpt, StoreOpt, say
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.named_paths import pasteable, path_first


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="STUDY|IMAGES",
            help="A YAML file, the name of a built-in study, or a dataset: a folder or a name.",
            autocompletion=study_names,
        ),
    ],
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Where to write the page.")
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample.")] = 0,
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
) -> None:
    """Write a page of sample images, views, copies and unused files. Trains nothing."""
    from datayield.session import open_study
    from datayield.show import image_page, pictures_of_dataset, pictures_of_study
    from datayield.spec.run import dataset_name
    from datayield.spec.study import parsed_overrides, shipped_studies

    if page is not None and page.is_dir():
        raise ConfigError(
            "--page names a folder",
            where="--page",
            got=page,
            hint=f"--page {pasteable(page / 'images.html')}",
        )
    shipped = {path.stem for path in shipped_studies()}
    if what in shipped or Path(what).suffix in (".yaml", ".yml"):
        session = open_study(what, scale, store, overrides=parsed_overrides(set_ or ()))
        title, at = session.study.name, session.page.with_name("images.html")
        sections = list(pictures_of_study(session, seed, image_progress))
    else:
        what = path_first(what)
        title = dataset_name(what)
        at = Path(f"{Path(title).name or 'dataset'}-images.html")
        try:
            sections = list(pictures_of_dataset(what, seed, image_progress))
        except DataError as error:
            if not Path(what).exists():
                error.hint += "; a study is a YAML file, or a name that datayield ls studies lists"
            raise
    at = page or at
    at.parent.mkdir(parents=True, exist_ok=True)
    image_page(title, [f"sample of seed {seed}"], sections, at)
    say(str(at))
    if open_:
        webbrowser.open(at.absolute().as_uri())
