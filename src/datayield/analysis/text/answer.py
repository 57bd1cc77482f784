"""The answer in plain words: which sentences, in which order. Inconclusive is an answer too."""

from collections.abc import Iterator
from itertools import islice

from datayield.analysis.decision import (
    BaselineComparison,
    Grid,
    LabelTable,
    Peak,
    read_together,
)
from datayield.analysis.findings import RANK, Findings
from datayield.analysis.format import join, plural
from datayield.analysis.model import CurveGain, Difference, most_p
from datayield.analysis.results import (
    ALL,
    BASELINES,
    SCORE,
    CurveKey,
    StudyResults,
    eval_names,
)
from datayield.analysis.text.labels import label_sentences
from datayield.analysis.text.overfitting import peak_sentence, same_runs, smallest
from datayield.analysis.text.sentences import (
    Headline,
    baseline_sentences,
    group_sentences,
    regime_sentence,
    yield_sentence,
)

MOST = 10


def answer(f: Findings) -> list[Headline]:
    """At most ten sentences: the gain from more images, the value of pretraining, the limits.

    Suites come first, by groups of tasks; if every encoder has a single N, the effect of labels.
    Then yields, with the first curve of each evaluation; if that is at fixed epochs, where
    compute grows with N, the same method's curve at fixed compute follows. Then the baselines,
    scores over training at the smallest N, the regimes, and further curves while there is room.
    Conclusive fits add their forecast.

    The order is the study's and never looks at scores, and effects are those that hold if all that
    could be said is read together (Holm): where nothing has an effect, none is said in 95% of
    studies.
    """
    if not any(row.kind == "run" for row in f.results.rows):
        return [
            Headline("inconclusive", "none", "", "No run of this study has been evaluated yet.")
        ]
    # A suite speaks by its groups: fifteen tasks one by one would drown all else.
    tasks = set(f.tasks)
    lines = {key: line for key, line in f.gains.items() if key.eval not in tasks}
    ladders = [t for t in f.labels if not {k.eval for k in lines} & {*t.evals}]
    tasks |= {name for table in ladders for name in table.evals}
    versus = [v for v in f.over_baselines if v.point.key.eval not in tasks]
    whole = [g.name for g in f.groups if g.group == ALL]
    versus += [v for v in f.scores_over_baselines if not whole or v.point.key.eval in whole]
    shown = [grid for grid in f.grids if grid.key.eval not in tasks][:2]
    courses, ranks = _over_training(f)
    most = most_p(_sayable(f, lines, ladders, versus, shown, [*courses, *ranks]))
    grouped = group_sentences(f.group_gains, f.worth, most)
    for table in ladders:
        grouped += label_sentences(table, most)
    firsts, others = _in_order(lines)
    said = [yield_sentence(lines[key], f.fits.get(key), f.worth, most) for key in firsts + others]
    base = [h for kind in BASELINES for h in baseline_sentences(versus, kind, most)]
    grids = [regime_sentence(read_together(grid, most)) for grid in shown]
    base += [peak_sentence(peak, ranks, most) for peak in courses]
    grouped = grouped[: max(1, MOST - len(base) - len(grids) - 1)]
    head = max(1, MOST - len(base) - len(grids) - len(grouped))
    first = said[: min(len(firsts), head)]
    rest = said[len(first) :]
    if not lines and not grouped:  # conclusive results come before inconclusive ones
        rest = [Headline("inconclusive", "images", "", _one_size(f))]
    warned = _classes_missing(f.results)
    return (grouped + first + base + grids + rest)[: MOST - len(warned)] + warned


def _classes_missing(results: StudyResults) -> list[Headline]:
    """One sentence on evaluations whose test images show classes that no training image does."""
    lost = {
        row.eval: int(row.value)
        for row in results.rows
        if row.metric == "classes_missing_in_train" and row.value
    }
    if not lost:
        return []
    each = [f"{plural(n, 'class').replace('classs', 'classes')} in {e}" for e, n in lost.items()]
    text = f"Test images of classes missing from train: {join(each)}; these always count as wrong."
    return [Headline("inconclusive", "none", "", text)]


def _over_training(f: Findings) -> tuple[list[Peak], list[Peak]]:
    """At the smallest N, of the study's first evaluation over training and of all tasks; and of
    effective ranks.
    """
    ranks = [p for p in f.peaks if p.key.metric == RANK]
    means = [p for p in f.peaks if p.key.metric == SCORE]
    mains = [p for p in f.peaks if p.key.metric not in (RANK, SCORE)]
    alone = smallest([p for p in mains if p.key.eval not in f.tasks])
    whole = {g.name for g in f.groups if g.group == ALL}
    suites = smallest([p for p in means if p.key.eval in whole])
    courses = [*alone[:1], *suites[:1]]
    return courses, [rank for rank in ranks if any(same_runs(rank, peak) for peak in courses)]


def _sayable(
    f: Findings,
    lines: dict[CurveKey, CurveGain],
    ladders: list[LabelTable],
    versus: list[BaselineComparison],
    grids: list[Grid],
    courses: list[Peak],
) -> Iterator[Difference]:
    """Every difference that a sentence could call an effect, whatever it turned out to be."""
    for line in lines.values():
        yield line.total.gain
        yield line.steps[0].gain
    yield from (g.gain for g in f.group_gains)
    for table in ladders:
        for start in table.starts:
            ends = (start.gain, start.over_untrained[0], start.over_untrained[-1])
            yield from (d for d in ends if d is not None)
    yield from (v.gain for v in versus)
    # one move can be the nearest of two cells
    moves = {
        (grid.key, move)
        for grid in grids
        for cell in grid.cells
        for move in (cell.more_images, cell.more_compute)
        if move is not None
    }
    yield from (move.per_doubling for _, move in moves)
    yield from (course.fall for course in courses if course.fall is not None)


def _in_order(lines: dict[CurveKey, CurveGain]) -> tuple[list[CurveKey], list[CurveKey]]:
    """The first curve of each evaluation, and all others, in the study's order.

    Curves without a seed at both ends come last.
    """
    order = sorted(lines, key=lambda key: lines[key].total.gain.covers == "nothing")
    heads = [next(k for k in order if k.eval == name) for name in eval_names(order)]
    firsts = [key for head in heads for key in (head, *_at_fixed_compute(head, order))]
    return firsts, [key for key in order if key not in firsts]


def _at_fixed_compute(key: CurveKey, among: list[CurveKey]) -> list[CurveKey]:
    """For a curve at fixed epochs: the same method's curve at fixed compute, if there is one."""
    if not key.at_fixed_epochs:
        return []
    beside = (k for k in among if k._replace(budget=key.budget) == key and not k.at_fixed_epochs)
    return list(islice(beside, 1))


def _one_size(f: Findings) -> str:
    sizes = sorted({p.n for line in f.main.values() for p in line})
    if not sizes:
        return "No scores yet, so there is no yield to report."
    return (
        f"One size only ({plural(sizes[0], 'image')}): "
        "a gain takes a second size, and a fitted law takes four."
        if len(sizes) == 1
        else "No curve has two sizes yet: a gain takes two sizes of one method."
    )
