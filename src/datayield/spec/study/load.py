"""From a YAML file to a Study: scales applied, with errors that name file and key."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import expanded
from datayield.spec.study.claims_check import Vocabulary, checked, patched, vocabulary
from datayield.spec.study.expand import merge
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from datayield.spec.yaml_file import read_mapping

_PATCHABLE = ("base", "recipes", "axes", "evaluations", "question", "notes", "claims")


def load_study(name: str, scale: str | None = None) -> Study:
    """The study in the YAML file `name`, or the shipped study of that name, at one scale.

    Without `scale`: `pocket` if the study has scales. Raises ConfigError.
    """
    path = find_study(name)
    raw = read_mapping(path, "study")
    scales = raw.pop("scales", None) or {}
    whole = deepcopy(raw)
    if not isinstance(scales, dict):
        raise ConfigError("scales must map a name to what it changes", where=f"{path}: scales")
    if scale is None and scales:
        scale = "pocket" if "pocket" in scales else next(iter(scales))
    if scale is not None:
        if scale not in scales:
            raise ConfigError(
                "unknown scale" if scales else "this study has no scales",
                where=f"{path}: scales",
                got=scale,
                allowed=list(scales),
            )
        patch = scales[scale] or {}
        unknown = sorted(set(patch) - set(_PATCHABLE))
        if unknown:
            raise ConfigError(
                "a scale cannot override this key",
                where=f"{path}: scales.{scale}",
                got=unknown[0],
                allowed=_PATCHABLE,
            )
        claims = patched(raw.get("claims"), patch.get("claims"), f"{path}: scales.{scale}.claims")
        merge(raw, {key: value for key, value in patch.items() if key != "claims"})
        raw |= {"claims": claims} if claims is not None else {}
        raw["scale"] = scale
    if "evaluations" in raw:
        raw["evaluations"] = expanded(raw["evaluations"], str(path))
    study = validated(Study, raw, where=str(path)).located(path.absolute().parent)
    if not study.claims:
        return study
    others = [_vocabulary(whole, patch or {}, str(path)) for patch in scales.values()]
    return checked(study, _vocabulary(raw, {}, str(path)), others, str(path))


def _vocabulary(raw: dict[str, Any], patch: dict[str, Any], where: str) -> Vocabulary:
    """The study's vocabulary with a scale's patch applied."""
    kept = deepcopy({key: raw.get(key) for key in ("axes", "evaluations")})
    merge(kept, {key: value for key, value in patch.items() if key in kept})
    return vocabulary(kept["axes"] or {}, expanded(kept["evaluations"] or [], where))


def find_study(name: str) -> Path:
    """The file called `name`, or the study of that name that ships with datayield."""
    path = Path(name)
    if path.is_file():
        return path
    shipped = {p.stem: p for folder in _shipped_folders() for p in sorted(folder.glob("*.yaml"))}
    stem = path.stem if path.suffix in (".yaml", ".yml") else name
    if path.suffix == "" and stem in shipped:
        return shipped[stem]
    raise ConfigError(
        "study not found",
        where=name,
        got=stem,
        allowed=list(shipped),
        hint="give the path of a YAML file, or one of these names",
    )


def shipped_studies() -> list[Path]:
    """The study files that ship with datayield."""
    return [path for folder in _shipped_folders() for path in sorted(folder.glob("*.yaml"))]


def _shipped_folders() -> list[Path]:
    """Installed: inside the package. In a checkout: next to `src`."""
    package = Path(__file__).parents[2]
    folders = (package / "studies", package.parents[1] / "studies")
    return [folder for folder in folders if folder.is_dir()][:1]
