"""Whether a study's claims can be tested: at this scale, or at any of its scales."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from datayield.spec.claims import BY, ENDS, NOTHING, OWN_AXES, Claim, Correlates, Measure
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import GROUPS, PROTOCOLS
from datayield.spec.run import NORMALISERS
from datayield.spec.study.study import Study
from datayield.spec.study.value_words import value_words


class Lacking(NamedTuple):
    """The first name in a claim that a scale does not have."""

    key: str  # in the claim's mapping
    kind: Literal["measurement", "axis", "value", "validated", "shares"]
    name: str
    allowed: list[str]

    @property
    def phrase(self) -> str:
        """For "the study has no such ..."."""
        words = {
            "value": f"value of {self.key}",
            "validated": "evaluation with validation scores at several shares of the budget",
            "shares": "measurement at two of the shares of checkpoint.best_on",
        }
        return words.get(self.kind, self.kind)

    @property
    def skip(self) -> str:
        """Why a scale that lacks it does not test the claim."""
        if self.kind == "validated":
            return f"this scale has no validation scores of {self.name} at several shares"
        if self.kind == "shares":
            return f"this scale measures {self.name} at fewer than two shares of the checkpoints"
        named = "" if self.kind == "measurement" else f"{self.key} "
        return f"this scale has no {named}{self.name}"


class Vocabulary(NamedTuple):
    """The names that one scale defines: axis -> values as text, and measurements.

    `shares`: measurement -> the fractions of the budget above 0 at which all of it is measured.
    `validated`: evaluations that can select a checkpoint.
    """

    axes: dict[str, list[str]]
    names: list[str]
    shares: Mapping[str, frozenset[float]]
    validated: list[str]

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
                word, there = value_words(axis, value), self.axes[axis]
                if word not in there and word not in (*ENDS, *NOTHING):
                    return Lacking(axis, "value", word, there)
        return self._lacks_checkpoint(claim)

    def _lacks_checkpoint(self, claim: Claim) -> Lacking | None:
        if claim.checkpoint is None:
            return None
        judge = claim.checkpoint.best_on
        if judge not in self.validated:
            return Lacking("checkpoint.best_on", "validated", judge, self.validated)
        able = [name for name in self.names if len(self.shares[name] & self.shares[judge]) > 1]
        lost = [name for name in claim.names if name not in able]
        return Lacking("of", "shares", lost[0], able) if lost else None


def vocabulary(axes: dict[str, Iterable[Any]], evaluations: Iterable[Any]) -> Vocabulary:
    """The vocabulary of a scale from its YAML, with suites already expanded into evaluations."""
    evals = [ev for ev in evaluations if isinstance(ev, dict)]
    names = [str(ev.get("name")) for ev in evals]
    groups = dict.fromkeys(str(ev["group"]) for ev in evals if ev.get("group"))
    shares = dict.fromkeys(
        value_words("share", float(share)) for ev in evals for share in ev.get("at") or (1.0,)
    )
    suites: dict[str, None] = {}
    at: dict[str, list[frozenset[float]]] = {}
    for ev in evals:
        means: list[str] = []
        if ev.get("part_of"):
            words = (*(g for g in GROUPS if g in groups), "all tasks")
            means = [str(ev["part_of"]), *(f"{ev.get('suite_name')} {group}" for group in words)]
            suites |= dict.fromkeys(means)
        mine = frozenset(float(share) for share in ev.get("at") or (1.0,) if share)
        for name in (str(ev.get("name")), str(ev.get("group") or ""), *means):
            at.setdefault(name, []).append(mine)
    known = {axis: [value_words(axis, v) for v in values] for axis, values in axes.items()}
    measured = [*names, *groups, *suites]
    known |= dict(zip(OWN_AXES, (measured, list(shares)), strict=True))
    shared = {name: frozenset.intersection(*all_of) for name, all_of in at.items()}
    shared |= {name: frozenset() for name in measured if name not in shared}
    validated = [
        str(ev.get("name"))
        for ev in evals
        if len(shared[str(ev.get("name"))]) > 1
        and (protocol := PROTOCOLS.get(str(ev.get("protocol"))))
        and protocol.validates
    ]
    return Vocabulary(known | {BY: list(NORMALISERS)}, measured, shared, validated)


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
            claim = claim.model_copy(update={"skip": lacking.skip})
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
