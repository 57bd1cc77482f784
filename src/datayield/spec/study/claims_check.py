"""Whether a study's claims can be tested: at this scale, or at any of its scales."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from datayield.spec.claims import BY, ENDS, NOTHING, OWN_AXES, Claim, Correlates, Measure, in_words
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import GROUPS
from datayield.spec.run import NORMALISERS
from datayield.spec.study.study import Study


class Lacking(NamedTuple):
    """The first name in a claim that a scale does not have."""

    key: str  # in the claim's mapping
    kind: Literal["measurement", "axis", "value"]
    name: str
    allowed: list[str]

    @property
    def phrase(self) -> str:
        """For "the study has no such ..."."""
        return f"value of {self.key}" if self.kind == "value" else self.kind


class Vocabulary(NamedTuple):
    """The names that one scale defines: axis -> values as text, and measurements."""

    axes: dict[str, list[str]]
    names: list[str]

    def lacks(self, claim: Claim) -> Lacking | None:
        """The first name in a claim that is missing here, if any."""
        asked = [("of", name) for name in claim.names]
        if isinstance(claim, Correlates) and isinstance(claim.with_, Measure):
            asked.append(("with.of", claim.with_.of))
        for key, name in asked:
            if name not in self.names:
                return Lacking(key, "measurement", name, self.names)
        for axis, values in claim.axes.items():
            if axis not in self.axes:
                return Lacking("axis", "axis", axis, list(self.axes))
            for value in values:
                word, there = in_words(axis, value), self.axes[axis]
                if word not in there and word not in (*ENDS, *NOTHING):
                    return Lacking(axis, "value", word, there)
        return None


def vocabulary(axes: dict[str, Iterable[Any]], evaluations: Iterable[Any]) -> Vocabulary:
    """The vocabulary of a scale from its YAML, with suites already expanded into evaluations."""
    evals = [ev for ev in evaluations if isinstance(ev, dict)]
    names = [str(ev.get("name")) for ev in evals]
    groups = dict.fromkeys(str(ev["group"]) for ev in evals if ev.get("group"))
    shares = dict.fromkeys(
        in_words("share", float(share)) for ev in evals for share in ev.get("at") or (1.0,)
    )
    suites: dict[str, None] = {}
    for ev in evals:
        if ev.get("part_of"):
            words = (*(g for g in GROUPS if g in groups), "all tasks")
            means = (f"{ev.get('suite_name')} {group}" for group in words)
            suites |= dict.fromkeys([str(ev["part_of"]), *means])
    known = {axis: [in_words(axis, v) for v in values] for axis, values in axes.items()}
    measured = [*names, *groups, *suites]
    known |= dict(zip(OWN_AXES, (measured, list(shares)), strict=True))
    return Vocabulary(known | {BY: list(NORMALISERS)}, measured)


def checked(study: Study, here: Vocabulary, others: list[Vocabulary], where: str) -> Study:
    """The study, with claims that cannot be tested at this scale marked as skipped.

    Raises ConfigError for names that no scale has, or if two claims have the same id.
    """
    seen: set[str] = set()
    claims = []
    for i, claim in enumerate(study.claims):
        key = f"{where}: claims.{i} ({claim.id})"
        if claim.id in seen:
            raise ConfigError("duplicate claim id", where=key, got=claim.id)
        seen.add(claim.id)
        lacking = here.lacks(claim)
        if lacking and all(other.lacks(claim) for other in others):
            raise ConfigError(
                f"the study has no such {lacking.phrase}",
                where=f"{key}: {lacking.key}",
                got=lacking.name,
                allowed=lacking.allowed,
            )
        if lacking and not claim.skip:
            named = "" if lacking.kind == "measurement" else f"{lacking.key} "
            why = f"this scale has no {named}{lacking.name}"
            claim = claim.model_copy(update={"skip": why})
        claims.append(claim)
    return study.model_copy(update={"claims": tuple(claims)})


def patched(claims: Any, patch: Any, where: str) -> Any:
    """A study's claims with a scale's changes: id -> keys that override, or null to skip it.

    Raises ConfigError for an id that the study does not have.
    """
    if patch is None or not isinstance(claims, list):
        return claims
    ids = [str(c.get("id")) for c in claims if isinstance(c, dict)]
    if not isinstance(patch, dict):
        raise ConfigError("a scale maps ids of claims to what it changes", where=where, got=patch)
    for name in patch:
        if str(name) not in ids:
            raise ConfigError("unknown claim", where=where, got=name, allowed=ids)
    return [
        {**c, **(patch[c["id"]] or {"skip": "excluded at this scale"})}
        if isinstance(c, dict) and c.get("id") in patch
        else c
        for c in claims
    ]
