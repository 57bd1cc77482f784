"""Score and effective rank over training at the smallest N, where images repeat most."""

from collections.abc import Sequence
from dataclasses import replace

from datayield.analysis.decision import Peak
from datayield.analysis.format import count, metric_name, points, span
from datayield.analysis.text.sentences import Chip, Headline

_CHIPS: dict[str, Chip] = {
    "peaks and falls": "falls",
    "highest at the end": "rises",
    "inconclusive": "inconclusive",
}


def smallest(peaks: Sequence[Peak]) -> list[Peak]:
    """The smallest N of each curve; most repetitions first, where overfitting would show."""
    least: dict[object, Peak] = {}
    for peak in peaks:
        if peak.key not in least or peak.n < least[peak.key].n:
            least[peak.key] = peak
    return sorted(least.values(), key=lambda peak: -peak.images / max(peak.n, 1))


def peak_sentence(peak: Peak, ranks: Sequence[Peak], most: float) -> Headline:
    """Whether the score peaks and falls, and how the effective rank changes meanwhile.

    A fall is said only if its p is at most `most` (most_p).
    """
    peak = _together(peak, most)
    key = peak.key
    repeats = peak.images / max(peak.n, 1)
    subject = f"{key.place}, {key.name}, over training at N = {count(peak.n)}"
    times = f"{repeats:.3g} epochs"
    text = f"{subject} ({times}): {metric_name(key.metric)} {_course(peak)}"
    beside = (r for r in ranks if same_runs(r, peak))
    rank = next(beside, None)
    text += f"; {_of_rank(_together(rank, most))}." if rank else "."
    return Headline(_CHIPS[peak.course], "training", subject, text)


def _together(peak: Peak, most: float) -> Peak:
    falls = peak.course == "peaks and falls" and peak.fall is not None and peak.fall.p <= most
    stands = falls or peak.course == "highest at the end"
    return peak if stands else replace(peak, course="inconclusive")


def _course(peak: Peak) -> str:
    if peak.course == "highest at the end":
        return "is highest at the end"
    where = f"{100 * peak.at:.0f}% of the budget"
    if peak.fall is None:
        return f"is highest at {where}, but one seed is not enough to show a fall after that"
    by = f"{points(-peak.fall.mean)} points"
    if peak.fall.shows_interval:
        by += f", {span(-peak.fall.high, -peak.fall.low)}"
    if peak.course == "peaks and falls":
        return f"peaks at {where} and falls (end against peak {by})"
    if peak.at == peak.line[-1].share:
        return f"is highest at the end on average, though seeds disagree (end against peak {by})"
    return f"is highest at {where}; whether it falls is inconclusive (end against peak {by})"


def _of_rank(rank: Peak) -> str:
    first, last = rank.line[0], rank.line[-1]
    top = max(p.seeds.mean for p in rank.line)
    ends = f"{first.seeds.mean:.1f} at {100 * first.share:.0f}% to {last.seeds.mean:.1f} at the end"
    name = f"effective rank ({rank.key.eval})"
    if rank.course == "highest at the end":
        return f"{name} rises, {ends}"
    fall = ""
    if rank.fall is not None:
        fall = f", end against peak {-rank.fall.mean:+.1f}"
        if rank.fall.shows_interval:
            fall += f" ({-rank.fall.high:+.1f} to {-rank.fall.low:+.1f})"
    moves = "peaks and falls" if rank.course == "peaks and falls" else "shows no clear fall"
    return f"{name} {moves}: {ends}, {top:.1f} at its highest{fall}".replace("-", "\u2212")


def same_runs(a: Peak, b: Peak) -> bool:
    """Whether two metrics were measured on the same runs."""
    mine, other = a.key, b.key
    same = (mine.method, mine.axes, mine.budget) == (other.method, other.axes, other.budget)
    return same and (a.n, a.images) == (b.n, b.images)
