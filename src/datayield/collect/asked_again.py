"""Which of the images that were tried before are asked for again, by the options of now."""

from typing import NamedTuple

from datayield.collect.fates import BY_AGENT, TEMPORARY
from datayield.collect.record import ImageRecord


class AskedAgain(NamedTuple):
    """What may succeed now: what failed for a passing reason, and what another option refused.

    `max_bytes`: the largest file that is taken; `agent`: the name that servers are told.
    """

    retry: bool = False
    allow_private: bool = False
    max_bytes: int = 0
    agent: str | None = None

    def asks(self, record: ImageRecord) -> bool:
        """Whether an image is asked for again."""
        if record.fate == "private address":
            return self.allow_private
        if record.fate == "too large":
            return record.least_bytes is not None and record.least_bytes <= self.max_bytes
        if record.fate in BY_AGENT:
            return record.agent is not None and self.agent not in (None, record.agent)
        return self.retry and record.fate in TEMPORARY


NOTHING = AskedAgain()
