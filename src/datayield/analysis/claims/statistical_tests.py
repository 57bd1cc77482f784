"""The tests of claims: each part's effect, and a one-sided p for and against.

The null hypothesis of `p_for` is "not as claimed", that of `p_against` "not the contrary". A claim
of several statements is an intersection-union test (Berger 1982, "Multiparameter hypothesis
testing"): it holds if each does, so its p is the largest, at no cost in level. Its contrary holds
if any does, so its p is the smallest times their number (Bonferroni). Contrasts and their errors:
analysis/claims/noise.py.
"""

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise
from math import log2
from statistics import fmean

from datayield.analysis.claims.cells import UnansweredError
from datayield.analysis.claims.contrasts import Scene
from datayield.analysis.claims.correlation import rank_correlation
from datayield.analysis.claims.gain import gains_of
from datayield.analysis.claims.noise import ClaimPart, EffectEstimate, Weights
from datayield.spec.claims import (
    SELECTION_GAP,
    BeatsBaseline,
    Correlates,
    Crossover,
    Diminishing,
    Flat,
    FlipsUnder,
    Gain,
    GapGrows,
    Monotone,
    Ordering,
    PeakThenFall,
)

LEVEL = 0.05  # two-sided, of every claim
HALF_LEVEL = LEVEL / 2  # one-sided


def parts_of(scene: Scene) -> list[ClaimPart]:
    """The parts of a claim in one scene, several if it compares pairs.

    Raises UnansweredError.
    """
    claim = scene.claim
    if isinstance(claim, Gain):
        return gains_of(scene, claim)
    tests: dict[type, Callable[[Scene], ClaimPart]] = {
        BeatsBaseline: _beats_baseline,
        Monotone: _monotone,
        Diminishing: _diminishing,
        Flat: _flat,
        PeakThenFall: _peak_then_fall,
        GapGrows: _gap_grows,
        Ordering: _ordering,
        Correlates: rank_correlation,
        Crossover: _two_signs,
        FlipsUnder: _two_signs,
    }
    return [tests[type(claim)](scene)]


def _beats_baseline(scene: Scene) -> ClaimPart:
    """Mean score of the cells minus the baseline's, above 0."""
    claim = scene.claim
    assert isinstance(claim, BeatsBaseline)
    mine, base = scene.sides({}, {"": claim.baseline})
    effect = scene.estimate((1, mine), (-1, base))
    words = f"over the {claim.baseline} baseline"
    return ClaimPart(effect, effect.above(), effect.below(), words, expected=(effect,))


def _monotone(scene: Scene) -> ClaimPart:
    """The least-squares trend over the values (in doublings if they are numbers, else by index)
    has the claimed sign, and no step between neighbours significantly the other (Bonferroni).

    The effect is the trend's, from the first value to the last.
    """
    claim = scene.claim
    assert isinstance(claim, Monotone)
    sign = 1 if claim.expect == "rise" else -1
    trend, sides = _trend(scene, claim.over)
    steps = [scene.estimate((1, b), (-1, a)) for a, b in pairwise(sides)]
    wrong = [step.below() if sign > 0 else step.above() for step in steps]
    against = min(1.0, len(steps) * min(wrong))
    p_for, p_trend = (trend.above(), trend.below())[::sign]
    p_for = 1.0 if against <= HALF_LEVEL else p_for
    words = f"as a trend over {len(sides)} values of {claim.over}"
    contrary = None
    if against < p_trend:
        i, names = wrong.index(min(wrong)), scene.along(claim.over)
        contrary = steps[i], f"from {names[i]} to {names[i + 1]}"
    p_against = min(1.0, 2 * min(p_trend, against))
    expected = (trend if sign > 0 else trend.turned(),)
    return ClaimPart(trend, p_for, p_against, words, contrary=contrary, expected=expected)


def _diminishing(scene: Scene) -> ClaimPart:
    """Gain per doubling over the first half of the values minus that over the second, above 0.

    The halves meet at the value closest to the middle of the range in doublings.
    """
    claim = scene.claim
    assert isinstance(claim, Diminishing)
    words = scene.along(claim.over)
    if len(words) < 3:
        raise UnansweredError("comparing two halves needs three values")
    x = [log2(size) for size in scene.sizes(claim.over)]
    middle = min(range(1, len(x) - 1), key=lambda i: abs(x[i] - (x[0] + x[-1]) / 2))
    sides = scene.sides(*({claim.over: word} for word in words))
    early, late = 1 / (x[middle] - x[0]), 1 / (x[-1] - x[middle])
    effect = scene.estimate((early + late, sides[middle]), (-early, sides[0]), (-late, sides[-1]))
    meet = f"less per doubling after {words[middle]} than before"
    return ClaimPart(effect, effect.above(), effect.below(), meet)


