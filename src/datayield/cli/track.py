"""Trackers on the command line: `run --track`, and `track` for what has run."""

from typing import Annotated

import typer

from datayield.cli.options import ScaleOpt, SetOpt, StoreOpt, StudyArg, say
from datayield.spec.errors import ConfigError
from datayield.spec.named_paths import pasteable

TrackOpt = Annotated[
    list[str] | None,
    typer.Option(help="tensorboard, wandb or mlflow: show runs there too; repeatable."),
]


def track(
    study: StudyArg,
    to: Annotated[list[str], typer.Option(help="tensorboard, wandb or mlflow; repeatable.")],
    scale: ScaleOpt = None,
    set_: SetOpt = None,
    store: StoreOpt = None,
) -> None:
    """Send what a study has run to trackers; what was sent before is not sent again."""
    from datayield.session import open_study
    from datayield.spec.study import parsed_overrides
    from datayield.track import check_trackers, send_new, tracked_study

    names = check_trackers(to, "--to")
    session = open_study(study, scale, store, overrides=parsed_overrides(set_ or ()))
    tracked = tracked_study(session.study, session.cells, session.plan().tasks)
    if not session.store.root.is_dir():
        raise ConfigError(
            "nothing has run yet",
            where=str(session.store.root),
            got="no store",
            hint=f"datayield run {pasteable(study)}, or name another store with --store or "
            "DATAYIELD_STORE",
        )
    for name in names:
        sent = send_new(tracked, session.store, name)
        runs, points = sent.new
        say(
            f"{name}: {runs:,} run{'s' * (runs > 1)} with {points:,} new points and scores"
            if runs
            else f"{name}: nothing new"
        )
        say(f"  {sent.look}")
