"""What each column of a table holds: from what a person says, else from its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from datayield.analysis.evidence.tables.column_names import column_name, word_set
from datayield.analysis.evidence.tables.mapping import Mapping, column_of
from datayield.analysis.evidence.tables.roles import NAMES, Role, rank
from datayield.analysis.evidence.tables.score_columns import (
    ScoreColumn,
    named_scores,
    score_columns,
)
from datayield.analysis.evidence.tables.table import RawTable
from datayield.spec.errors import DataError

NUMERIC: set[Role] = {
    "images", "image_fraction", "presented", "epochs", "steps", "batch", "flops", "labels",
    "label_fraction", "label_total", "shots", "classes", "views", "items", "repeats", "value",
}  # fmt: skip
# Settings of training and of tools, which are no scores and no tasks.
HYPERPARAMETERS = word_set(
    """lr learning_rate base_lr wd weight_decay temperature temp tau momentum beta beta1 beta2 eps
    lambda warmup warmup_epochs dropout drop_path ema proj_dim hidden_dim dim width depth patch
    patch_size image_size img_size resolution crop_size workers n_workers precision gpu gpus
    n_gpus gpu_type host hostname os user created created_at updated heartbeat notes group job_type
    sweep project entity commit git_commit timestamp start_time end_time date artifact_uri
    experiment_id lifecycle_stage index idx unnamed 0 k knn_k classes line row figure source note
    effective_rank rankme alpha_req lidar optimizer scheduler rank total"""
)
_CHART = re.compile(r"__(MIN|MAX)$")


@dataclass(frozen=True)
class Columns:
    """Roles of columns; numbers that hold for all rows; scores; columns of no role."""

    roles: dict[Role, str]
    numbers: dict[Role, float]
    scores: tuple[ScoreColumn, ...]
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def of(self, role: Role) -> str | None:
        """The column with this role."""
        return self.roles.get(role)


def columns_of(table: RawTable, mapping: Mapping) -> Columns:
    """Roles of all columns. Raises ConfigError or DataError where the score cannot be known."""
    if charts := [c for c in table.names if _chart(c)]:
        raise DataError(
            "this is the export of a chart, with one row per step",
            where=table.source,
            got=", ".join(charts[:3]),
            hint="export the table of runs instead, with one row per run",
        )
    roles, numbers = mapping.roles(table)
    scores = [column_of(table, c, "--score") for c in mapping.score]
    errors = [column_of(table, c, "--error") for c in mapping.error]
    taken = {*roles.values(), *scores, *errors}
    also: dict[Role, list[str]] = {}
    free = [c for c in table.names if c not in taken and table.column(c)]
    for role in NAMES:
        if role not in roles and role not in numbers:
            best = _best(table, role, free)
            if best:
                roles[role] = best[0]
                free.remove(best[0])
                also[role] = best
    notes = _settle(table, roles, free, mapping)
    notes += [note for role, best in also.items() for note in _also(table, role, roles, best)]
    rest = [c for c in free if not _no_score(c)]
    if scores or errors:
        found, said = named_scores(scores, errors, table), list[str]()
    elif "value" in roles:
        found, said = [ScoreColumn(roles["value"], "")], []
    else:
        found, said = score_columns(table, rest)
    used = {*roles.values(), *(s.column for s in found), *(s.spread for s in found)}
    others = tuple(c for c in free if c not in used)
    return Columns(roles, numbers, tuple(found), others, (*notes, *said))


def _best(table: RawTable, role: Role, free: Sequence[str]) -> list[str]:
    """The columns that could have the role, best first."""
    ranked = []
    for column in free:
        place = rank(role, column_name(column))
        if place is None or (role in NUMERIC and not table.mostly_numbers(column)):
            continue
        if _plausible(table, role, column):
            ranked.append((place, column))
    return [column for _, column in sorted(ranked, key=lambda r: r[0])]


def _plausible(table: RawTable, role: Role, column: str) -> bool:
    """Whether the values can be what the name says, for names that are used for other things."""
    key = column_name(column).key
    numbers = table.numbers(column)
    if role == "images":
        return any(n > 1 for n in numbers) and (key != "size" or max(numbers) > 1024)
    if role == "metric":
        return 2 * len(numbers) < len(table.column(column))
    if role == "steps":
        return not column.rpartition(".")[2].startswith("_")  # the step of a logger
    if role == "seed" and key in ("run", "run_n", "run_number", "run_index", "trial", "s", "fold"):
        return len(set(table.column(column))) < max(len(table.rows), 2) or not numbers
    if role == "hours":
        return bool(numbers) and (key != "time" or bool(column_name(column).unit))
    return True


def _also(table: RawTable, role: Role, roles: dict[Role, str], best: list[str]) -> list[str]:
    """A note where another column could have the role and differs."""
    used = roles.get(role, "")
    free = [c for c in best if c not in roles.values()]
    others = [c for c in free if table.column(c) != table.column(used)] if used else []
    if role in ("images", "presented", "labels", "epochs") and others:
        return [f"{role} = {used}; not used: {', '.join(others)}"]
    return []


def _settle(
    table: RawTable, roles: dict[Role, str], free: list[str], mapping: Mapping
) -> list[str]:
    """Roles that follow from what else there is; notes on them."""
    if "dataset" in roles:
        other: Role = "pretrain_data" if "task" in roles else "task"
        if other not in roles:
            roles[other] = roles["dataset"]
        roles.pop("dataset")
    if (
        "seed" in roles
        and "run" not in roles
        and mapping.seed is None
        and _names_runs(table, roles["seed"])
    ):
        roles["run"] = roles.pop("seed")
    if ("value" in roles) != ("metric" in roles):
        for role in ("value", "metric"):
            if role in roles:
                free.append(roles.pop(role))  # a score that is called "metric" or "value"
    if said := _labels_beside_pretraining(table, roles, free):
        return said
    if "presented" not in roles and mapping.images is None:
        return _presented_beside_unique(table, roles, free)
    return []


def _labels_beside_pretraining(
    table: RawTable, roles: dict[Role, str], free: list[str]
) -> list[str]:
    """Where images are said to be of pretraining, other training images are labelled ones."""
    if "labels" in roles or not {"pretrain", "unlabelled"} & set(_words(roles.get("images", ""))):
        return []
    for column in free:
        counts = rank("images", column_name(column)) is not None and table.mostly_numbers(column)
        if counts and {"train", "training"} & set(_words(column)):
            roles["labels"] = column
            free.remove(column)
            return [f"labels = {column}"]
    return []


def _words(column: str) -> tuple[str, ...]:
    return column_name(column).words


def _names_runs(table: RawTable, column: str) -> bool:
    """Whether it holds a name for each run instead of a seed."""
    cells = table.column(column)
    return not table.is_numeric(column) and len(set(cells)) == len(cells) > 1


def _presented_beside_unique(table: RawTable, roles: dict[Role, str], free: list[str]) -> list[str]:
    """Of `n` and `images`, the larger one counts images presented."""
    images = roles.get("images", "")
    if column_name(images).key not in ("images", "n_images", "samples", "n_samples"):
        return []
    for column in free:
        if rank("images", column_name(column)) is not None and table.is_numeric(column):
            pairs = list(zip(table.numbers(column), table.numbers(images), strict=False))
            if all(unique <= seen for unique, seen in pairs) and any(u < s for u, s in pairs):
                roles["presented"], roles["images"] = images, column
                free.remove(column)
                return [f"presented = {images}, images = {column}"]
    return []


def _no_score(column: str) -> bool:
    return column_name(column).key in HYPERPARAMETERS or column.lower().startswith("unnamed")


def _chart(column: str) -> bool:
    return bool(_CHART.search(column))
