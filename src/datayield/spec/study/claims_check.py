"""Whether a study's claims can be tested: at this scale, or at any of its scales."""

from typing import Any

from datayield.spec.errors import ConfigError
from datayield.spec.study.claim_vocabulary import Vocabulary
from datayield.spec.study.study import Study


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
            study.check_axis(lacking.axis)  # what is wrong on the axis itself is told first
            raise ConfigError(
                lacking.problem,
                where=f"{key}: {lacking.key}",
                got=lacking.got,
                allowed=lacking.allowed,
                hint=lacking.hint,
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
