"""Where studies are: files, and what ships with datayield."""

import re
from pathlib import Path

from datayield.spec.bounds import LONGEST_NAME
from datayield.spec.errors import ConfigError, nearest
from datayield.spec.named_paths import near_path, pasteable, without_dots

PUBLISHED = ".published.csv"


def study_name(dataset: str) -> str:
    """A name for the study of a dataset: that of its folder, as far as a study's name may be."""
    words = re.sub(r"[^a-z0-9]+", "_", Path(without_dots(dataset)).name.lower()).strip("_")
    return words[:LONGEST_NAME].strip("_") or "photos"


def find_study(name: str) -> Path:
    """The file called `name`, or the study of that name that ships with datayield."""
    path, quoted = Path(name), pasteable(name)
    try:
        file, folder = path.is_file(), path.is_dir()
    except (OSError, ValueError) as error:  # a name too long for a file
        raise ConfigError("study not found", where=name[:100], got=str(error)[:100]) from None
    if file and path.suffix == ".zip":
        raise ConfigError(
            "this is an archive, not the file of a study",
            where=name,
            hint=f"`datayield verify {quoted}` and `datayield answer {quoted}` read what "
            "`datayield pack` leaves; the study's YAML is in it",
        )
    if file:
        return path
    shipped = {p.stem: p for p in shipped_studies()}
    if folder and name and name not in shipped:
        own = Path(f"{study_name(name)}.yaml")
        if own.is_file():
            raise ConfigError(
                "this is a folder of images, not the file of a study",
                where=name,
                hint=f"name the study that was written for them: {pasteable(own)}",
            )
        raise ConfigError(
            "this is a folder, not the file of a study",
            where=name,
            hint=f"`datayield init {quoted}` writes a study of the images in it, and "
            f"`datayield run {quoted}` runs it, too; else give the path of a YAML file",
        )
    if name in shipped:
        return shipped[name]
    near = near_path(name)
    if "/" in name or path.suffix or (near and not nearest(name, shipped)):
        raise ConfigError(
            "study not found: there is no such file or folder",
            where=without_dots(path.parent),
            got=name,
            meant=near or (path.stem if path.stem in shipped else ""),
            hint="check the path; a study is a YAML file, or a name that datayield ls shows",
        )
    raise ConfigError(
        "study not found",
        where=name,
        got=name,
        allowed=list(shipped),
        hint="give the path of a YAML file, or one of these names",
    )


def shipped_studies() -> list[Path]:
    """The study files that ship with datayield."""
    return [path for folder in _shipped_folders() for path in sorted(folder.glob("*.yaml"))]


def published_table(name: str) -> Path:
    """The table of a paper's numbers that ships with datayield. Raises ConfigError for no such."""
    tables = published_tables()
    if name in tables:
        return tables[name]
    raise ConfigError(
        "no published table of this name",
        where="--published",
        got=name,
        allowed=list(tables),
        hint="for a file of your own, leave out --published",
    )


def published_tables() -> dict[str, Path]:
    """Tables of papers' numbers that ship with datayield, by the name of their study."""
    return {
        path.name.removesuffix(PUBLISHED): path
        for folder in _shipped_folders()
        for path in sorted(folder.glob(f"*{PUBLISHED}"))
    }


def _shipped_folders() -> list[Path]:
    """Installed: inside the package. In a checkout: next to `src`."""
    package = Path(__file__).parents[2]
    folders = (package / "studies", package.parents[1] / "studies")
    return [folder for folder in folders if folder.is_dir()][:1]
