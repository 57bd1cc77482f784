"""From what is written to a Study: scales applied, with errors that name file and key."""

from copy import deepcopy
from pathlib import Path
from types import MappingProxyType
from typing import Any

from datayield.spec.bounds import wrong_folder
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import expanded
from datayield.spec.run import Raw
from datayield.spec.study.claim_vocabulary import Vocabulary, vocabulary
from datayield.spec.study.claims_check import checked, patched
from datayield.spec.study.layers import merge
from datayield.spec.study.overrides import Overrides, overridden
from datayield.spec.study.shorthands import evaluations_spelled_out, study_spelled_out
from datayield.spec.study.study import Study
from datayield.spec.study.weights import baselines_spelled_out
from datayield.spec.study.written import Written, read_study
from datayield.spec.validate import validated

_PATCHABLE = (
    *("base", "recipes", "axes", "evaluations", "question", "notes", "claims"),
    "baselines",
)


def load_study(
    written: Written,
    scale: str | None = None,
    overrides: Overrides = MappingProxyType({}),
    folder: Path | None = None,
) -> Study:
    """The study in this file, the shipped one of this name, or that of these keys, at one scale.

    Without `scale`: `pocket` if the study has scales. `overrides`: dotted keys of the study at
    this scale, such as "base.batch", with other values. Relative paths of data begin at `folder`,
    else at the folder of the file, or the current one. Raises ConfigError.
    """
    found = read_study(written)
    raw, place = study_spelled_out(found.raw), found.place
    scales = _scales(raw.pop("scales", None), place)
    whole = deepcopy(raw)
    if scale is None and scales:
        scale = "pocket" if "pocket" in scales else next(iter(scales))
    if scale is not None:
        if scale not in scales:
            raise ConfigError(
                "unknown scale" if scales else "this study has no scales",
                where=f"{place}: scales",
                got=scale,
                allowed=list(scales),
            )
        patch = scales[scale]
        claims = patched(raw.get("claims"), patch.get("claims"), f"{place}: scales.{scale}.claims")
        _lay_over(raw, {key: value for key, value in patch.items() if key != "claims"})
        raw |= {"claims": claims} if claims is not None else {}
        raw["scale"] = scale
    stated = raw
    raw, overrides = overridden(raw, overrides)
    if "evaluations" in raw:
        entries = evaluations_spelled_out(raw["evaluations"], raw.get("base"))
        raw["evaluations"] = expanded(entries, place)
    if "baselines" in raw:
        raw["baselines"] = baselines_spelled_out(raw["baselines"], raw.get("base"))
    study = validated(Study, raw, where=place).located((folder or found.folder).absolute())
    study = study.with_overrides(overrides)
    if not study.claims:
        return study
    others = [_vocabulary(whole, patch, place) for patch in scales.values()]
    others += [_vocabulary(stated, {}, place)] if overrides else []
    return checked(study, _vocabulary(raw, {}, place), others, place)


def _scales(scales: Any, where: str) -> dict[str, Raw]:
    """Each scale with what it changes. Raises ConfigError, also for a scale that is not asked."""
    if scales is None:
        return {}
    if not isinstance(scales, dict):
        raise ConfigError(
            "scales must map a name to what it changes",
            where=f"{where}: scales",
            got=scales,
            hint="for example scales: {pocket: {base: {batch: 32}}}",
        )
    for name, patch in scales.items():
        if problem := wrong_folder(name):
            raise ConfigError(
                "the name of a scale becomes part of a folder's name",
                where=f"{where}: scales",
                got=name if len(name) <= 100 else f"{name[:100]}...",
                allowed=problem,
                hint="rename the scale",
            )
        if patch is not None and not isinstance(patch, dict):
            raise ConfigError(
                "a scale must be a mapping of what it changes",
                where=f"{where}: scales.{name}",
                got=patch,
                allowed=_PATCHABLE,
            )
        if unknown := sorted(set(patch or {}) - set(_PATCHABLE)):
            raise ConfigError(
                "a scale cannot override this key",
                where=f"{where}: scales.{name}",
                got=unknown[0],
                allowed=_PATCHABLE,
            )
    return {name: patch or {} for name, patch in scales.items()}


def _lay_over(raw: Raw, patch: Raw) -> None:
    """Merge a scale's `patch` into the study; an axis that it sets to null is dropped."""
    merge(raw, patch)
    axes, changed = raw.get("axes"), patch.get("axes")
    if isinstance(axes, dict) and isinstance(changed, dict):
        raw["axes"] = {k: v for k, v in axes.items() if not (v is None and k in changed)}


def _vocabulary(raw: Raw, patch: Raw, where: str) -> Vocabulary:
    """What the study has with a scale's patch laid over it."""
    keys = ("base", "recipes", "axes", "evaluations", "baselines")
    kept = deepcopy({key: raw.get(key) for key in keys})
    _lay_over(kept, {key: value for key, value in patch.items() if key in kept})
    entries = evaluations_spelled_out(kept["evaluations"], kept["base"])
    evaluations = expanded(entries or [], where)
    return vocabulary(kept, evaluations if isinstance(evaluations, list) else [])
