"""The record of one image: where it is from, what became of it, and what that cost."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from datayield.collect.fates import FATES, Fate


@dataclass(frozen=True)
class ImageRecord:
    """One image that was to be collected; None for what does not apply or is not known.

    `key` names the request, so that it is not made twice. `file` is relative to the collection.
    """

    key: str
    fate: Fate
    file: str | None = None
    label: str | None = None  # its class
    source: str | None = None  # a site or a provider; the model of a synthetic image
    license: str | None = None
    url: str | None = None  # as asked for
    final_url: str | None = None  # after redirects, where it differs
    prompt: str | None = None
    negative_prompt: str | None = None
    caption: str | None = None
    model: str | None = None
    seed: int | None = None
    guidance: float | None = None
    steps: int | None = None
    sha256: str | None = None  # of the bytes as received
    pixels_sha256: str | None = None  # of width, height and the upright RGB pixels as received
    original_width: int | None = None
    original_height: int | None = None
    width: int | None = None  # of the file that is kept
    height: int | None = None
    bytes: int = 0  # received, in all attempts
    seconds: float = 0.0  # spent on it, in all attempts
    time: float = 0.0  # seconds since 1970 when this was known
    detail: str | None = None  # more about the fate
    least_bytes: int | None = None  # that its file has, where it was larger than was allowed
    agent: str | None = None  # the name that was told to a server that refused

    @property
    def kept(self) -> bool:
        """Whether its file belongs to the dataset."""
        return self.fate == "kept"

    def line(self) -> dict[str, Any]:
        """What is known of it, ready for JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}


_FIELDS = frozenset(field.name for field in fields(ImageRecord))


def record_of(line: object) -> ImageRecord | None:
    """The record that `line` gave; None for anything else."""
    if not isinstance(line, dict) or not {"key", "fate"} <= line.keys() <= _FIELDS:
        return None
    return ImageRecord(**line) if line["fate"] in FATES else None
