"""What somebody asks for: images, labels, minutes, a device, the file of the study."""

import time
from pathlib import Path
from typing import NamedTuple


class Request(NamedTuple):
    """What somebody asks for: a dataset of images, one of labels, minutes, a device, a file.

    `began`: the monotonic time from which the minutes count; None: from the start of the run.
    """

    images: str
    labels: str | None
    minutes: float
    device: str
    path: Path
    began: float | None = None

    @property
    def seconds(self) -> float:
        """What is left of the minutes."""
        spent = 0.0 if self.began is None else time.monotonic() - self.began
        return 60 * self.minutes - spent
