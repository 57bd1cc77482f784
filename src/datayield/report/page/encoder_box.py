"""The encoder to take out of a study: where its checkpoint is, why this one, how to export it."""

from typing import Any

from datayield.analysis.decision import choose_encoder
from datayield.analysis.results import StudyResults
from datayield.analysis.text.encoder import chosen_by, share_words, test_score
from datayield.spec.study import as_options


def encoder_box(results: StudyResults) -> dict[str, Any] | None:
    """What the box says; None where no run is finished.

    Without validation scores none is chosen, and `run` is empty.
    """
    if not results.spent:
        return None
    study = results.study
    options = (f" --scale {study.scale}" if study.scale else "") + as_options(study.overrides)
    choice = choose_encoder(results)
    if choice is None:
        return {"run": "", "command": f"datayield export STUDY OUT{options} --run ID"}
    label = next((cost.label for cost in results.spent if cost.run == choice.run), "")
    return {
        "run": choice.run,
        "label": label,
        "at": share_words(choice.share),
        "why": chosen_by(choice),
        "score": test_score(choice),
        "checkpoint": f"runs/{choice.run}/checkpoints/{choice.share:.6f}.pt",
        "command": f"datayield export STUDY OUT{options}",
    }
