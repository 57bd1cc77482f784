"""Sentences on the effect of labels, and on the value of pretraining with few and many of them."""

from collections import Counter

from datayield.analysis.decision import LabelTable
from datayield.analysis.format import count, join, plural, points, span
from datayield.analysis.model import Difference
from datayield.analysis.text.sentences import Chip, Headline


def label_sentences(table: LabelTable) -> list[Headline]:
    """One sentence on the labels, and one on the starts at each end of the ladder."""
    first, last = 0, len(table.labels) - 1
    return [*_on_labels(table), *_on_starts(table, first), *_on_starts(table, last)]


def _on_labels(table: LabelTable) -> list[Headline]:
    judged = [(s, s.gain) for s in table.starts if s.gain and s.gain.covers != "nothing"]
    if not judged:
        return []
    verdicts = Counter(s.verdict for s, _ in judged)
    least, gain = min(judged, key=lambda each: each[1].low)
    subject = f"{table.place}, labels"
    text = f"{subject}: from {count(table.labels[0])} to {count(table.labels[-1])} labelled images "
    said = {
        "helps": "help",
        "no effect": "have no effect",
        "hurts": "hurt",
        "inconclusive": "are inconclusive",
    }
    if len(verdicts) == 1:
        text += f"more labels {said[least.verdict]} for all of {plural(len(judged), 'start')}"
    else:
        of = [f"{said[verdict]} for {many}" for verdict, many in verdicts.most_common()]
        text += f"more labels {join(of)} of {plural(len(judged), 'start')}"
    text += f"; least for {least.name}: {_interval(gain)}."
    verdict: Chip = least.verdict if len(verdicts) == 1 else "mixed"
    return [Headline(verdict, "labels", subject, text)]


def _on_starts(table: LabelTable, column: int) -> list[Headline]:
    starts = [(s, d) for s in table.starts if (d := s.over_untrained[column]) is not None]
    starts = [(s, d) for s, d in starts if d.covers != "nothing"]
    if not starts:
        return []
    subject = f"{table.place}, {count(table.labels[column])} labelled images"
    each = [f"{s.name} {points(d.mean)} ({span(d.low, d.high)})" for s, d in starts]
    outcomes = {_outcome(d) for _, d in starts}
    verdict: Chip = next(iter(outcomes)) if len(outcomes) == 1 else "mixed"
    kind = "95% intervals, paired by seed"
    if any(d.covers != "seeds" for _, d in starts):
        kind = "one seed: intervals cover test images only, so inconclusive"
    text = f"{subject}: points over the untrained encoder: {join(each)} ({kind})."
    return [Headline(verdict, "labels", subject, text)]


def _outcome(d: Difference) -> Chip:
    if d.covers != "seeds":
        return "inconclusive"
    return "beats" if d.low > 0 else "loses" if d.high < 0 else "inconclusive"


def _interval(gain: Difference) -> str:
    kind = "95% interval" if gain.covers == "seeds" else "one seed, interval over test images only:"
    return f"{points(gain.mean)} points ({kind} {span(gain.low, gain.high)})"
