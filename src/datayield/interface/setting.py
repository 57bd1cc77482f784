"""Where to ask, and at what prices: numbers by name, checked."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from datayield.spec.errors import ConfigError
from datayield.spec.study import Prices

if TYPE_CHECKING:
    from datayield.analysis.evidence import Setting

AT = {"images": "images", "presented": "presented", "compute": "presented", "labels": "labels",
      "views": "views", "epochs": "epochs"}  # fmt: skip
PRICES = ("image", "hour", "label", "currency")


def setting_of(at: Mapping[str, float], where: str = "at") -> "Setting | None":
    """The point of these numbers; None where there are none. Raises ConfigError about `where`."""
    from datayield.analysis.evidence import Setting

    said: dict[str, float] = {}
    for key, value in at.items():
        _check_key(key, where, AT)
        whole = key not in ("presented", "compute", "epochs")
        said[AT[key]] = _checked(value, f"{where} {key}", 1.0, whole=whole)
    if not said:
        return None
    epochs, images = said.pop("epochs", None), said.get("images")
    if epochs is not None:
        if images is None or "presented" in said:
            raise ConfigError(
                "epochs need images, and exclude presented",
                where=where,
                got=",".join(f"{key}={value:g}" for key, value in at.items()),
                hint="name images and epochs, such as images=10000 and epochs=100",
            )
        said["presented"] = epochs * images
    labels, views = said.get("labels"), said.get("views")
    return Setting(
        None if images is None else int(images),
        said.get("presented"),
        None if labels is None else int(labels),
        None if views is None else int(views),
    )


def prices_of(prices: Mapping[str, Any]) -> Prices:
    """The prices of these keys. Raises ConfigError."""
    made: dict[str, Any] = {}
    for key, value in prices.items():
        _check_key(key, "prices", PRICES)
        made[key] = str(value) if key == "currency" else _checked(value, f"prices {key}", 0.0)
    return Prices(**made)


def spend_of(spend: float) -> float:
    """A sum of money. Raises ConfigError for what is none."""
    return _checked(spend, "spend", 0.0)


def _check_key(key: str, where: str, allowed: Mapping[str, str] | tuple[str, ...]) -> None:
    if key not in allowed:
        raise ConfigError("unknown key", where=where, got=key, allowed=[*allowed])


def _checked(value: Any, where: str, least: float, *, whole: bool = False) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not least <= number < float("inf"):  # nan is neither
        raise ConfigError(
            "invalid number",
            where=where,
            got=value,
            allowed=f"{least:g} or more",
        )
    if whole and number != int(number):
        raise ConfigError("a whole number is needed", where=where, got=value)
    return number
