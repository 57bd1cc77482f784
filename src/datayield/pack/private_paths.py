"""Absolute paths of data and weights, of which a pack tells only the last part."""

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import EvalSpec

_HIDDEN = re.compile(r"/private/\d+/[^/]+")


class PrivatePaths:
    """What stands in a pack for each absolute path that was met so far, in the order of meeting.

    It is an absolute path too, with the same last part, so that tables name it as they did.
    """

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}

    def hidden(self, value: Any) -> Any:
        """`value` (JSON), with each text that is an absolute path replaced."""
        if isinstance(value, dict):
            return {key: self.hidden(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.hidden(each) for each in value]
        if not isinstance(value, str) or not PurePath(value).is_absolute():
            return value
        if value not in self._shown:
            self._shown[value] = self._of_pack(value) or self._numbered(PurePath(value).name)
        return self._shown[value]

    def _numbered(self, name: str) -> str:
        return f"/private/{len(set(self._shown.values()))}/{name}"

    def _of_pack(self, value: str) -> str:
        """Of a record that came from a pack, what stands for a path with the same last part."""
        if not _HIDDEN.fullmatch(value):
            return ""
        name = PurePath(value).name
        return next((each for each in self._shown.values() if PurePath(each).name == name), "")

    def hidden_in(self, text: str) -> str:
        """A sentence, with the last part of each such path instead of it."""
        for path in sorted(self._shown, key=len, reverse=True):
            text = text.replace(path, PurePath(path).name)
        return text


def check_identities(evaluations: Iterable[EvalSpec]) -> None:
    """Raises ConfigError where the path of a set is part of an id, so that none can replace it."""
    for ev in evaluations:
        if ev.content is None and PurePath(ev.dataset).is_absolute():
            raise ConfigError(
                "these images are known by their path alone, which a pack would have to show",
                where=f"evaluations ({ev.name}): dataset",
                got=PurePath(ev.dataset).name,
                hint="bring the images back if they have moved; name a set that is too large to "
                "be read first by a folder of DATAYIELD_DATA",
            )
