"""What `import datayield` offers: a study, and the answer of a table, as objects that print."""

from datayield.interface.answer_table import answer
from datayield.interface.opened_study import OpenedStudy, study
from datayield.interface.shown import ShownAnswer, ShownPlan, ShownStatus

__all__ = ["OpenedStudy", "ShownAnswer", "ShownPlan", "ShownStatus", "answer", "study"]
