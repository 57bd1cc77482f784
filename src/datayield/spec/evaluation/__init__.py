"""What an evaluation is, the suites of tasks that ship, and how fine-tuning is set."""

from datayield.spec.evaluation.eval_spec import (
    DRAWS,
    LABEL_FREE,
    SGD_EPOCHS,
    EvalSpec,
    Protocol,
    StudyEval,
)
from datayield.spec.evaluation.finetuning import TUNINGS, epochs_of, steps_and_batch
from datayield.spec.evaluation.suites import GROUPS, SuiteTask, expanded, suite, suite_names

__all__ = [
    "DRAWS",
    "GROUPS",
    "LABEL_FREE",
    "SGD_EPOCHS",
    "TUNINGS",
    "EvalSpec",
    "Protocol",
    "StudyEval",
    "SuiteTask",
    "epochs_of",
    "expanded",
    "steps_and_batch",
    "suite",
    "suite_names",
]
