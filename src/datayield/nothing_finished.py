"""What is said where something needs a finished run, and the study has none."""

from collections.abc import Iterator

from datayield.session import Session
from datayield.spec.errors import ConfigError
from datayield.spec.named_paths import pasteable
from datayield.spec.study import as_options, published_tables
from datayield.store.plan import Plan
from datayield.store.store_beside import store_beside


def is_begun(plan: Plan) -> bool:
    """Whether anything of a study has been measured."""
    return any(task.state == "done" or len(task.pending) < len(task.evals) for task in plan.tasks)


def nothing_finished(session: Session, plan: Plan, named: str = "") -> ConfigError:
    """Why: its images are not here, its runs are in another store, or it was never run.

    `named`: the study on a command line.
    """
    study, first = session.study, "run it"
    if named:
        scale = f" --scale {study.scale}" if study.scale else ""
        first = f"datayield run {pasteable(named)}{scale}{as_options(study.overrides)}"
    next_ = [*elsewhere(session)] or [f"{first} first, or name its store by --store"]
    if named in published_tables():
        next_.append(f"its published numbers: datayield answer {named} --published")
    return ConfigError(
        "no run of this study is finished, so there is nothing to report",
        where=study.name,
        got=f"{len(plan.todo)} of {len(plan.tasks)} runs and baselines pending in "
        f"{session.store.root}",
        hint="; ".join(next_),
    )


def elsewhere(session: Session) -> Iterator[str]:
    """Why a study may seem not to be begun: images that are not here, runs in another store."""
    if session.missing:
        more = len(session.missing) - 1
        yield f"{session.missing[0].message}{f' (and {more} more)' * (more > 0)}"
        yield "runs are identified by their images, so those must be there"
    yield from store_beside(session.source, session.store, [run.id for run in session.runs])
