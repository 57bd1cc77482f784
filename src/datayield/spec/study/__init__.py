"""Studies: loaded from YAML, expanded into runs, checked for confounds."""

from datayield.spec.study.cell import COLUMN_AXES, Cell, NamedAxes, axes_label, in_words
from datayield.spec.study.expand import TimeBudgetError, as_run
from datayield.spec.study.find import (
    find_study,
    published_table,
    published_tables,
    shipped_studies,
    study_name,
)
from datayield.spec.study.load import load_study
from datayield.spec.study.overrides import (
    Overrides,
    as_options,
    as_texts,
    blamed,
    folder_suffix,
    parsed_overrides,
)
from datayield.spec.study.prices import Prices
from datayield.spec.study.recipes import recipe_set, recipe_sets
from datayield.spec.study.shortages import shortages
from datayield.spec.study.study import Study
from datayield.spec.study.value_words import spelled_out, value_words
from datayield.spec.study.written import PLACE, Written, plain
from datayield.spec.study.written_at import with_keys

__all__ = [
    "COLUMN_AXES",
    "PLACE",
    "Cell",
    "NamedAxes",
    "Overrides",
    "Prices",
    "Study",
    "TimeBudgetError",
    "Written",
    "as_options",
    "as_run",
    "as_texts",
    "axes_label",
    "blamed",
    "find_study",
    "folder_suffix",
    "in_words",
    "load_study",
    "parsed_overrides",
    "plain",
    "published_table",
    "published_tables",
    "recipe_set",
    "recipe_sets",
    "shipped_studies",
    "shortages",
    "spelled_out",
    "study_name",
    "value_words",
    "with_keys",
]
