"""Durations in epochs, `{epochs: 10}`, instead of the fraction of the budget that is stored."""

from collections.abc import Callable
from typing import Any

from datayield.spec.errors import ConfigError

# All options that are fractions of the budget.
DURATIONS = (
    "optim.warmup",
    "optim.milestones",
    "method.temperature_warmup",
    "method.freeze",
    "method.queue_from",
)
_HOLD = (dict, list, tuple)
WHOLE = (("budget",), ("optim", "trunk"), ("init",))  # an earlier run is already resolved


def converted(raw: Any, to_share: Callable[[Any, str], float]) -> Any:
    """A copy of a run's mapping, with each `{epochs: E}` replaced by `to_share(E, dotted key)`.

    Budgets and `init` are unchanged. Raises ConfigError if a key is not a duration.
    """

    def at(value: Any, path: tuple[str, ...]) -> Any:
        if path in WHOLE or not isinstance(value, _HOLD):
            return value
        if not isinstance(value, dict):
            return [below(item, path, i) for i, item in enumerate(value)]
        key = ".".join(path)
        meant = ".".join(path[:2]) in DURATIONS
        if set(value) == {"epochs"} and meant:
            return to_share(value["epochs"], key)
        if "epochs" in value or meant:
            raise ConfigError(
                "a duration is a share of the budget, or {epochs: NUMBER}"
                if meant
                else "only durations may be given in epochs",
                where=key,
                got=value,
                allowed="" if meant else f"budget, {', '.join(DURATIONS)}",
            )
        return {k: below(v, path, k) for k, v in value.items()}

    def below(value: Any, path: tuple[str, ...], key: Any) -> Any:
        return at(value, (*path, str(key))) if isinstance(value, _HOLD) else value

    return at(raw, ())


def in_epochs(raw: Any) -> dict[str, Any]:
    """The durations of a run that are written in epochs: dotted key -> epochs."""
    durations: dict[str, Any] = {}

    def note(epochs: Any, key: str) -> float:
        durations[key] = epochs
        return 0.0

    converted(raw, note)
    return durations
