"""The base class of all declarations: frozen, complete, no unknown keys."""

from functools import cached_property
from typing import Self

from pydantic import BaseModel, ConfigDict

from datayield.spec.identity import by_content, canonical


class Frozen(BaseModel):
    """A declared value: immutable, hashable, unknown keys and loose types refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, defer_build=True
    )

    def __copy__(self) -> Self:
        """A copy that may get other fields: what was derived from these is left behind."""
        copy = super().__copy__()
        for name in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[name]
        return copy

    @cached_property
    def content_text(self) -> str:
        """Canonical JSON of what identifies it: no unset options, data known by their content."""
        return canonical(by_content(self.model_dump(mode="json", exclude_none=True)))
