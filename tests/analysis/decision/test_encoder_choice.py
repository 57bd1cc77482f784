"""Which checkpoint is exported: the best on validation, judged with the most labels."""

from datayield.analysis.decision.encoder_choice import choose_encoder
from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row
from datayield.spec.run.budget import Budget
from tests.simulated import study

# evaluation -> the validation and the test score of runs a and b
SCORES = {
    "pets 25": {"a": (0.9, 0.3), "b": (0.5, 0.4)},
    "pets 400": {"a": (0.6, 0.6), "b": (0.7, 0.5)},
}


def results(first: str) -> StudyResults:
    """Two runs, probed with 25 and 400 labels; `first`: the evaluation that the study lists so."""
    names = sorted(SCORES, key=lambda name: name != first)
    evals = [
        {"name": n, "protocol": "linear@1", "dataset": "x", "train_count": int(n.split()[1])}
        for n in names
    ]
    cell = ("simclr", "convnet", "x", 1000, Budget(unit="epochs", amount=8), 8000, 1.0, (), 0)
    rows = [
        Row(run, "run", *cell, name, "linear@1", "", metric, value, 100, int(name.split()[1]))
        for name in names
        for run, scores in SCORES[name].items()
        for metric, value in zip(("accuracy_val", "accuracy"), scores, strict=True)
    ]
    return StudyResults(study([], [], [], axes={"seed": [0]}, evaluations=evals), tuple(rows), ())


def test_most_labels_judge_whichever_is_listed_first() -> None:
    for first in SCORES:
        choice = choose_encoder(results(first))
        assert choice is not None
        assert (choice.run, choice.evaluation, choice.test) == ("b", "pets 400", 0.5)


def test_a_named_evaluation_judges() -> None:
    choice = choose_encoder(results("pets 400"), "pets 25")
    assert choice is not None
    assert (choice.run, choice.validation) == ("a", 0.9)
