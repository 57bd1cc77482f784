"""Published findings tested on a study's own runs.

A claim is tested two-sided at 5%: both reproduced and contradicted are significant results.
Holm's (1979) step-down over all testable claims of the study keeps the familywise error rate at 5%.
Inconclusive is a valid answer. "No effect" is a finding of its own: all runs together show that
what a claim varies brings nothing worth having here (regime.py), or the claim's own contrasts
exclude an effect of a margin or more in its direction (again with Holm's step-down). "Not always"
is a verdict on claims about several contrasts: at least one of them excludes such an effect.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from datayield.analysis.claims.cells import ClaimData, NotAskedError, UnansweredError
from datayield.analysis.claims.contrasts import scenes
from datayield.analysis.claims.noise import ClaimPart
from datayield.analysis.claims.regime import Limit, regime_of
from datayield.analysis.claims.statistical_tests import LEVEL, parts_of
from datayield.analysis.format import metric_name, plural, points
from datayield.analysis.model import ITEM_CORRELATION
from datayield.analysis.model.law import FittedLaw
from datayield.spec.claims import Claim, Correlates, Gain, GapGrows

MARGIN = 1.0  # points; also the default of `flat`
ClaimOutcome = Literal[
    "reproduced", "contradicted", "no effect", "not always", "inconclusive", "not tested"
]


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """One claim and its outcome. `effect`, `low`, `high` are in `unit`, as is its `value`.

    `p`: two-sided, adjusted for the study's other claims; None where it was not tested.
    """

    claim: Claim
    verdict: ClaimOutcome
    evidence: str
    scale: str
    unit: str = ""
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    seeds: int = 0
    n_test: int = 0
    df: float | None = None
    parts: int = 0
    item_by_item: bool = False  # the error over test items is measured; else it is assumed
    limit: Limit = ""  # what limits the runs, where there is no effect


@dataclass(frozen=True, slots=True)
class _Tested:
    """A claim's parts, and the decisive one: the least certain, or the most contradictory."""

    claim: Claim
    parts: list[tuple[str, ClaimPart]]
    unit: str

    @property
    def p_for(self) -> float:
        return max(part.p_for for _, part in self.parts)

    @property
    def p_against(self) -> float:
        return min(1.0, len(self.parts) * min(part.p_against for _, part in self.parts))

    @property
    def p(self) -> float:
        """Two-sided."""
        return min(1.0, 2 * min(self.p_for, self.p_against))

    @property
    def margin(self) -> float:
        """Less is no effect, in points: 1, or half of a smaller published one."""
        value = abs(self.claim.value or math.inf)
        return min(MARGIN, value / 2)

    @property
    def p_below(self) -> list[float]:
        """One-sided, for each contrast that must be above 0, against one of the margin or more.

        Empty for claims that are not about differences in points.
        """
        if self.unit != "points" or not all(part.expected for _, part in self.parts):
            return []
        expected = (effect for _, part in self.parts for effect in part.expected)
        return [effect.below(self.margin / 100) for effect in expected]

    @property
    def p_nowhere(self) -> float | None:
        """Two-sided, against an effect of the margin or more in any of the contrasts."""
        return min(1.0, 2 * max(self.p_below)) if self.p_below else None

    @property
    def p_not_always(self) -> float | None:
        """Two-sided, against an effect of the margin or more in all contrasts (Bonferroni)."""
        each = self.p_below
        return min(1.0, 2 * len(each) * min(each)) if len(each) > 1 else None

    def deciding(self, verdict: ClaimOutcome) -> tuple[str, ClaimPart]:
        if verdict == "contradicted":
            where, part = min(self.parts, key=lambda each: each[1].p_against)
            if part.contrary:
                part = part._replace(effect=part.contrary[0], words=part.contrary[1])
            return where, part
        return max(self.parts, key=lambda each: each[1].p_for)


def judge_claims(data: ClaimData, laws: Sequence[FittedLaw] = ()) -> list[ClaimVerdict]:
    """Every claim of the study, in its order; `laws` of the study say what limits its runs."""
    scale = data.results.study.scale or "as declared"
    verdicts: list[ClaimVerdict | _Tested] = []
    for claim in data.results.study.claims:
        try:
            verdicts.append(_test(data, claim))
        except NotAskedError as lacking:
            verdicts.append(ClaimVerdict(claim, "not tested", f"{_sentence(lacking)}.", scale))
        except UnansweredError as why:
            verdicts.append(ClaimVerdict(claim, "inconclusive", f"{_sentence(why)}.", scale))
    tested = [each for each in verdicts if isinstance(each, _Tested)]
    directions = iter(holm([each.p for each in tested]))
    nowhere = iter(_holm_of_those([each.p_nowhere for each in tested]))
    not_always = iter(_holm_of_those([each.p_not_always for each in tested]))
    judged: list[ClaimVerdict] = []
    for each in verdicts:
        if isinstance(each, _Tested):
            verdict = _decide(each, next(directions), scale)
            each = _if_absent(data, verdict, laws, each, next(nowhere), next(not_always))
        judged.append(each)
    return judged


def _holm_of_those(p: list[float | None]) -> list[float | None]:
    """Adjusted among those that are known."""
    adjusted = iter(holm([each for each in p if each is not None]))
    return [None if each is None else next(adjusted) for each in p]


