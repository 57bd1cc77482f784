"""How an encoder was chosen out of a study, in words."""

from datayield.analysis.decision import EncoderChoice
from datayield.analysis.format import metric_name, percent, plural


def chosen_by(choice: EncoderChoice) -> str:
    """The rule, and what it found: "Best validation accuracy of count (linear@1), 61.3%, ..."."""
    among = plural(choice.checkpoints, "checkpoint")
    of = "" if choice.checkpoints == 1 else f" of {plural(choice.runs, 'run')}"
    return (
        f"The best validation {metric_name(choice.metric)} of {choice.evaluation} "
        f"({choice.protocol}), {percent(choice.validation)}, among {among}{of}. Test labels were "
        "not used."
    )


def test_score(choice: EncoderChoice) -> str:
    """ "accuracy 58.4% (95% interval 55.1% to 61.7%)"."""
    return score_words(choice.metric, choice.test, choice.low, choice.high)


def score_words(metric: str, value: float, low: float | None, high: float | None) -> str:
    """A test score, with its interval over test images where that is known."""
    words = f"{metric_name(metric)} {percent(value)}"
    if low is None or high is None:
        return words
    return f"{words} (95% interval {percent(low)} to {percent(high)})"


def share_words(share: float) -> str:
    """Where in its budget a checkpoint was kept."""
    return "the end of training" if share == 1 else f"{100 * share:g}% of the budget"
