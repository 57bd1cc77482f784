"""The base class of all declarations: frozen, complete, no unknown keys."""

from functools import cached_property
from typing import Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict

from datayield.spec.identity import by_content, canonical


def unset_if(usual: Any) -> BeforeValidator:
    """An option added later: stating its usual value is the same as not stating it (None).

    Unset options are not part of an id, so what was done before the option existed keeps its id.
    """

    def unset(value: Any) -> Any:
        return None if type(value) is type(usual) and value == usual else value

    return BeforeValidator(unset)


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
