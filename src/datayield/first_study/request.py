"""What somebody asks for: images, labels, minutes, a device, the file of the study."""

import re
import time
from pathlib import Path
from typing import NamedTuple

from datayield.spec.bounds import LONGEST_NAME
from datayield.spec.named_paths import without_dots


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


def study_name(dataset: str) -> str:
    """A name for the study of a dataset: that of its folder, as far as a study's name may be."""
    words = re.sub(r"[^a-z0-9]+", "_", Path(without_dots(dataset)).name.lower()).strip("_")
    return words[:LONGEST_NAME].strip("_") or "photos"
