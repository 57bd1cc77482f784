"""What tells one law from another: the method, and other things that were varied on purpose."""

from collections.abc import Sequence

from datayield.analysis.evidence.observations import Setting
from datayield.analysis.evidence.tables.column_names import column_name, is_outcome, word_set
from datayield.analysis.evidence.tables.columns import Columns
from datayield.analysis.evidence.tables.score_columns import LOSSES, SPREADS, metric_order
from datayield.analysis.evidence.tables.table import RawTable

MOST = 8  # values of a factor
BOOKKEEPING = word_set(
    """notes tags host hostname os user created created_at updated heartbeat gpu gpu_type gpus
    n_gpus
    group job_type sweep project entity commit git_commit timestamp start_time end_time date
    artifact_uri experiment_id lifecycle_stage index idx unnamed workers n_workers line row figure
    source note log_dir output_dir checkpoint run_dir device node rank step epoch"""
)
# All settings of a run, which `datayield track` writes beside those that its study varies.
SETTINGS = {"datayield"}


def factors(
    table: RawTable, columns: Columns, settings: Sequence[Setting]
) -> tuple[list[str], list[str]]:
    """Columns whose values name a method, and notes on those that nobody called so."""
    made = [c for c in (columns.of("method"),) if c]
    for role in ("encoder", "pretrain_data"):
        column = columns.of(role)
        if column and len(set(table.column(column))) > 1:
            made.append(column)
    looked = [*columns.others, *(c for c in (columns.of("batch"),) if c)]
    more = [c for c in looked if _may(c) and _crossed(table, c, settings)]
    return [*made, *more], [f"each value of {c} is a method of its own" for c in more]


def _may(column: str) -> bool:
    if is_outcome(column):
        return False
    name = column_name(column)
    no = set(name.words) & (LOSSES - {"lr"} | SPREADS | SETTINGS)
    return name.key not in BOOKKEEPING and metric_order(column) is None and not no


def _crossed(table: RawTable, column: str, settings: Sequence[Setting]) -> bool:
    """Whether most settings were run with several of its values, and each value at several."""
    values: dict[str, set[Setting]] = {}
    of: dict[Setting, set[str]] = {}
    for row, setting in zip(table.rows, settings, strict=True):
        cell = table.cell(row, column)
        if cell:
            values.setdefault(cell, set()).add(setting)
            of.setdefault(setting, set()).add(cell)
    if not 2 <= len(values) <= MOST or any(len(s) < 2 for s in values.values()):
        return False
    return sum(len(v) > 1 for v in of.values()) >= 0.5 * len(of)