def _if_absent(
    data: ClaimData,
    j: ClaimVerdict,
    laws: Sequence[FittedLaw],
    tested: _Tested,
    nowhere: float | None,
    not_always: float | None,
) -> ClaimVerdict:
    """The verdict, or another one where it is inconclusive and its effect is excluded: "no effect"
    by the laws of the study or by each of the claim's own contrasts, "not always" by some of them
    (adjusted p against an effect of the margin or more).
    """
    if j.verdict != "inconclusive":
        return j
    regime = regime_of(data, j.claim, laws)
    if regime is not None:
        evidence = f"{_sentence(regime.words)}. {j.evidence}"
        return replace(j, verdict="no effect", limit=regime.limit, evidence=evidence)
    many = "1 point" if tested.margin == 1 else f"{tested.margin:.2g} points"
    if nowhere is not None and nowhere <= LEVEL:
        words = f"No such effect here: {many} or more is excluded, adjusted {_p(nowhere)}."
        return replace(j, verdict="no effect", evidence=f"{words} {j.evidence}")
    if not_always is not None and not_always <= LEVEL:
        words = f"Not always: {many} or more is excluded in at least one of {len(tested.p_below)}"
        words += f" comparisons, adjusted {_p(not_always)}. The least certain:"
        return replace(j, verdict="not always", evidence=f"{words} {j.evidence}")
    return j


def holm(p: list[float]) -> list[float]:
    """Holm's step-down adjusted p values, in the order given."""
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        highest = max(highest, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = highest
    return adjusted


def tally(judged: list[ClaimVerdict]) -> str:
    """'3 reproduced, 1 contradicted, 0 no effect, 2 inconclusive, 4 not tested at ...', or ''."""
    if not judged:
        return ""
    counts = Counter(j.verdict for j in judged)
    parts = [f"{counts[outcome]} {outcome}" for outcome in get_args(ClaimOutcome)]
    return f"{', '.join(parts)} at this scale"


def _test(data: ClaimData, claim: Claim) -> _Tested:
    if claim.skip:
        raise NotAskedError(claim.skip)
    unit, parts = "", []
    for scene in (scene for one in _apart(claim) for scene in scenes(data, one)):
        where = ", ".join(f"{axis} {word}" for axis, word in scene.part.items())
        unit = "points" if scene.cells.points else metric_name(scene.cells.metric or "score")
        held = f" {scene.cells.note}" if scene.cells.note else ""
        parts += [(where, part._replace(words=part.words + held)) for part in parts_of(scene)]
    if not parts:
        raise UnansweredError("no run for it is finished yet")
    return _Tested(claim, parts, "rank correlation" if isinstance(claim, Correlates) else unit)


def _apart(claim: Claim) -> list[Claim]:
    """One claim per pair if something is held equal, each compared at its own largest amount."""
    if not claim.units or not isinstance(claim, Gain | GapGrows):
        return [claim]
    return [claim.model_copy(update={"from_": a, "to": b}) for a, b in claim.pairs]


def _decide(tested: _Tested, p: float, scale: str) -> ClaimVerdict:
    verdict: ClaimOutcome = "inconclusive"
    if p <= LEVEL:
        verdict = "reproduced" if tested.p_for <= tested.p_against else "contradicted"
    where, part = tested.deciding(verdict)
    factor = 100 if tested.unit == "points" else 1
    low, high = part.interval or part.effect.interval()
    mean, low, high = (factor * x for x in (part.effect.mean, low, high))
    df = part.effect.df
    of = ""
    if len(tested.parts) > 1:
        kind = "most contradictory" if verdict == "contradicted" else "least certain"
        of = f", the {kind} of {len(tested.parts)}" + (f" ({where})" if where else "")
    many = f"{df:.0f}" if df < 1000 else "over 1,000"
    noise = (
        f"noise pooled over {plural(part.effect.cells, 'cell')}, {many} degrees of freedom"
        if not isinstance(tested.claim, Correlates)
        else "permutation over cells"
    )
    if tested.unit == "points" and not isinstance(tested.claim, Correlates):
        noise += (
            ", test items compared one by one"
            if part.effect.item_by_item
            else f", test items assumed to correlate by {ITEM_CORRELATION:g}"
        )
    span = f"{said(low, tested.unit)} to {said(high, tested.unit)}"
    evidence = (
        f"{said(mean, tested.unit)} {tested.unit} ({span}) "
        f"{part.words}{of}; {plural(part.effect.seeds, 'seed')}, {noise}, "
        f"adjusted {_p(p)}."
    )
    return ClaimVerdict(
        tested.claim, verdict, evidence, scale, tested.unit, mean, low, high, p,
        part.effect.seeds, part.effect.n_test, df, len(tested.parts),
        part.effect.item_by_item,
    )  # fmt: skip


def said(value: float, unit: str) -> str:
    """An effect as the page writes it: signed, one decimal for points, else two."""
    return points(value / 100) if unit == "points" else f"{value:+.2f}".replace("-", "−")


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _sentence(said_by: Exception | str) -> str:
    text = str(said_by)
    return text[:1].upper() + text[1:]
