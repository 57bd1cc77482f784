"""From a YAML file to a Study: scales laid over, errors that name file and key."""

from pathlib import Path

from datayield.spec.errors import ConfigError
from datayield.spec.expand import merge
from datayield.spec.study import Study
from datayield.spec.suites import expanded
from datayield.spec.validate import validated
from datayield.spec.yaml_file import read_mapping

_PATCHABLE = ("base", "recipes", "axes", "evaluations", "question", "notes")


def load_study(name: str, scale: str | None = None) -> Study:
    """The study in the YAML file `name`, or the shipped study of that name, at one scale.

    Without `scale`: `pocket` where the study has scales. Raises ConfigError.
    """
    path = find_study(name)
    raw = read_mapping(path, "study")
    scales = raw.pop("scales", None) or {}
    if not isinstance(scales, dict):
        raise ConfigError("scales must map a name to what it changes", where=f"{path}: scales")
    if scale is None and scales:
        scale = "pocket" if "pocket" in scales else next(iter(scales))
    if scale is not None:
        if scale not in scales:
            raise ConfigError(
                "no such scale" if scales else "this study has no scales",
                where=f"{path}: scales",
                got=scale,
                allowed=list(scales),
            )
        patch = scales[scale] or {}
        unknown = sorted(set(patch) - set(_PATCHABLE))
        if unknown:
            raise ConfigError(
                "a scale cannot change this",
                where=f"{path}: scales.{scale}",
                got=unknown[0],
                allowed=_PATCHABLE,
            )
        merge(raw, patch)
        raw["scale"] = scale
    if "evaluations" in raw:
        raw["evaluations"] = expanded(raw["evaluations"], str(path))
    return validated(Study, raw, where=str(path))


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
        "no such study",
        where=name,
        got=stem,
        allowed=list(shipped),
        hint="give the path of a YAML file, or one of these names",
    )


def shipped_studies() -> list[Path]:
    """The study files that ship with datayield."""
    return [path for folder in _shipped_folders() for path in sorted(folder.glob("*.yaml"))]


def _shipped_folders() -> list[Path]:
    """Installed: inside the package. In a checkout: beside `src`."""
    package = Path(__file__).parents[1]
    folders = (package / "studies", package.parents[1] / "studies")
    return [folder for folder in folders if folder.is_dir()][:1]
