"""Files next to the page: tables, exports, the summary and the index of a store."""

from datayield.report.files.result_files import (
    curves_to_csv,
    ledgers_to_csv,
    normalised_to_csv,
    runs_to_csv,
    to_csv,
    to_latex,
)

__all__ = [
    "curves_to_csv",
    "ledgers_to_csv",
    "normalised_to_csv",
    "runs_to_csv",
    "to_csv",
    "to_latex",
]
