"""The base class of all declarations: frozen, complete, no unknown keys."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A declared value: immutable, hashable, unknown keys and loose types refused."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=True, defer_build=True
    )