def _flat(scene: Scene) -> ClaimPart:
    """Two one-sided tests (Schuirmann 1987) of equivalence within the margin: of the trend from
    first to last, and of each value against the overall mean. The contrary: one of them lies
    significantly outside the margin.
    """
    claim = scene.claim
    assert isinstance(claim, Flat)
    margin = claim.margin / (100 if scene.cells.points else 1)
    trend, sides = _trend(scene, claim.over)
    share = 1 / len(sides)
    effects = [trend]
    for i in range(len(sides)):
        others = [((1.0 if i == j else 0.0) - share, side) for j, side in enumerate(sides)]
        effects.append(scene.estimate(*others))
    worst = [(max(e.above(-margin), e.below(margin)), e) for e in effects]
    beyond = min(min(e.above(margin), e.below(-margin)) for e in effects)
    p_for, effect = max(worst, key=lambda pair: pair[0])
    words = f"within ±{claim.margin:g} along {claim.over}, at the least certain step"
    return ClaimPart(effect, p_for, min(1.0, len(effects) * beyond), words)


def _peak_then_fall(scene: Scene) -> ClaimPart:
    """Score at the peak minus the last, above 0, and minus the first too.

    The peak, any value but the last, is located in the mean of the other seeds (as in
    analysis/decision/overfitting.py): selected on its own noise it would lie above the last even
    for a flat curve.
    The contrary: the last lies above. The effect is the fall.
    """
    claim = scene.claim
    assert isinstance(claim, PeakThenFall)
    words = scene.along(claim.over)
    if len(words) < 3:
        raise UnansweredError("an interior peak needs three values")
    sides = scene.sides(*({claim.over: word} for word in words))
    lines = [_by_seed(scene, side) for side in sides]
    seeds = sorted(set.intersection(*(set(line) for line in lines)))
    if len(seeds) < 2:
        raise UnansweredError("one seed is not enough to separate a peak from noise")
    peaks = []
    for seed in seeds:
        others = [fmean(line[s] for s in seeds if s != seed) for line in lines]
        peaks.append(max(range(len(words) - 1), key=lambda i: others[i]))
    fall = _from_peaks(scene, sides, lines, seeds, peaks, len(words) - 1)
    rise = _from_peaks(scene, sides, lines, seeds, peaks, 0)
    at = words[max(set(peaks), key=peaks.count)]
    words_ = f"from the peak at {claim.over} {at} to the last"
    p_for = max(fall.above(), rise.above())
    return ClaimPart(fall, p_for, fall.below(), words_, expected=(fall,))


def _from_peaks(
    scene: Scene,
    sides: Sequence[Weights],
    lines: Sequence[dict[int, float]],
    seeds: list[int],
    peaks: list[int],
    end: int,
) -> EffectEstimate:
    """Mean over seeds of the peak located by the others minus `end`, with a contrast's error."""
    mean = fmean(lines[p][seed] - lines[end][seed] for seed, p in zip(seeds, peaks, strict=True))
    apart = [scene.estimate((1, sides[p]), (-1, sides[end])) for p in set(peaks) if p != end]
    if not apart:  # all peaks are at the first value, so there is no rise
        return scene.estimate((1, sides[0]), (-1, sides[-1]))._replace(mean=0.0)
    widest = max(apart, key=lambda e: e.error)
    return widest._replace(mean=mean)


def _by_seed(scene: Scene, side: Weights) -> dict[int, float]:
    mine = [(scene.cells.runs[k], w) for k, w in side.items() if isinstance(k, frozenset)]
    seeds = set.intersection(*(set(cell.values) for cell, _ in mine))
    return {s: sum(w * cell.values[s] for cell, w in mine) for s in seeds}


