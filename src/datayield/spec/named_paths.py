"""Paths as a person names them: made absolute, written into a command, looked for when mistyped."""

import os
import shlex
from itertools import islice
from pathlib import Path

from datayield.spec.errors import nearest

MOST_NAMES = 10_000  # of a folder, among which a near one is looked for


def without_dots(path: str | Path) -> str:
    """The absolute path, without `..`; symbolic links stay."""
    return os.path.normpath(Path(path).absolute())


def path_first(dataset: str) -> str:
    """A dataset as a command line names it: a bare name is a path, `./photos`, if that is there."""
    is_name = not dataset.startswith((".", "/", "~")) and not Path(dataset).is_absolute()
    return f"./{dataset}" if is_name and Path(dataset).exists() else dataset


def pasteable(named: str | Path) -> str:
    """A path or a dataset as a command takes it here: quoted where a shell needs it.

    An absolute path is relative to the current folder where that is shorter: `./photos`.
    """
    name = str(named)
    if Path(name).is_absolute():
        try:
            here = os.path.relpath(name)
        except (OSError, ValueError):  # no current folder, or another drive
            here = name
        here = here if Path(here).parts[:1] in ((), (os.pardir,)) else f"./{here}"
        name = min(here, name, key=len)
    return shlex.quote(name)


def near_path(name: str) -> str:
    """The path nearest to one that is not there, as it was named; empty where none is near.

    One part of it may be mistyped, whichever it is.
    """
    folder, last = os.path.split(name.rstrip(os.sep))
    if folder and not Path(folder).expanduser().is_dir():
        other = near_path(folder)
        there = _below(other, last)
        return there if other and Path(there).expanduser().exists() else ""
    try:
        with os.scandir(Path(folder or os.curdir).expanduser()) as found:
            names = [each.name for each in islice(found, MOST_NAMES)]
    except (OSError, ValueError):
        return ""
    spelled = {each.lower(): each for each in sorted(names) if not each.startswith(".")}
    near = spelled.get(last.lower()) or spelled.get(nearest(last.lower(), spelled), "")
    return _below(folder, near) if near and near != last else ""


def _below(folder: str, name: str) -> str:
    """As somebody writes it: unlike with a Path, a `./` stays."""
    return f"{folder.rstrip(os.sep)}/{name}" if folder else name
