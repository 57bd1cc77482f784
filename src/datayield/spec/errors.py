"""Helpful errors: what is wrong, where, the value found, allowed values, what to do next."""

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class DatayieldError(Exception):
    """A failure the user can act on. `exit_code` is what the command line returns for it.

    `meant`: what was probably meant, where `allowed` does not list it, as for files. `about`: the
    value of a study that is wrong, by which the keys that hold it are found.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        got: object = None,
        allowed: Iterable[object] | str = "",
        meant: str = "",
        hint: str = "",
        about: str = "",
    ) -> None:
        self.message, self.where, self.got, self.hint = message, where, got, hint
        self.about = about
        listed = [] if isinstance(allowed, str) else [_written(each) for each in allowed]
        self.allowed = allowed if isinstance(allowed, str) else ", ".join(listed)
        self.nearest = meant or nearest(_written(got), listed)
        super().__init__(self.text())

    def within(self, place: object) -> "DatayieldError":
        """The same error, with the file before the key."""
        self.where = f"{place}: {self.where}" if self.where else str(place)
        self.args = (self.text(),)
        return self

    def parts(self) -> dict[str, str]:
        """The message by its parts, as a script reads it; each is empty where there is none."""
        got = "" if self.got is None else _written(self.got)
        parts = {"message": self.message, "where": self.where, "got": got}
        return parts | {"allowed": self.allowed, "nearest": self.nearest, "next": self.hint}

    def text(self) -> str:
        """The message as printed, one line per part."""
        lines = [self.message]
        if self.where:
            lines.append(f"  where:   {self.where}")
        if self.got is not None:
            lines.append(f"  got:     {_written(self.got)}")
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.nearest:
            lines.append(f"  did you mean {self.nearest!r}?")
        if self.hint:
            lines.append(f"  next:    {self.hint}")
        return "\n".join(lines)


class ConfigError(DatayieldError):
    """The study, a flag or an environment variable is wrong. Nothing was started."""

    exit_code = 2


class DataError(DatayieldError):
    """Images or labels are missing, damaged or not what the study says."""

    exit_code = 2


class PackError(DatayieldError):
    """A file is no pack of a study, is broken, or is of a newer format than this version reads."""

    exit_code = 2


class RefusedError(DatayieldError):
    """Several reasons why a study cannot run, all known before anything was started."""

    exit_code = 2

    def __init__(self, reasons: Sequence[DatayieldError]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(f"{len(reasons)} problems must be fixed before this study can run")

    def text(self) -> str:
        """Every reason as it is printed alone, numbered."""
        numbered = (f"{i}. {each.text()}" for i, each in enumerate(self.reasons, 1))
        return "\n".join([self.message, *numbered])


class UnknownCountError(ConfigError):
    """A number of images that follows from a dataset which could not be read."""


class StalePlanError(DatayieldError):
    """A plan rests on images that are damaged, or changed since: it has to be made again."""


class StoreError(DatayieldError):
    """A run folder is held by another process, was changed by hand, or cannot be written."""


class DamagedFileError(StoreError):
    """A file is not what its name says: truncated, changed, of another run. Its work is redone."""


class BusyError(StoreError):
    """Another live process works on this run; its results will be in the store."""

    exit_code = 3


class UnexpectedError(DatayieldError):
    """A bug, or an error of a library, that ended one task; its traceback is in the store."""


class TrainingError(DatayieldError):
    """Pretraining cannot continue: a non-finite loss, or the device is out of memory."""


class FailedRunsError(DatayieldError):
    """Some runs of a study failed; the others are finished."""


class DivergedError(TrainingError):
    """The loss is no longer finite."""


class TrackingError(DatayieldError):
    """A tracker did not accept what was sent to it; runs and results are unaffected."""


class InterruptedRunError(DatayieldError):
    """Stopped on request after saving; the same command resumes."""

    exit_code = 3


def refused(reasons: Sequence[DatayieldError]) -> DatayieldError:
    """One error for `reasons`, of which there is at least one; each text is stated once."""
    distinct = list({reason.text(): reason for reason in reasons}.values())
    return distinct[0] if len(distinct) == 1 else RefusedError(distinct)


def _written(value: object) -> str:
    """A value as YAML has it, where that is not how Python prints it."""
    if isinstance(value, bool | dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def nearest(name: str, allowed: Iterable[str]) -> str:
    """The allowed name closest to `name`, or the only one that begins so; else an empty string."""
    names = list(allowed)
    matches = get_close_matches(name, names, n=1, cutoff=0.6)
    longer = [each for each in names if len(name) > 2 and each.startswith(name)]
    matches = matches or (longer if len(longer) == 1 else [])
    return matches[0] if matches and matches[0] != name else ""