def _gap_grows(scene: Scene) -> ClaimPart:
    """The gap at `to` minus that at `from`, above 0. A gap: the second of `between` minus the
    first, or the selection gap itself.
    """
    claim = scene.claim
    assert isinstance(claim, GapGrows)
    effects = []
    for first, last in claim.pairs:
        start, to = scene.word(claim.over, first), scene.word(claim.over, last)
        if claim.across is None:
            assert claim.metric == SELECTION_GAP
            effects.append((scene.step(claim.over, start, to), start, to))
            continue
        a, b = (scene.word(claim.across, value) for value in claim.between)
        corners = scene.sides(
            *({claim.over: at, claim.across: side} for at in (start, to) for side in (a, b))
        )
        effect = scene.estimate(*zip((1, -1, -1, 1), corners, strict=True))
        effects.append((effect, start, to))
    effect, start, to = max(effects, key=lambda each: each[0].above())
    against = min(1.0, len(effects) * min(e.below() for e, _, _ in effects))
    expected = tuple(each for each, _, _ in effects)
    return ClaimPart(effect, effect.above(), against, f"from {start} to {to}", expected=expected)


def _ordering(scene: Scene) -> ClaimPart:
    """Every contrast of neighbours in the claimed order, the higher minus the lower, above 0.

    The contrary: any two of the values are significantly in the reverse order. The effect is the
    least certain step.
    """
    claim = scene.claim
    assert isinstance(claim, Ordering)
    words = [scene.word(claim.over, value) for value in claim.order]
    sides = dict(zip(words, scene.sides(*({claim.over: word} for word in words)), strict=True))
    steps = {
        pair: scene.estimate((1, sides[pair[1]]), (-1, sides[pair[0]]))
        for pair in combinations(words, 2)
    }
    least = max(pairwise(words), key=lambda pair: steps[pair].above())
    worst = min(steps, key=lambda pair: steps[pair].below())
    against = min(1.0, len(steps) * steps[worst].below())
    contrary = steps[worst], f"of {worst[1]} over {worst[0]}"
    words_ = f"of {least[1]} over {least[0]}"
    expected = tuple(steps[pair] for pair in pairwise(words))
    p_for = steps[least].above()
    return ClaimPart(steps[least], p_for, against, words_, contrary=contrary, expected=expected)


def _two_signs(scene: Scene) -> ClaimPart:
    """Two contrasts of opposite signs (a qualitative interaction: Gail & Simon 1985).

    `crossover`: of `between`, the first minus the second is above 0 at `from` and below at `to`.
    `flips_under`: `to` minus `from` is above 0 under the first of `settings`, below under the
    second. The contrary: either has significantly the other sign. The effect is the first contrast
    minus the second.
    """
    claim = scene.claim
    assert isinstance(claim, Crossover | FlipsUnder)
    ((first, last),) = claim.pairs
    ends = [scene.word(claim.over, value) for value in (first, last)]
    if isinstance(claim, Crossover):
        above, below = (scene.word(claim.across, value) for value in claim.between)
        settings = [({claim.over: e, claim.across: above}, {claim.over: e, claim.across: below})
                    for e in ends]  # fmt: skip
        words = f"of {above} over {below}, at {ends[0]} more than at {ends[1]}"
        each = [f"of {above} over {below} at {end}" for end in ends]
    else:
        under = [scene.word(claim.under, value) for value in claim.settings]
        settings = [({claim.over: ends[1], claim.under: u}, {claim.over: ends[0], claim.under: u})
                    for u in under]  # fmt: skip
        words = f"from {ends[0]} to {ends[1]}, under {under[0]} more than under {under[1]}"
        each = [f"from {ends[0]} to {ends[1]} under {setting}" for setting in under]
    one, two, three, four = scene.sides(*(side for pair in settings for side in pair))
    rise, fall = scene.estimate((1, one), (-1, two)), scene.estimate((1, three), (-1, four))
    effect = scene.estimate((1, one), (-1, two), (-1, three), (1, four))
    p_for = max(rise.above(), fall.below())
    against = [(rise.below(), (rise, each[0])), (fall.above(), (fall, each[1]))]
    p, contrary = min(against, key=lambda pair: pair[0])
    expected = (rise, fall.turned())
    return ClaimPart(effect, p_for, min(1.0, 2 * p), words, contrary=contrary, expected=expected)


def _trend(scene: Scene, over: str) -> tuple[EffectEstimate, list[Weights]]:
    """The least-squares trend from first to last value, and the sides."""
    words = scene.along(over)
    if len(words) < 2:
        raise UnansweredError(f"one value of {over} gives no trend")
    sides = scene.sides(*({over: word} for word in words))
    try:
        x = [log2(size) for size in scene.sizes(over)]
    except UnansweredError:
        x = [float(i) for i in range(len(words))]
    middle = fmean(x)
    square = sum((each - middle) ** 2 for each in x)
    scale = (x[-1] - x[0]) / square
    return scene.estimate(
        *((scale * (v - middle), s) for v, s in zip(x, sides, strict=True))
    ), sides
