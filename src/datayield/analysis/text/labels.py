"""Sentences on the effect of labels, and on the value of pretraining with few and many of them."""

from collections import Counter

from datayield.analysis.decision import LabelTable
from datayield.analysis.format import count, join, plural, points
from datayield.analysis.model import Difference, GainVerdict, together
from datayield.analysis.text.sentences import Chip, Headline, with_interval


def label_sentences(table: LabelTable, most: float) -> list[Headline]:
    """One sentence on the labels, and one on the starts at each end of the ladder.

    An effect is said only if its p is at most `most` (most_p).
    """
    ends = (0, len(table.labels) - 1)
    return [*_on_labels(table, most), *(h for end in ends for h in _on_starts(table, end, most))]


def _on_labels(table: LabelTable, most: float) -> list[Headline]:
    judged = [(s, s.gain) for s in table.starts if s.gain and s.gain.covers != "nothing"]
    if not judged:
        return []
    verdicts = Counter(together(s.verdict, gain, most) for s, gain in judged)
    least, gain = min(judged, key=lambda each: each[1].low)
    subject = f"{table.place}, labels"
    text = f"{subject}: from {count(table.labels[0])} to {count(table.labels[-1])} labelled images "
    said: dict[GainVerdict, str] = {
        "helps": "help",
        "small gain": "bring a small gain",
        "no effect": "have no effect",
        "hurts": "hurt",
        "inconclusive": "are inconclusive",
    }
    if len(verdicts) == 1:
        (only,) = verdicts
        starts = f" for all {len(judged)} starting points" if len(judged) > 1 else ""
        text += f"more labels {said[only]}{starts}"
    else:
        of = [f"{said[verdict]} for {many}" for verdict, many in verdicts.most_common()]
        text += f"more labels {join(of)} of {plural(len(judged), 'starting point')}"
    text += f"; least for {least.name}: {with_interval(gain)}."
    verdict: Chip = next(iter(verdicts)) if len(verdicts) == 1 else "mixed"
    return [Headline(verdict, "labels", subject, text)]


def _on_starts(table: LabelTable, column: int, most: float) -> list[Headline]:
    starts = [(s, d) for s in table.starts if (d := s.over_untrained[column]) is not None]
    starts = [(s, d) for s, d in starts if d.covers != "nothing"]
    if not starts:
        return []
    subject = f"{table.place}, {count(table.labels[column])} labelled images"
    each = [f"{s.name} {points(d.mean)}" + (f" ({d.span})" if d.span else "") for s, d in starts]
    outcomes = {_outcome(d, most) for _, d in starts}
    verdict: Chip = next(iter(outcomes)) if len(outcomes) == 1 else "mixed"
    kind = "95% intervals, paired by seed"
    undecided = [d for _, d in starts if not d.decides]
    if undecided:
        kind = f"{undecided[0].why_undecided}, so inconclusive"
    if any(d.covers == "test images only" for d in undecided):
        kind = "one seed: intervals cover test images only, so inconclusive"
    text = f"{subject}: points over the untrained encoder: {join(each)} ({kind})."
    return [Headline(verdict, "labels", subject, text)]


def _outcome(d: Difference, most: float) -> Chip:
    if d.p > most:
        return "inconclusive"
    return "beats" if d.low > 0 else "loses" if d.high < 0 else "inconclusive"
