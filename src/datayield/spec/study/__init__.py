"""Studies: loaded from YAML, expanded into runs, checked for confounds."""

from datayield.spec.study.cell import COLUMN_AXES, Cell, NamedAxes, axes_label, in_words
from datayield.spec.study.expand import TimeBudgetError, as_run
from datayield.spec.study.load import (
    find_study,
    load_study,
    published_table,
    published_tables,
    shipped_studies,
)
from datayield.spec.study.prices import Prices
from datayield.spec.study.recipes import recipe_set, recipe_sets
from datayield.spec.study.study import Study

__all__ = [
    "COLUMN_AXES",
    "Cell",
    "NamedAxes",
    "Prices",
    "Study",
    "TimeBudgetError",
    "as_run",
    "axes_label",
    "find_study",
    "in_words",
    "load_study",
    "published_table",
    "published_tables",
    "recipe_set",
    "recipe_sets",
    "shipped_studies",
]
