"""Which encoder to take out of a study: the best on validation, of all runs and milestones.

Test labels have no part in it, so the test score of the chosen one is not optimistic.
"""

from typing import NamedTuple

from datayield.analysis.decision.checkpoints import VALIDATED
from datayield.analysis.label_ladders import label_ladders
from datayield.analysis.results import Row, StudyResults


class EncoderChoice(NamedTuple):
    """The checkpoint of `run` at `share` of its budget, and what it was chosen by.

    `validation`: its score on images held out of the training part of `evaluation`, the highest of
    `checkpoints`, of `runs`; `test`: its test score, with a 95% interval over test images if known.
    """

    run: str
    share: float
    evaluation: str
    protocol: str
    metric: str
    validation: float
    checkpoints: int
    runs: int
    test: float
    low: float | None
    high: float | None


def judges(results: StudyResults) -> list[str]:
    """Evaluations of the study with validation scores of its runs, in its order."""
    return [
        ev.name
        for ev in results.study.evaluations
        if _of_runs(results, ev.name, ev.main_metric + VALIDATED)
    ]


def choose_encoder(results: StudyResults, evaluation: str | None = None) -> EncoderChoice | None:
    """The checkpoint with the best validation score; None if none has one.

    It is judged by the main metric of `evaluation`, or of the study's first one with validation
    scores; of evaluations that differ in their labels alone, by that with the most. Ties go to the
    earliest milestone, then to the first run. The untrained encoder, at a share of 0, has no part
    in it.
    """
    judge = evaluation or _judge(results)
    metrics = {ev.name: ev.main_metric for ev in results.study.evaluations}
    if judge is None or judge not in metrics:
        return None
    metric = metrics[judge]
    scored = {
        name: {(row.run, row.share): row for row in _of_runs(results, judge, name)}
        for name in (metric, metric + VALIDATED)
    }
    held = scored[metric + VALIDATED]
    both = [at for at in held if at in scored[metric]]
    if not both:
        return None
    best = max(both, key=lambda at: (held[at].value, -at[1]))
    test = scored[metric][best]
    return EncoderChoice(
        run=best[0],
        share=best[1],
        evaluation=judge,
        protocol=test.protocol,
        metric=metric,
        validation=held[best].value,
        checkpoints=len(both),
        runs=len({run for run, _ in both}),
        test=test.value,
        low=test.low,
        high=test.high,
    )


def _judge(results: StudyResults) -> str | None:
    """The first evaluation with validation scores, or that of its ladder with the most labels."""
    known = judges(results)
    if not known:
        return None
    ladders = label_ladders(results.study)
    alike = next((names for names in ladders if known[0] in names), (known[0],))
    metrics = {ev.name: ev.main_metric + VALIDATED for ev in results.study.evaluations}
    labels = {name: _of_runs(results, name, metrics[name])[-1].n_train for name in known}
    return max((name for name in known if name in alike), key=lambda name: labels[name])


def _of_runs(results: StudyResults, evaluation: str, metric: str) -> list[Row]:
    rows = results.measured.get((evaluation, metric, "run"), [])
    return [row for row in rows if row.share > 0]
