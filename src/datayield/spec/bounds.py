"""Names that are safe as files and labels, seeds, counts and sizes: the types of a study's values.

Limits are far above what is useful, and low enough that nothing overflows or fills a memory.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

LONGEST_NAME = 80
_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def wrong_label(name: str) -> str:
    """What is wrong with what tables call a run; empty if nothing is."""
    if not name.strip():
        return "a name must not be empty"
    if len(name) > LONGEST_NAME:
        return f"a name has at most {LONGEST_NAME} characters, not {len(name)}"
    if name != name.strip() or _CONTROL.search(name):
        return "a name has no spaces at its ends and no control characters"
    return ""


def wrong_name(name: str) -> str:
    """What is wrong with the name of an evaluation or of a group of them; empty if nothing is."""
    if problem := wrong_label(name):
        return problem
    if name.startswith((".", "/")) or "\\" in name or ".." in name.split("/"):
        return "a name must not look like a path: it begins with a dot or slash, or has .. or \\"
    return ""


def wrong_folder(name: str) -> str:
    """What is wrong with a name that becomes a folder; empty if nothing is."""
    if len(name) > LONGEST_NAME or not _FOLDER.fullmatch(name):
        return (
            "the name of a folder: letters, digits, - and _ (single dots inside), "
            f"at most {LONGEST_NAME} characters"
        )
    return ""


def _name(value: str) -> str:
    if value and (problem := wrong_name(value)):
        raise ValueError(problem)
    return value


def _folder(value: str) -> str:
    if value and (problem := wrong_folder(value)):
        raise ValueError(problem)
    return value


def _dataset(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("the name of a dataset has no control characters")
    if any(len(part.encode()) > 255 for part in value.split("/")):
        raise ValueError("a part of this path is longer than the 255 bytes that file systems allow")
    return value


OptionalName = Annotated[str, AfterValidator(_name)]
Name = Annotated[str, Field(min_length=1), AfterValidator(_name)]
OptionalFolderName = Annotated[str, AfterValidator(_folder)]
DatasetName = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_dataset)]
SplitName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_dataset)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what every random generator in use takes
Count = Annotated[int, Field(ge=1, le=10**10)]  # of images: the largest public sets have 6e9
Side = Annotated[int, Field(ge=8, le=1024)]  # of an image, in pixels
Width = Annotated[int, Field(ge=2, le=65_536)]  # of a layer
