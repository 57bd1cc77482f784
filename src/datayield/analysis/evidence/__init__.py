"""Scores and what was spent on them, from a study or from anyone's table, in one form."""

from datayield.analysis.evidence.observations import (
    Evidence,
    Observation,
    PretrainedBy,
    Setting,
    World,
)

__all__ = ["Evidence", "Observation", "PretrainedBy", "Setting", "World"]
