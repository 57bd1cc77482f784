"""The design of a first study: what fits the images, the labels, the machine and the minutes.

Pure functions: the images were counted and the machine timed before.
"""

from datayield.propose.grid import REPORT_SECONDS, Shortfall, StudyGrid
from datayield.propose.proposal import Proposal, proposed, trial
from datayield.propose.setups import SETUPS, Setup, SetupTiming
from datayield.propose.situation import (
    LabelledData,
    PublishedFile,
    Situation,
    UnlabelledData,
    shown_name,
)
from datayield.propose.study_text import study_text

__all__ = [
    "REPORT_SECONDS",
    "SETUPS",
    "LabelledData",
    "Proposal",
    "PublishedFile",
    "Setup",
    "SetupTiming",
    "Shortfall",
    "Situation",
    "StudyGrid",
    "UnlabelledData",
    "proposed",
    "shown_name",
    "study_text",
    "trial",
]
