"""The claim test `gain`: pairs, cells that differ in several axes, and values known as bounds."""

from typing import Any

from datayield.analysis.claims.cells import UnansweredError
from datayield.analysis.claims.contrasts import Scene
from datayield.analysis.claims.noise import ClaimPart, Weights
from datayield.spec.claims import Gain


def gains_of(scene: Scene, claim: Gain) -> list[ClaimPart]:
    """For each pair, whether `to` minus `from` is above `at_least` (below minus it, for a fall).

    A significant effect of the other sign contradicts the claim.
    """
    unit = 100 if scene.cells.points else 1
    parts = []
    for first, last in claim.pairs:
        start, to = scene.word(claim.over, first), scene.word(claim.over, last)
        before, after = scene.ends(claim.over, start, to, claim.at_from, claim.at_to)
        effect = scene.estimate((1, after), (-1, before))
        null = claim.at_least / unit
        other = min(null, 0.0)  # of the contrary: a loss, or one beyond the tolerated
        words = f"from {_at(scene, start, claim.at_from)} to {_at(scene, to, claim.at_to)}"
        if claim.expect == "rise":
            p_for, p_against = effect.above(null), effect.below(other)
        else:
            p_for, p_against = effect.below(-null), effect.above(-other)
        up, down = _bounded(scene, before, after)
        p_for, p_against = _known(claim.expect == "rise", (up, down), p_for, p_against)
        expected = effect if claim.expect == "rise" else effect.turned()
        known = () if claim.at_least < 0 or up or down else (expected,)
        parts.append(ClaimPart(effect, p_for, p_against, words, expected=known))
    return parts


def _at(scene: Scene, word: str, held: dict[str, Any]) -> str:
    words = scene.data.results.words
    return word + "".join(f", {axis} {words(axis, value)}" for axis, value in held.items())


def _bounded(scene: Scene, before: Weights, after: Weights) -> tuple[bool, bool]:
    """Whether a rise, and whether a fall, could be an artefact of values known only as bounds.

    A lower bound as the later of two values cannot exaggerate a rise; as the earlier one it can,
    and so on.
    """
    cells = [
        [scene.cells.runs[k] for k in side if isinstance(k, frozenset)] for side in (before, after)
    ]
    beyond, within = ([any(getattr(c, kind) for c in side) for side in cells]
                      for kind in ("beyond", "within"))  # fmt: skip
    return beyond[0] or within[1], within[0] or beyond[1]


def _known(
    rise: bool, unknown: tuple[bool, bool], p_for: float, p_against: float
) -> tuple[float, float]:
    """The p values, 1 where only a bound is known. Raises UnansweredError if both are unknown."""
    if all(unknown):
        raise UnansweredError("the order is unknown: some never reached it, or did so before "
                              "their first milestone")  # fmt: skip
    up, down = unknown
    against, for_ = (down, up) if rise else (up, down)
    return (1.0 if for_ else p_for), (1.0 if against else p_against)
