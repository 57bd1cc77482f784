"""What an evaluation is, its protocols and the suites of tasks that ship."""

from datayield.spec.evaluation.eval_items import EvalItems
from datayield.spec.evaluation.eval_spec import DRAWS, EvalSpec, Metric, StudyEval, content_of
from datayield.spec.evaluation.finetuning import epochs_of, steps_and_batch, tuning_of
from datayield.spec.evaluation.metric_names import metric_names
from datayield.spec.evaluation.protocols import (
    PROTOCOLS,
    SGD_EPOCHS,
    USUAL_FOLDS,
    USUAL_PROBE,
    WITHOUT_LABELS,
    Protocol,
    ProtocolName,
)
from datayield.spec.evaluation.spectrum import FEW_VIEWS, LEADING_EIGENVALUES, eigenvalue_metric
from datayield.spec.evaluation.suites import GROUPS, SuiteTask, expanded, suite, suite_names

__all__ = [
    "DRAWS",
    "FEW_VIEWS",
    "GROUPS",
    "LEADING_EIGENVALUES",
    "PROTOCOLS",
    "SGD_EPOCHS",
    "USUAL_FOLDS",
    "USUAL_PROBE",
    "WITHOUT_LABELS",
    "EvalItems",
    "EvalSpec",
    "Metric",
    "Protocol",
    "ProtocolName",
    "StudyEval",
    "SuiteTask",
    "content_of",
    "eigenvalue_metric",
    "epochs_of",
    "expanded",
    "metric_names",
    "steps_and_batch",
    "suite",
    "suite_names",
    "tuning_of",
]
